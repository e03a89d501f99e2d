#include <algorithm>
#include <set>

#include "owner_remarks.hpp"
#include "readiness.hpp"
#include "rrset_plan.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update {
namespace {

class Rollover {
 public:
  Rollover(const Ledger& ledger, const Policy& policy, Time now)
      : ledger_(ledger), policy_(policy), now_(now) {}

  void add_owner(const OwnerFacts& facts) {
    const Situation situation{facts, memory_of(ledger_, facts.owner()), policy_, now_};
    const auto verdicts = policy_.unpublish ? choose_unpublishing(situation) : choose_removals(situation);
    const auto removed = policy_.removes ? removed_by(verdicts) : TlsaRecords{};
    const auto additions = additions_to(situation, without(facts.published(), removed));
    const auto reliance_of = [&](const TlsaRecord& record) {
      return situation.reliance_for_deployment(record);
    };
    append(plan_, facts, plan_of(situation, additions, verdicts, reliance_of));
    add_readiness(situation, additions);
    remark(plan_, facts, additions, policy_, now_);
    if (policy_.unpublish) remark_refused_unpublishing(plan_, plan_.zones.back().rrsets.back(), situation);
  }

  // A name of which nothing could be read may not be deployed for, and shows up all the same.
  void add_unread(const std::vector<Desired>& desired) {
    std::set<Name> read;
    for (const auto& verdict : plan_.readiness) read.insert(verdict.asked);
    for (const auto& wish : desired) {
      if (read.contains(wish.asked)) continue;
      Blocker blocker;
      blocker.reason = Reason::unread;
      if (!wish.records.empty()) blocker.record = wish.records.front().record;
      plan_.readiness.push_back({wish.asked, false, std::nullopt, {blocker}});
    }
  }

  Plan finish() {
    std::ranges::stable_sort(plan_.readiness, {}, &Readiness::asked);
    merge_same_names();
    for (const auto& verdict : plan_.readiness) {
      if (!verdict.ready) note_due(plan_, verdict.ready_at);
    }
    return std::move(plan_);
  }

 private:
  Additions additions_to(const Situation& situation, const TlsaRecords& stays) const {
    if (policy_.unpublish) return {};
    auto additions = choose_additions(situation, stays);
    std::ranges::move(transitional(situation, stays), std::back_inserter(additions.records));
    return additions;
  }

  void add_readiness(const Situation& situation, const Additions& additions) {
    Readiness verdict;
    verdict.blockers = blockers(situation, additions);
    if (refusal_of(situation.facts, additions, policy_)) {
      for (auto& blocker : verdict.blockers) blocker.reason = Reason::hazard;
    }
    verdict.ready = verdict.blockers.empty();
    verdict.ready_at = ready_at(situation, verdict.blockers);
    for (const Desired* wish : situation.facts.desired) {
      verdict.asked = wish->asked;
      plan_.readiness.push_back(verdict);
    }
  }

  // The same name asked twice, or read from two primaries: ready when all of it is.
  void merge_same_names() {
    std::vector<Readiness> merged;
    for (auto& verdict : plan_.readiness) {
      if (merged.empty() || merged.back().asked != verdict.asked) {
        merged.push_back(std::move(verdict));
      } else if (merged.back().blockers != verdict.blockers) {
        merged.back().ready = merged.back().ready && verdict.ready;
        merged.back().ready_at = std::max(merged.back().ready_at, verdict.ready_at);
        std::ranges::move(verdict.blockers, std::back_inserter(merged.back().blockers));
      }
    }
    plan_.readiness = std::move(merged);
  }

  const Ledger& ledger_;
  const Policy& policy_;
  Time now_;
  Plan plan_;
};

}  // namespace

Plan plan_rollover(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                   const Ledger& ledger, const std::vector<ServiceEvidence>& evidence, const Policy& policy,
                   Time now) {
  Rollover rollover(ledger, policy, now);
  for (const auto& facts : join(desired, observed, evidence, policy)) rollover.add_owner(facts);
  rollover.add_unread(desired);
  return rollover.finish();
}

}  // namespace tlsa_update
