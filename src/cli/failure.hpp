// The end of a run that failed: the error on the log, its number for the shell.
#pragma once

#include <algorithm>

#include "log.hpp"
#include "output.hpp"

namespace tlsa_update::cli {

[[nodiscard]] inline int failure(const Error& error) {
  log_error(error);
  return exit_status(error.code);
}

// The same for verify --monitor: a monitoring plugin answers in one line whatever happens, and with 3
// (UNKNOWN) where it could not look.
[[nodiscard]] inline int monitored_failure(const Error& error) {
  constexpr int unknown = 3;
  std::string line = "TLSA UNKNOWN - " + error.text() + "\n";
  std::replace(line.begin(), line.end(), '|', '/');  // what follows a bar is perfdata
  Output out;
  out << line;
  if (const auto done = out.finish(); !done) log_error(done.error());
  return unknown;
}

}  // namespace tlsa_update::cli
