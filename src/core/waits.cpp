#include "tlsa_update/core/waits.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace tlsa_update {
namespace {

bool is_about(Goal goal, const Step& step) {
  if (step.action != Action::wait) return false;
  switch (goal) {
    case Goal::addition:
      return step.state == RecordState::missing;
    case Goal::deployment:
      return false;  // readiness says it all
    case Goal::deletion:
      return step.state == RecordState::stale || step.reason == Reason::replacement_not_ready ||
             step.reason == Reason::unread;
    case Goal::all:
      break;
  }
  return true;
}

Wait wait_of(const Name& owner, const Step& step) {
  const bool is_deletion = step.credential.empty() && step.state != RecordState::missing;
  return {owner,       step.record,   step.credential,
          is_deletion, step.reason,   step.ends.value_or(usual_end(step.reason)),
          step.places, step.ready_at, {}};
}

Wait wait_of(const Name& owner, const Blocker& blocker) {
  return {owner,          blocker.record,   blocker.credential,
          false,          blocker.reason,   blocker.ends.value_or(usual_end(blocker.reason)),
          blocker.places, blocker.ready_at, blocker.why};
}

class Waits {
 public:
  void add(Wait wait) {
    if (known_.emplace(wait.owner, wait.record, wait.reason).second) all_.push_back(std::move(wait));
  }
  std::vector<Wait> take() { return std::move(all_); }

 private:
  std::set<std::tuple<Name, TlsaRecord, Reason>> known_;
  std::vector<Wait> all_;
};

// Names that lead to one owner by CNAME wait for the same.
std::map<Name, Name> owners_of(const Plan& plan) {
  std::map<Name, Name> owners;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      owners.emplace(rrset.asked, rrset.owner);
      for (const auto& asked : rrset.also_asked) owners.emplace(asked, rrset.owner);
    }
  }
  return owners;
}

void add_blockers(const Plan& plan, Waits& found) {
  const auto owners = owners_of(plan);
  for (const auto& readiness : plan.readiness) {
    const auto owner = owners.find(readiness.asked);
    for (const auto& blocker : readiness.blockers)
      found.add(wait_of(owner == owners.end() ? readiness.asked : owner->second, blocker));
  }
}

}  // namespace

std::vector<Wait> waits(const Plan& plan, Goal goal) {
  Waits found;
  if (goal == Goal::deployment || goal == Goal::all) add_blockers(plan, found);
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      for (const auto& step : rrset.steps) {
        if (is_about(goal, step)) found.add(wait_of(rrset.owner, step));
      }
    }
  }
  return found.take();
}

std::vector<Wait> due_changes(const Plan& plan) {
  Waits found;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      for (const auto& step : rrset.steps) {
        const bool is_change = step.action == Action::add || step.action == Action::remove;
        if (is_change || rrset.moves_ttl) found.add(wait_of(rrset.owner, step));
      }
    }
  }
  return found.take();
}

std::optional<ErrorCode> outcome_of(const std::vector<Wait>& waits) {
  if (waits.empty()) return std::nullopt;
  const bool is_left_to_operator = std::ranges::find(waits, Ends::operator_, &Wait::ends) != waits.end();
  return is_left_to_operator ? ErrorCode::unsafe : ErrorCode::not_yet;
}

bool has_difference(const Plan& plan) {
  const auto is_different = [](const Step& step) {
    return step.state == RecordState::missing ||
           (step.state == RecordState::stale && step.reason != Reason::replacement_not_ready);
  };
  return std::ranges::any_of(plan.zones, [&](const ZonePlan& zone) {
    return std::ranges::any_of(zone.rrsets, [&](const RrsetPlan& rrset) {
      return rrset.moves_ttl || std::ranges::any_of(rrset.steps, is_different);
    });
  });
}

namespace {

void forget(Step& step) {
  step.action = Action::none;
  step.reason = Reason::seen;
  step.ready_at.reset();
}

}  // namespace

void forget_replacements(Plan& plan) {
  const auto is_wanted = [](const Step& step) { return !step.credential.empty(); };
  for (auto& zone : plan.zones) {
    for (auto& rrset : zone.rrsets) {
      if (std::ranges::any_of(rrset.steps, is_wanted)) continue;
      for (auto& step : rrset.steps) {
        if (step.reason == Reason::replacement_not_ready) forget(step);
      }
    }
  }
}

void forget_plans(Plan& plan) {
  for (auto& zone : plan.zones) {
    for (auto& rrset : zone.rrsets) {
      for (auto& step : rrset.steps) {
        if (step.reason == Reason::replacement_not_ready || step.reason == Reason::unread) forget(step);
      }
    }
  }
}

}  // namespace tlsa_update
