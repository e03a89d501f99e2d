#include "owner_remarks.hpp"

#include <algorithm>
#include <utility>

namespace tlsa_update {
namespace {

constexpr Seconds expires_soon{std::chrono::days(7)};
constexpr Seconds expires_shortly{std::chrono::days(1)};  // after a deployment could be done

// Every RRset of this owner that clients may be given: the primary's, and those of the servers that they ask.
std::vector<std::pair<const TlsaRecords*, const ServerView*>> rrsets_of(const OwnerFacts& facts) {
  std::vector<std::pair<const TlsaRecords*, const ServerView*>> rrsets;
  if (facts.view->rrset) rrsets.emplace_back(&facts.view->rrset->records, nullptr);
  for (const auto& at : facts.servers) {
    if (at.served != nullptr && at.served->rrset) rrsets.emplace_back(&at.served->rrset->records, at.server);
  }
  return rrsets;
}

// The outage that this program exists to prevent: clients refuse this address now.
void remark_outages(Plan& plan, const OwnerFacts& facts, const Policy& policy) {
  if (policy.assume_deployed) return;
  const auto rrsets = rrsets_of(facts);
  for (const auto& served : facts.live.chains) {
    for (const auto& [records, server] : rrsets) {
      const auto acceptance = accept(*records, served);
      if (acceptance.is_given()) continue;
      plan.critical.push_back({.kind = RemarkKind::outage,
                               .owner = facts.owner(),
                               .where = served.where,
                               .server = server != nullptr ? Place{server->name, server->address} : Place{},
                               .acceptance = acceptance});
      break;
    }
  }
}

bool is_of(const Served& served, const std::vector<const Credential*>& current) {
  return std::ranges::any_of(current, [&](const Credential* credential) {
    return served.chain == nullptr ||
           (!credential->chain.empty() && credential->chain.front() == served.chain->front());
  });
}

// Usage 3 ignores the dates of a certificate (RFC 7671 section 5.1); the others do not.
bool depends_on_dates(const OwnerFacts& facts, const Served& served) {
  bool by_dates = false, by_key = false;
  for (const auto& record : facts.published()) {
    if (!served.is_matched_by(record)) continue;
    (record.parameters.usage == Usage::dane_ee ? by_key : by_dates) = true;
  }
  return by_dates && !by_key;
}

// The new records are there, and all that stands before the deployment is caches and servers that may not
// know them.
bool only_waits(const OwnerFacts& facts, const Readiness& readiness) {
  return !readiness.ready && std::ranges::all_of(readiness.blockers, [&](const Blocker& blocker) {
    if (blocker.reason == Reason::may_be_cached || blocker.reason == Reason::propagating) return true;
    return blocker.reason == Reason::unread && contains(facts.published(), blocker.record);
  });
}

// The emergency: clients whose caches are old refuse what is deployed too early, but all of them refuse what
// has expired.
bool costs_more_to_wait(const OwnerFacts& facts, const Served& served, const Readiness& readiness, Time now) {
  if (is_of(served, facts.current_credentials()) || !only_waits(facts, readiness)) return false;
  return served.chain->front().not_after - readiness.ready_at.value_or(now) <= expires_shortly;
}

void remark_expiry(Plan& plan, const OwnerFacts& facts, const Readiness& readiness, Time now) {
  for (const auto& served : facts.live.chains) {
    if (served.chain == nullptr || !depends_on_dates(facts, served)) continue;
    const auto end = served.chain->front().not_after;
    const bool is_held_up = costs_more_to_wait(facts, served, readiness, now);
    if (!is_held_up && end - now > expires_soon) continue;
    plan.warnings.push_back({.kind = end <= now ? RemarkKind::served_expired : RemarkKind::served_expires,
                             .owner = facts.owner(),
                             .where = served.where,
                             .time = end,
                             .is_held_up = is_held_up,
                             .until = is_held_up ? readiness.ready_at : std::nullopt});
  }
}

bool is_switched(const OwnerFacts& facts) {
  if (facts.live.sight != Sight::complete) return false;
  const auto current = facts.current_credentials();
  return std::ranges::all_of(facts.live.chains, [&](const Served& served) { return is_of(served, current); });
}

// A combination that is held back until the switch is waiting; one that what is to be served never matches is
// wrong, and waiting does not help. Where there is no record at all, no switch of ours comes.
void remark_held(Plan& plan, const OwnerFacts& facts, const Additions& additions, const Policy& policy,
                 bool may_wait) {
  const bool is_refused = is_first(facts) && policy.adds;
  const bool is_waiting = may_wait && !is_switched(facts) && !is_refused;
  for (const auto& [parameters, held] : additions.held) {
    if (held.reason == Reason::combination_would_break && !is_waiting)
      plan.critical.push_back(
          {.kind = RemarkKind::would_match_nothing, .owner = facts.owner(), .parameters = parameters});
    if (held.reason != Reason::no_tls || !is_refused) continue;
    const auto& at = facts.live.without_tls.front().address;
    plan.critical.push_back({.kind = RemarkKind::without_tls, .owner = facts.owner(), .where = at});
    return;
  }
}

// The same of many names is one remark.
void warn_of_owner(Plan& plan, RemarkKind kind, const Name& owner) {
  const auto same = std::ranges::find(plan.warnings, kind, &Remark::kind);
  if (same == plan.warnings.end()) {
    plan.warnings.push_back({.kind = kind, .owner = owner});
  } else {
    ++same->count;
  }
}

// What is added without having been compared with a chain.
void remark_unseen(Plan& plan, const OwnerFacts& facts, const Additions& additions) {
  const auto there = combinations(facts.published());
  const auto is_new = [&](const Addition& added) { return !contains(there, added.record.parameters); };
  if (std::ranges::none_of(additions.records, is_new)) return;
  if (!facts.live.can_be_probed && facts.live.chains.empty())
    warn_of_owner(plan, RemarkKind::unseen, facts.owner());
  if (facts.live.is_of_nothing) return warn_of_owner(plan, RemarkKind::nothing_served, facts.owner());
  if (facts.live.is_witnessed) return;
  for (const auto& record : facts.published()) {
    if (!is_usable(record) || facts.find_wanted(record) != nullptr) continue;
    const auto matches_it = [&](const Credential* given) { return Served::of(*given).is_matched_by(record); };
    if (std::ranges::any_of(facts.current_credentials(), matches_it)) continue;
    plan.warnings.push_back({.kind = RemarkKind::new_combination, .owner = facts.owner(), .record = record});
    return;
  }
}

// Somebody else wants what stays: whoever leaves DANE has to know that it is not done.
void remark_claims(Plan& plan, const RrsetPlan& rrset, const Situation& situation) {
  for (const auto& step : rrset.steps) {
    if (step.action == Action::remove) return;
    if (step.reason != Reason::protected_ || !situation.claim_on(step.record)) continue;
    const auto* const entry = situation.memory.find(step.record);
    plan.critical.push_back({.kind = RemarkKind::not_unpublished,
                             .owner = rrset.owner,
                             .names = claimants(*entry, situation.facts, situation.policy.asker),
                             .record = step.record,
                             .reason = step.reason});
    return;
  }
}

}  // namespace

void remark(Plan& plan, const OwnerFacts& facts, const Additions& additions, const Policy& policy,
            std::optional<Time> now) {
  if (facts.view->mixed_ttl)
    plan.warnings.push_back({.kind = RemarkKind::mixed_ttls, .owner = facts.owner()});
  remark_outages(plan, facts, policy);
  remark_held(plan, facts, additions, policy, now.has_value());
  remark_unseen(plan, facts, additions);
  if (now) remark_expiry(plan, facts, plan.readiness.back(), *now);
}

bool remark_passed_over(Plan& plan, const OwnerFacts& facts, const Additions& additions,
                        const Policy& policy) {
  TlsaRecords after = facts.published();
  for (const auto& added : additions.records) insert(after, added.record);
  const auto& chains = facts.live.chains;
  const auto is_accepted = [&](const Served& one) { return accept(after, one).is_given(); };
  for (const Credential* credential : facts.current_credentials()) {
    const auto acceptance = accept(after, Served::of(*credential));
    if (!acceptance.unused) continue;
    const Remark passed_over{.kind = RemarkKind::passed_over,
                             .owner = facts.owner(),
                             .acceptance = acceptance,
                             .source = credential->source};
    const bool is_reported = !policy.assume_deployed && !std::ranges::all_of(chains, is_accepted);
    const bool is_harmless = facts.live.sight == Sight::complete && std::ranges::all_of(chains, is_accepted);
    if (is_harmless || policy.force) {
      plan.warnings.push_back(passed_over);
    } else if (!is_reported) {
      plan.critical.push_back(passed_over);
    }
    return true;
  }
  return false;
}

void remark_refused_unpublishing(Plan& plan, const RrsetPlan& rrset, const Situation& situation) {
  for (const auto& step : rrset.steps) {
    if (step.state != RecordState::stale || step.action == Action::remove) continue;
    plan.critical.push_back({.kind = RemarkKind::not_unpublished,
                             .owner = rrset.owner,
                             .record = step.record,
                             .reason = step.reason,
                             .hazard = rrset.refused,
                             .until = step.action == Action::wait ? step.ready_at : std::nullopt});
    return;
  }
  remark_claims(plan, rrset, situation);
}

}  // namespace tlsa_update
