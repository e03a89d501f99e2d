// The frame of the commands that drive a rollover: once, or with --wait until nothing is left to wait for.
// Every round reads the credentials anew, because a renewal may come while we wait.
#pragma once

#include "settings.hpp"
#include "tlsa_update/rollover/rollover.hpp"

namespace tlsa_update::cli {

using Operation = rollover::Outcome (*)(rollover::World&, LedgerStore&, const rollover::Request&, Events&);

// One look at the world, of a command that changes nothing.
[[nodiscard]] rollover::Outcome look(const Settings& settings, Operation operation);

// Prints the last round's findings; gives the exit status.
[[nodiscard]] int operate(const Settings& settings, Operation operation);

}  // namespace tlsa_update::cli
