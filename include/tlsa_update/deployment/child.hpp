// Runs the administrator's reload command: without a shell where the text needs none, under a deadline, with
// its output reported as events.
#pragma once

#include <chrono>
#include <string>

#include "tlsa_update/core/events.hpp"

namespace tlsa_update::deployment {

// Error unsafe: it could not be started, ended with another status than 0, or did not end in time (it is then
// left alone, with all that it started).
[[nodiscard]] Result<void> run_command(const std::string& command, std::chrono::seconds timeout,
                                       Events& events);

}  // namespace tlsa_update::deployment
