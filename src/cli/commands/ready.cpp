// ready: may the given credentials be deployed? Starts and watches the clock, changes nothing in DNS.

#include "commands.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int ready(const Settings& settings) { return operate(settings, rollover::ready); }

}  // namespace tlsa_update::cli
