// verify: every endpoint's chain against the published records and DNSSEC; --monitor and --metrics for those
// who watch.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

#include "commands.hpp"
#include "failure.hpp"
#include "terminal.hpp"
#include "tlsa_update/report/health.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/rollover/rollover.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update::cli {
namespace {

// Written beside and renamed: the collector never reads half a file.
Result<void> write_metrics(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  (void)std::remove(beside.c_str());
  const state::Descriptor file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file.is_open()) return fail(ErrorCode::unreadable, std::strerror(errno), beside);
  const auto written = state::write_open_file(file.value(), beside, as_bytes(text));
  if (!written) {
    (void)std::remove(beside.c_str());
    return written;
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0)
    return fail(ErrorCode::unreadable, std::strerror(errno), path);
  return {};
}

int exit_status_of(const report::Health& health) {
  switch (health.level()) {
    case report::Level::ok:
      return 0;
    case report::Level::warning:
      return exit_status(ErrorCode::differences);
    case report::Level::critical:
      return exit_status(ErrorCode::unsafe);
    case report::Level::unknown:
      return exit_status(ErrorCode::no_answer);
  }
  return exit_status(ErrorCode::internal);
}

// Without a credential nothing replaces what is published: verify looks, and plans nothing.
void forget_waits(Plan& plan) {
  for (auto& zone : plan.zones) {
    for (auto& rrset : zone.rrsets) {
      for (auto& step : rrset.steps) {
        if (step.reason == Reason::replacement_not_ready || step.reason == Reason::unread)
          report::forget_wait(step);
      }
    }
  }
}

}  // namespace

int verify(const Settings& settings) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  rollover::NetworkWorld world(session);
  state::StateDirectory ledger(settings.state_directory, terminal);
  auto outcome = rollover::verify(world, ledger, settings, terminal);
  if (!outcome) return settings.monitor ? monitored_failure(outcome.error()) : failure(outcome.error());
  auto& found = *outcome;
  forget_waits(found.plan);
  const report::Alarms alarms{settings.warn_days, settings.critical_days,
                              !settings.resolvers.empty() || !settings.trust_anchor.empty()};
  const auto health = report::judge_health(found, alarms, rollover::wall_clock());
  if (!settings.metrics.empty()) {
    if (const auto done =
            write_metrics(settings.metrics, report::metrics_text(found, rollover::wall_clock()));
        !done)
      return settings.monitor ? monitored_failure(done.error()) : failure(done.error());
  }
  if (settings.monitor) {
    Output out;
    out << report::monitor_line(health, alarms);
    const auto done = out.finish();
    return done ? static_cast<int>(health.level()) : monitored_failure(done.error());
  }
  for (const auto& remark : health.remarks) {
    remark.level == report::Level::critical ? log_error(remark.text) : log_warning(remark.text);
  }
  const int printed = finish(found, settings.format);
  const int judged = exit_status_of(health);
  return printed != 0 && judged != exit_status(ErrorCode::unsafe) ? printed : judged;
}

}  // namespace tlsa_update::cli
