#include "health_report.hpp"

#include <algorithm>

#include "failure.hpp"
#include "tlsa_update/report/health.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::cli {
namespace {

int print_line(const report::Health& health) {
  Output out;
  out << report::monitor_line(health);
  const auto done = out.finish();
  return done ? static_cast<int>(health.level()) : report_blindness(done.error(), true);
}

void log_remark(const report::HealthRemark& remark) {
  const auto advice = report::advice_on(remark.matter);
  const auto text = remark.text + (advice.empty() ? "" : "; " + std::string(advice));
  const bool is_grave = remark.level == report::Level::critical || remark.level == report::Level::unknown;
  is_grave ? log_error(text) : log_warning(text);
}

int print_all(const report::Findings& found, const report::Health& health, const Settings& settings) {
  for (const auto& remark : health.remarks) log_remark(remark);
  const int judged = exit_status_of(health);
  Output out;
  if (settings.format == Format::json)
    out << json_of(found);
  else if (!settings.quiet || judged != 0)
    out << text_of(found);
  if (const auto done = out.finish(); !done) return failure(done.error());
  // What could not be looked at has a status of its own: 66 for a file, 64 for a NAME.
  const int why = exit_status_of(found);
  return health.level() == report::Level::unknown && why != 0 ? why : judged;
}

}  // namespace

int report_health(report::Findings found, const Settings& settings) {
  const report::Alarms alarms{settings.warn_days, settings.critical_days,
                              settings.has_witness || !settings.trust_anchor.empty()};
  const auto now = rollover::wall_clock();
  const auto health = report::judge_health(found, alarms, now);
  found.remarks = health.remarks;
  if (!settings.metrics.empty()) {
    // The collector never reads half a file.
    const auto text = report::metrics_text(found, health, now);
    if (const auto done = state::replace_file(settings.metrics, as_bytes(text), 0644); !done)
      return report_blindness(done.error(), settings.monitor);
  }
  return settings.monitor ? print_line(health) : print_all(found, health, settings);
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
