// prune: delete what is stale and provably safe to delete; nothing is added.

#include "commands.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int prune(const Settings& settings) { return operate(settings, rollover::prune); }

}  // namespace tlsa_update::cli
