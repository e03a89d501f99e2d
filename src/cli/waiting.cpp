#include "waiting.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/rollover/session.hpp"

namespace tlsa_update::cli {
namespace {

constexpr Seconds soonest{1};
constexpr Seconds latest{30};  // servers are looked at again at least this often
constexpr Seconds unknown{5};  // nobody knows when

bool may_end_by_itself(const Error& trouble) {
  return trouble.code == ErrorCode::not_yet || trouble.code == ErrorCode::no_answer;
}

bool is_waiting(const report::Findings& findings) {
  const bool hopeless = std::any_of(findings.troubles.begin(), findings.troubles.end(),
                                    [](const Error& trouble) { return !may_end_by_itself(trouble); });
  if (hopeless) return false;
  return !findings.troubles.empty() || findings.remaining == ErrorCode::not_yet;
}

Seconds pause_of(const report::Findings& findings) {
  // What was just done may be what the rest was waiting for; and what is due is not waited for.
  if (findings.changed || findings.plan.changes()) return soonest;
  if (!findings.plan.next_due) return unknown;
  return std::clamp(std::chrono::duration_cast<Seconds>(*findings.plan.next_due - rollover::wall_clock()),
                    soonest, latest);
}

struct Awaited {
  std::string in_full;   // for the log, with its end where that is known
  std::string in_short;  // for one line of a terminal
};

Awaited awaited(const report::Findings& findings) {
  const auto& due = findings.plan.next_due;
  const auto next_due = due ? ", until " + rfc3339(*due) : std::string{};
  if (findings.blockers && !findings.blockers->empty()) {
    const auto& wait = findings.blockers->front();
    const auto name = wait.owner.text() + ": ";
    return {name + detail(wait) + (wait.ready_at ? std::string{} : next_due),
            name + std::string(text(wait.reason))};
  }
  const auto trouble = findings.troubles.empty() ? "waiting" : findings.troubles.front().text();
  return {trouble + next_due, trouble};
}

// A line that is wider would not be overwritten by the next.
std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// One line that is overwritten every second; wiped when the wait is over.
bool count_down(const deployment::EndSignals& signals, const std::string& what,
                const report::Findings& findings, Seconds pause) {
  bool ended = false;
  for (Seconds left = pause; left.count() > 0 && !ended; --left) {
    const auto due =
        findings.plan.next_due ? *findings.plan.next_due - rollover::wall_clock() : Seconds(left);
    const auto time =
        " (" + human_duration(std::max(Seconds(0), std::chrono::duration_cast<Seconds>(due))) + ")";
    const auto room = terminal_width() - std::min(terminal_width(), time.size() + 1);
    std::fprintf(stderr, "\r\x1b[K%s%s", printable(what, room - std::min(room, std::size_t{3})).c_str(),
                 time.c_str());
    ended = signals.came_within(Seconds(1));
  }
  std::fputs("\r\x1b[K", stderr);
  return ended;
}

}  // namespace

report::Findings wait_until_done(report::Findings first, const std::function<report::Findings()>& pass) {
  const deployment::EndSignals signals;
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  std::string said;
  auto findings = std::move(first);
  while (is_waiting(findings)) {
    const auto what = awaited(findings);
    const auto pause = pause_of(findings);
    if (!on_terminal && what.in_full != said) {
      log_info("waiting: " + what.in_full);
      said = what.in_full;
    }
    const bool ended =
        on_terminal ? count_down(signals, what.in_short, findings, pause) : signals.came_within(pause);
    if (ended) break;
    findings = pass();
  }
  return findings;
}

}  // namespace tlsa_update::cli
