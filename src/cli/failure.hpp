// The end of a run: what was found on standard output or the error on the log, and the number for the shell.
#pragma once

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

}  // namespace tlsa_update::cli
