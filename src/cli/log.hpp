// The log on standard error, by spdlog: one line a message, priorities for journald under systemd; to
// syslog(3) where standard error is closed. Results never go here, and nothing that is logged may reach a
// terminal raw.
#pragma once

#include <string>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::cli {

// First of all: a descriptor from 0 to 2 that is closed would become the next file that is opened, and the
// log would go into it.
void claim_standard_descriptors();

// `verbosity` 0: what an administrator should know; 1 and more: also each connection, repeated attempt and
// change. Quiet: errors only.
void start_log(int verbosity, bool quiet);

void log_debug(const std::string& message);
void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);
void log_error(const Error& error);

}  // namespace tlsa_update::cli
