#include "removals.hpp"

#include <algorithm>

#include "witnesses.hpp"

namespace tlsa_update {
namespace {

class Removals {
 public:
  explicit Removals(const Situation& situation) : situation_(situation), facts_(situation.facts) {}

  Verdicts choose() {
    weigh_replacement();
    for (const auto& record : facts_.published()) {
      if (facts_.find_wanted(record) == nullptr) verdicts_.emplace(record, judge(record));
    }
    release_left_combinations();
    refuse_outages();
    return std::move(verdicts_);
  }

 private:
  // What is wanted now has to be known to every client before anything else may go.
  void weigh_replacement() {
    bool is_known = true;
    for (const auto& want : facts_.wanted) {
      if (want.role != Role::current) continue;
      const auto reliance = situation_.reliance(want.record);
      if (reliance.is_given()) insert(relied_on_, want.record);
      is_replaced_ = is_replaced_ && reliance.is_given();
      is_known = is_known && reliance.ready_at;
      replaced_at_ = std::max(replaced_at_, reliance.ready_at);
    }
    is_replaced_ = is_replaced_ && !relied_on_.empty() && are_known_to_resolvers(facts_, relied_on_);
    if (!is_known) replaced_at_.reset();
  }

  Verdict judge(const TlsaRecord& record) const {
    if (facts_.is_kept(record)) return {RecordState::kept, Action::none, Reason::protected_, std::nullopt};
    // I4: what is not ours is shown and kept.
    if (!situation_.is_owned(record)) {
      return {RecordState::foreign, Action::none, Reason::foreign, std::nullopt};
    }
    if (const auto claim = situation_.claim_on(record)) {
      if (!claim->until) return {RecordState::kept, Action::none, Reason::protected_, std::nullopt};
      return {RecordState::published, Action::wait, Reason::wanted_before, claim->until};
    }
    if (facts_.is_partial) return {RecordState::published, Action::wait, Reason::unread, std::nullopt};
    if (!is_replaced_) {
      return {RecordState::published, Action::wait, Reason::replacement_not_ready, replaced_at_};
    }
    const auto obstacle = obstacle_to(record);
    if (!obstacle) return {RecordState::stale, Action::remove, Reason::superseded, std::nullopt};
    return {RecordState::stale, Action::wait, obstacle->waits_for.value(),
            obstacle->ready_at, std::nullopt, obstacle->places};
  }

  // Why an owned, unwanted record whose replacement is ready stays all the same.
  std::optional<Reliance> obstacle_to(const TlsaRecord& record) const {
    const auto because = [](Reason reason) { return Reliance{reason, std::nullopt}; };
    const auto& live = facts_.live;
    // I2 first: a chain that was met is a better reason than one that was not.
    for (const auto& served : live.chains) {
      if (served.is_matched_by(record))
        return Reliance{Reason::still_served, std::nullopt, addresses_of(served)};
    }
    // What is about to be served needs a match in an old combination as long as that is there.
    for (const Credential* credential : facts_.current_credentials()) {
      if (Served::of(*credential).is_matched_by(record)) return because(Reason::transitional);
    }
    if (live.sight != Sight::complete) return Reliance{Reason::not_probed, std::nullopt, live.gaps};
    // RFC 7671 section 8.1: only after the new chain is deployed and seen to work, everywhere.
    if (!every_chain_is_accepted()) return because(Reason::not_deployed);
    const LedgerEntry& entry = *situation_.memory.find(record);
    if (may_be_hidden(entry)) return because(Reason::not_probed);
    if (situation_.may_go_live(entry)) return because(Reason::may_go_live);
    return grace_of(entry);
  }

  // Handshakes ask for RSA and for ECDSA, the latter with Ed25519 and Ed448 beside it. A service that has one
  // of these and ECDSA presents ECDSA; for what else there is, as ML-DSA, none asks.
  [[nodiscard]] bool may_be_hidden(const LedgerEntry& entry) const {
    if (situation_.policy.assume_deployed) return false;
    const auto is_presented = [&](KeyType kind) {
      return std::ranges::any_of(facts_.live.chains, [&](const Served& served) {
        return served.chain != nullptr && served.chain->front().key_type == kind;
      });
    };
    if (entry.key_type == text(KeyType::other)) return !is_presented(KeyType::other);
    const bool is_edwards =
        entry.key_type == text(KeyType::ed25519) || entry.key_type == text(KeyType::ed448);
    return is_edwards && is_presented(KeyType::ecdsa);
  }

  static Places addresses_of(const Served& served) {
    Places places;
    for (const auto& address : served.addresses) places.push_back({{}, address});
    return places;
  }

  std::optional<Reliance> grace_of(const LedgerEntry& entry) const {
    const auto since = entry.last_seen_live ? entry.last_seen_live : entry.retired_at;
    if (!since) return std::nullopt;
    const Time ends = situation_.memory.counted_from(*since) + situation_.policy.grace;
    if (situation_.now >= ends) return std::nullopt;
    return Reliance{Reason::grace, ends};
  }

  // The exception of I2: a combination that is no longer wanted leaves as a whole, though a served chain
  // matches in it, when every served chain matches another record that stays and that clients know.
  void release_left_combinations() {
    const auto left = without(facts_.published(), removed_by(verdicts_));
    for (const auto parameters : combinations(left)) {
      if (contains(facts_.parameters, parameters)) continue;
      const auto leaving = of_combination(left, parameters);
      if (!std::ranges::all_of(leaving, [&](const TlsaRecord& r) { return is_only_matched(r); })) continue;
      if (std::ranges::any_of(leaving, [&](const TlsaRecord& r) {
            const auto* const entry = situation_.memory.find(r);
            return entry != nullptr && may_be_hidden(*entry);
          }))
        continue;
      if (facts_.live.sight != Sight::complete || !every_chain_is_accepted()) continue;
      for (const auto& record : leaving) {
        verdicts_[record] = {RecordState::stale, Action::remove, Reason::superseded, std::nullopt};
      }
    }
  }

