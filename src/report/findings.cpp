#include "tlsa_update/report/findings.hpp"

#include <algorithm>

#include "tlsa_update/core/server_fault.hpp"

namespace tlsa_update::report {

const ZoneView* view_of(const Findings& findings, const ZonePlan& plan) {
  const auto view = std::ranges::find_if(findings.zones, [&](const ZoneView& zone) {
    return zone.apex == plan.zone && zone.server == plan.server;
  });
  return view == findings.zones.end() ? nullptr : &*view;
}

std::string_view state_text(const Findings& findings, RecordState state) {
  return state == RecordState::foreign && !findings.has_ledger ? "unknown" : text(state);
}

int exit_status_of(const Findings& findings) {
  auto worst = findings.remaining;
  const auto count = [&](ErrorCode code) { worst = worst ? more_severe(*worst, code) : code; };
  for (const auto& trouble : findings.troubles) count(trouble.code);
  if (findings.diagnosis) {
    for (const auto& check : findings.diagnosis->checks) {
      if (!check.ok) count(check.code);
    }
  }
  return worst ? exit_status(*worst) : 0;
}

void conclude_pass(Findings& findings, Goal goal) {
  auto blockers = waits(findings.plan, goal);
  // What ready and deploy do not do themselves, they do not wait for beyond what readiness says.
  if (goal != Goal::deployment) {
    for (auto& wait : due_changes(findings.plan)) blockers.push_back(std::move(wait));
  }
  findings.remaining = outcome_of(blockers);
  findings.blockers = std::move(blockers);
}

void conclude_look(Findings& findings, Goal goal) {
  findings.blockers = waits(findings.plan, goal);
  findings.remaining = outcome_of(*findings.blockers);
  const bool is_refused = findings.remaining == ErrorCode::unsafe;
  if (!is_refused && goal != Goal::deployment && findings.plan.changes())
    findings.remaining = ErrorCode::differences;
}

namespace {

bool is_all_sound(const Findings& findings) {
  return std::ranges::all_of(findings.zones, [](const ZoneView& zone) {
    return std::ranges::all_of(faults_of(zone), &std::vector<ServerFault>::empty);
  });
}

}  // namespace

void conclude_status(Findings& findings) {
  forget_replacements(findings.plan);
  conclude_look(findings, Goal::all);
  const bool is_different = has_difference(findings.plan) || !is_all_seen(findings);
  if (is_different && findings.remaining != ErrorCode::unsafe) findings.remaining = ErrorCode::differences;
  // While a change spreads, a server that has not got it yet is what is waited for.
  if (!findings.remaining && !is_all_sound(findings)) findings.remaining = ErrorCode::differences;
}

bool is_all_seen(const Findings& findings) {
  const auto is_read = [](const ZoneView& zone) {
    return std::ranges::all_of(zone.servers, &ServerView::reachable);
  };
  return std::ranges::all_of(findings.zones, is_read) &&
         (!findings.evidence || std::ranges::all_of(*findings.evidence, &ServiceEvidence::complete));
}

}  // namespace tlsa_update::report
