#include "rrset_plan.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

bool is_never_answered(Hazard hazard) {
  return hazard == Hazard::below_zone_cut || hazard == Hazard::below_dname;
}

class Steps {
 public:
  Steps(const OwnerFacts& facts, const Policy& policy, const RelianceOf& reliance_of)
      : facts_(facts), policy_(policy), reliance_of_(reliance_of) {}

  void published(const Wanted& want) {
    Step step{want.record,    RecordState::published, Action::none,
              Reason::wanted, want.credential,        std::nullopt};
    if (want.role == Role::next) step.reason = Reason::next_key;
    const auto reliance = reliance_of_ ? reliance_of_(want.record) : Reliance{};
    step.ready_at = reliance.ready_at;
    if (!reliance.is_given()) {
      step.action = Action::wait;
      step.reason = *reliance.waits_for;
      step.places = reliance.places;
    }
    add(std::move(step));
  }

  void missing(const Wanted& want, const Additions& additions) {
    const auto held = additions.held.find(want.record.parameters);
    Step step{want.record,     RecordState::missing, Action::none,
              Reason::missing, want.credential,      std::nullopt};
    if (held != additions.held.end()) {
      step.action = Action::wait;
      step.reason = held->second.reason;
      step.ends = held->second.ends ? held->second.ends : end_of(step.reason);
      if (step.reason == Reason::not_probed) step.places = facts_.live.gaps;
      if (step.reason == Reason::no_tls) step.places = facts_.live.without_tls;
    }
    add(std::move(step));
  }

  void added(const Addition& addition) {
    const Action action = policy_.adds ? Action::add : Action::none;
    add({addition.record, RecordState::missing, action, addition.reason, addition.credential, std::nullopt});
  }

  void judged(const TlsaRecord& record, const Verdict& verdict) {
    const bool is_due = verdict.action == Action::remove && !policy_.removes;
    const auto action = is_due ? Action::wait : verdict.action;
    add({record, verdict.state, action, verdict.reason, {}, verdict.ready_at, verdict.ends, verdict.places});
  }

  // Nothing at all is done here: each step says so.
  void refuse(Hazard hazard) {
    for (auto& [record, step] : steps_) {
      const bool is_missing = step.state == RecordState::missing;
      step.action = Action::none;
      // RFC 2136 section 7.18: what is stored but never answered counts as not published.
      if (is_missing || (is_never_answered(hazard) && facts_.find_wanted(record) != nullptr)) {
        step.state = RecordState::missing;
        step.reason = Reason::hazard;
        step.ready_at.reset();
      }
    }
  }

  std::vector<Step> sorted() {
    std::vector<Step> steps;
    for (auto& [record, step] : steps_) steps.push_back(std::move(step));
    return steps;
  }

 private:
  // Once the service presents what is to be deployed. No deployment of ours is waited for where there is
  // nothing yet, and none follows where the chains cannot be seen.
  [[nodiscard]] Ends end_of(Reason reason) const {
    const bool is_refused =
        is_first(facts_) && (reason == Reason::combination_would_break || reason == Reason::no_tls);
    const bool is_unseen = reason == Reason::not_probed && !facts_.live.can_be_probed;
    return is_refused || is_unseen ? Ends::operator_ : Ends::service;
  }

  void add(Step step) { steps_.insert_or_assign(step.record, std::move(step)); }

  const OwnerFacts& facts_;
  const Policy& policy_;
  const RelianceOf& reliance_of_;
  std::map<TlsaRecord, Step> steps_;
};

// What the operator names. Names that lead to one RRset by CNAME may differ: then the shortest TTL.
std::optional<std::uint32_t> named_ttl(const OwnerFacts& facts, const Policy& policy) {
  std::optional<std::uint32_t> named;
  for (const Desired* wish : facts.desired) {
    if (wish->ttl) named = std::min(named.value_or(*wish->ttl), *wish->ttl);
  }
  return named ? named : policy.ttl;
}

