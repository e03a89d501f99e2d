// publish: add what is missing, delete nothing (invariant I1).

#include "commands.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int publish(const Settings& settings) { return operate(settings, rollover::publish); }

}  // namespace tlsa_update::cli
