// The end of a run: what was found on standard output or the error on the log, and the number for the shell.
#pragma once

#include <algorithm>

#include "log.hpp"
#include "output.hpp"
#include "settings.hpp"
#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::cli {

[[nodiscard]] inline int failure(const Error& error) {
  log_error(error);
  return exit_status(error.code);
}

// Prints, and returns the exit status.
[[nodiscard]] inline int finish(const report::Findings& findings, Format format) {
  Output out;
  out << (format == Format::json ? json_of(findings) : text_of(findings));
  if (const auto printed = out.finish(); !printed) return failure(printed.error());
  return exit_status_of(findings);
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