// RFC 2181 section 5.2: one TTL. An RRset keeps its own unless the operator names another. One that the
// server has lowered is asked for again only along with another change: its limit may have gone.
void settle_ttl(RrsetPlan& plan, const Situation& situation) {
  const auto& [facts, memory, policy, now] = situation;
  const auto named = named_ttl(facts, policy);
  if (!plan.observed) {
    plan.ttl = named.value_or(policy.default_ttl);
    return;
  }
  plan.ttl = plan.observed->ttl;
  const bool may_move = policy.adds && !policy.unpublish && !plan.refused;
  if (!may_move || !named || facts.wanted.empty()) return;
  plan.ttl_is_contested = memory.ttl_move && memory.ttl_move->is_given_up && memory.ttl_move->to == *named;
  if (plan.ttl_is_contested) return;
  plan.ttl_is_limited = memory.ttl_limit == TtlLimit{*named, plan.ttl} && !facts.view->mixed_ttl;
  if (plan.ttl_is_limited && !plan.changes()) return;
  plan.moves_ttl = *named != plan.ttl || facts.view->mixed_ttl;
  plan.ttl = *named;
}

}  // namespace

std::optional<Hazard> refusal_of(const OwnerFacts& facts, const Additions& additions, const Policy& policy) {
  if (policy.unpublish) return std::nullopt;
  for (const auto hazard : facts.hazards) {
    // Reading back could never confirm it (I6), and no later run could delete it: --force does not help.
    if (is_never_answered(hazard) && !facts.wanted.empty()) return hazard;
    if (!is_never_answered(hazard) && !additions.records.empty() && !policy.force) return hazard;
  }
  return std::nullopt;
}

RrsetPlan plan_of(const Situation& situation, const Additions& additions, const Verdicts& verdicts,
                  const RelianceOf& reliance_of) {
  const auto& facts = situation.facts;
  const auto& policy = situation.policy;
  RrsetPlan plan;
  plan.owner = facts.owner();
  for (const Desired* wish : facts.desired) {
    if (plan.also_asked.empty() || plan.also_asked.back() != wish->asked)
      plan.also_asked.push_back(wish->asked);
  }
  plan.asked = plan.also_asked.front();
  plan.also_asked.erase(plan.also_asked.begin());
  plan.observed = facts.view->rrset;
  plan.refused = refusal_of(facts, additions, policy);

  Steps steps(facts, policy, reliance_of);
  for (const auto& want : facts.wanted) {
    if (contains(facts.published(), want.record)) {
      steps.published(want);
    } else {
      steps.missing(want, additions);
    }
  }
  for (const auto& addition : additions.records) steps.added(addition);
  for (const auto& [record, verdict] : verdicts) steps.judged(record, verdict);
  if (plan.refused) steps.refuse(*plan.refused);
  plan.steps = steps.sorted();
  settle_ttl(plan, situation);
  if (plan.moves_ttl) {
    for (auto& step : plan.steps) {
      if (step.action == Action::none && step.state != RecordState::missing) step.reason = Reason::ttl_change;
    }
  }
  return plan;
}

void append(Plan& plan, const OwnerFacts& facts, RrsetPlan rrset) {
  const auto& zone = *facts.zone;
  const bool is_new =
      plan.zones.empty() || plan.zones.back().zone != zone.apex || plan.zones.back().server != zone.server;
  if (is_new) plan.zones.push_back({zone.apex, zone.server, {}});
  for (const auto& step : rrset.steps) {
    if (step.action == Action::wait) note_due(plan, step.ready_at);
  }
  if (rrset.ttl_is_limited) {
    plan.warnings.push_back(
        {.kind = RemarkKind::ttl_limited, .owner = rrset.owner, .seconds = Seconds{rrset.observed->ttl}});
  }
  if (rrset.ttl_is_contested) {
    plan.warnings.push_back(
        {.kind = RemarkKind::ttl_contested, .owner = rrset.owner, .seconds = Seconds{rrset.observed->ttl}});
  }
  plan.zones.back().rrsets.push_back(std::move(rrset));
}

void note_due(Plan& plan, const std::optional<Time>& due) {
  if (due && (!plan.next_due || *due < *plan.next_due)) plan.next_due = due;
}

}  // namespace tlsa_update