  bool is_only_matched(const TlsaRecord& record) const {
    const auto place = verdicts_.find(record);
    return place != verdicts_.end() &&
           (place->second.reason == Reason::still_served || place->second.reason == Reason::transitional);
  }

  // By OpenSSL's verdict on the RRset as it is nothing is known of what it would be.
  Acceptance accepted_by(const TlsaRecords& records, Served served) const {
    served.is_refused = false;
    return accept(records, served, situation_.now);
  }

  // What is wanted has shown itself, and whatever else is served, as by other machines of one name, is known
  // to clients by a record that stays, and not hidden from them by a stronger digest that stays as well.
  bool every_chain_is_accepted() const {
    TlsaRecords known = relied_on_;
    TlsaRecords staying;
    for (const auto& record : facts_.published()) {
      const bool is_ours = situation_.is_disposable(record);
      const bool is_wanted = facts_.find_wanted(record) != nullptr;
      if (is_ours && !is_wanted) continue;
      staying.push_back(record);
      if (!is_ours && situation_.reliance(record).is_given()) insert(known, record);
    }
    const auto& chains = facts_.live.chains;
    const auto is_accepted = [&](const Served& one) {
      return accepted_by(known, one).is_given() && accepted_by(staying, one).is_given();
    };
    return std::ranges::any_of(chains,
                               [&](const auto& one) { return accepted_by(relied_on_, one).is_given(); }) &&
           std::ranges::all_of(chains, is_accepted);
  }

  // I3, whatever the reasoning above came to.
  void refuse_outages() {
    const auto removed = removed_by(verdicts_);
    const auto after = without(facts_.published(), removed);
    std::optional<Reason> refusal;
    std::optional<Ends> ends;
    if (after.empty()) refusal = Reason::last_record;
    for (const auto& served : facts_.live.chains) {
      const auto broken = broken_by(facts_.published(), after, served);
      if (!broken) continue;
      refusal = Reason::combination_would_break;
      ends = who_ends(of_combination(after, *broken));
    }
    if (!refusal) return;
    for (const auto& record : removed) {
      verdicts_[record] = {RecordState::stale, Action::wait, *refusal, std::nullopt, ends};
    }
  }

  // A combination that would match nothing: what is ours in it leaves by itself, what is not stays for ever.
  Ends who_ends(const TlsaRecords& left) const {
    const auto stays = [&](const TlsaRecord& record) { return !situation_.is_disposable(record); };
    return std::ranges::any_of(left, stays) ? Ends::operator_ : Ends::service;
  }

  const Situation& situation_;
  const OwnerFacts& facts_;
  TlsaRecords relied_on_;  // wanted for a current credential, and ready
  bool is_replaced_ = true;
  std::optional<Time> replaced_at_;
  Verdicts verdicts_;
};

}  // namespace

Verdicts choose_removals(const Situation& situation) { return Removals(situation).choose(); }

Verdicts choose_unpublishing(const Situation& situation) {
  const auto& facts = situation.facts;
  TlsaRecords ours;
  for (const auto& record : facts.published()) {
    if (situation.is_disposable(record)) insert(ours, record);
  }
  auto left = without(facts.published(), ours);
  // No RRset, no DANE: the last records may always go together, unless a wildcard answers in their place.
  // What is left behind has to match (I3).
  std::optional<Reason> refusal;
  if (facts.is_partial) refusal = Reason::unread;
  const auto& uncovered = facts.view->uncovered;
  const bool is_uncovered = left.empty() && uncovered;
  if (is_uncovered && uncovered->rrset) left = uncovered->rrset->records;
  if (is_uncovered && !uncovered->rrset && !situation.policy.force) refusal = Reason::uncovers_wildcard;
  if (!combinations(left).empty() && !situation.policy.force) {
    const auto may_go_live = [&](const TlsaRecord& record) {
      return situation.may_go_live(*situation.memory.find(record));
    };
    if (std::ranges::any_of(ours, may_go_live)) refusal = Reason::may_go_live;
    if (facts.live.sight != Sight::complete) refusal = Reason::not_probed;
    for (const auto& served : facts.live.chains) {
      if (!broken_by(facts.published(), left, served)) continue;
      refusal = is_uncovered ? Reason::uncovers_wildcard : Reason::combination_would_break;
    }
  }
  Verdicts verdicts;
  for (const auto& record : facts.published()) {
    if (contains(ours, record)) {
      verdicts[record] = {RecordState::stale, refusal ? Action::none : Action::remove,
                          refusal.value_or(Reason::unpublished), std::nullopt};
    } else if (facts.is_kept(record) || situation.is_owned(record)) {
      verdicts[record] = {RecordState::kept, Action::none, Reason::protected_, std::nullopt};
    } else {
      verdicts[record] = {RecordState::foreign, Action::none, Reason::foreign, std::nullopt};
    }
  }
  return verdicts;
}

TlsaRecords removed_by(const Verdicts& verdicts) {
  TlsaRecords removed;
  for (const auto& [record, verdict] : verdicts) {
    if (verdict.action == Action::remove) removed.push_back(record);
  }
  return removed;
}

}  // namespace tlsa_update
