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

// Prints, and returns the exit status. With --quiet text is for what is not well.
[[nodiscard]] inline int finish(const report::Findings& findings, const Settings& settings) {
  Output out;
  const int status = exit_status_of(findings);
  const bool is_well = status == 0 || status == exit_status(ErrorCode::not_yet);
  if (settings.format == Format::json)
    out << json_of(findings);
  else if (!settings.quiet || !is_well)
    out << text_of(findings);
  if (const auto printed = out.finish(); !printed) return failure(printed.error());
  return status;
}

}  // namespace tlsa_update::cli
