#include "tlsa_update/report/findings.hpp"

#include <algorithm>

namespace tlsa_update::report {

const ZoneView* view_of(const Findings& findings, const ZonePlan& plan) {
  const auto view = std::ranges::find_if(findings.zones, [&](const ZoneView& zone) {
    return zone.apex == plan.zone && zone.server == plan.server;
  });
  return view == findings.zones.end() ? nullptr : &*view;
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

std::optional<ErrorCode> unready_in(const Plan& plan) {
  const auto& all = plan.readiness;
  const bool every =
      std::all_of(all.begin(), all.end(), [](const Readiness& readiness) { return readiness.ready; });
  return every ? std::nullopt : std::optional(ErrorCode::not_yet);
}

namespace {

template <class Claim>
std::optional<ErrorCode> not_yet_if_any(const Plan& plan, const Claim& claim) {
  if (plan.changes()) return ErrorCode::not_yet;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      if (std::ranges::any_of(rrset.steps, claim)) return ErrorCode::not_yet;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ErrorCode> held_back_in(const Plan& plan) {
  return not_yet_if_any(plan, [](const Step& step) {
    return step.action == Action::wait && step.state == RecordState::missing;
  });
}

std::optional<ErrorCode> lingering_in(const Plan& plan) {
  return not_yet_if_any(plan, [](const Step& step) {
    if (step.action != Action::wait) return false;
    return step.state == RecordState::stale || step.reason == Reason::replacement_not_ready ||
           step.reason == Reason::unread;
  });
}

std::optional<ErrorCode> waiting_in(const Plan& plan) {
  const auto waiting = not_yet_if_any(plan, [](const Step& step) { return step.action == Action::wait; });
  return waiting ? waiting : unready_in(plan);
}

void forget_wait(Step& step) {
  step.action = Action::none;
  step.reason = Reason::seen;
  step.ready_at.reset();
}

}  // namespace tlsa_update::report
