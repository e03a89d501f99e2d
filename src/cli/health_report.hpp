// What verify found, for those who watch: log lines, one line and a number for a monitoring system, a file of
// metrics.
#pragma once

#include "settings.hpp"
#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::cli {

// Both give the exit status: with --monitor that of a monitoring plugin (0 to 3), else that of DESIGN.
[[nodiscard]] int report_health(report::Findings found, const Settings& settings);

// Nothing could be looked at. With --monitor (`is_monitoring`) this is one line and 3 (UNKNOWN), whatever
// happened.
[[nodiscard]] int report_blindness(const Error& error, bool is_monitoring);

}  // namespace tlsa_update::cli
