// run: one pass of all of it - publish, deploy what is ready, prune. Re-entrant: what hooks and timers call.

#include "commands.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int run(const Settings& settings) { return operate(settings, rollover::run); }

}  // namespace tlsa_update::cli
