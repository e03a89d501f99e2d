#include "health_report.hpp"

#include <algorithm>

#include "failure.hpp"
#include "tlsa_update/report/health.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::cli {
namespace {

int print_line(const report::Health& health, const report::Alarms& alarms) {
  Output out;
  out << report::monitor_line(health, alarms);
  const auto done = out.finish();
  return done ? static_cast<int>(health.level()) : report_blindness(done.error(), true);
}

}  // namespace

int report_health(const report::Findings& found, const Settings& settings) {
  const report::Alarms alarms{settings.warn_days, settings.critical_days,
                              !settings.resolvers.empty() || !settings.trust_anchor.empty()};
  const auto now = rollover::wall_clock();
  const auto health = report::judge_health(found, alarms, now);
  if (!settings.metrics.empty()) {
    // The collector never reads half a file.
    const auto text = report::metrics_text(found, now);
    if (const auto done = state::replace_file(settings.metrics, as_bytes(text), 0644); !done)
      return report_blindness(done.error(), settings.monitor);
  }
  if (settings.monitor) return print_line(health, alarms);
  for (const auto& remark : health.remarks)
    remark.level == report::Level::critical ? log_error(remark.text) : log_warning(remark.text);
  const int printed = finish(found, settings.format);
  const int judged = exit_status_of(health);
  return printed != 0 && judged != exit_status(ErrorCode::unsafe) ? printed : judged;
}

int report_blindness(const Error& error, bool is_monitoring) {
  if (!is_monitoring) return failure(error);
  std::string line = "TLSA UNKNOWN - " + error.text() + "\n";
  std::ranges::replace(line, '|', '/');  // what follows a bar is perfdata
  Output out;
  out << line;
  if (const auto done = out.finish(); !done) log_error(done.error());
  return static_cast<int>(report::Level::unknown);
}

}  // namespace tlsa_update::cli
