// The end of a run that failed: the error on the log, its number for the shell.
#pragma once

#include "log.hpp"

namespace tlsa_update::cli {

[[nodiscard]] inline int failure(const Error& error) {
  log_error(error);
  return exit_status(error.code);
}

}  // namespace tlsa_update::cli
