// deploy: when every name of a service is ready, install its files and run the reload command.

#include "commands.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int deploy(const Settings& settings) { return operate(settings, rollover::deploy); }

}  // namespace tlsa_update::cli
