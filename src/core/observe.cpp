#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "clock.hpp"
#include "history.hpp"
#include "situation.hpp"
#include "tlsa_update/core/planner.hpp"
#include "wanters.hpp"

namespace tlsa_update {
namespace {

// Folds one observation of one owner into what is remembered of it.
class Observation {
 public:
  Observation(const OwnerFacts& facts, OwnerLedger& memory, const Policy& policy, Time now)
      : facts_(facts), memory_(memory), policy_(policy), now_(now) {
    is_new_ = memory.ttls.empty();  // every observation leaves one
    is_everywhere_read_ =
        !facts.servers.empty() && std::ranges::all_of(facts.servers, [](const AtServer& at) {
          return at.server->reachable && at.served != nullptr;
        });
    const auto& view = *facts.view;
    note(view.rrset ? view.rrset : view.wildcard_answer);
    if (!view.rrset && view.wildcard_alias_ttl) ttls_.insert(*view.wildcard_alias_ttl);
    for (const auto& at : facts.servers) {
      if (!at.server->reachable || at.served == nullptr) continue;
      note(at.served->rrset ? at.served->rrset : at.served->wildcard_answer);
    }
  }

  void fold() {
    follow_ttls();
    follow_history(memory_, facts_, policy_, now_);
    for (const auto& record : facts_.published()) see_published(memory_.at(record));
    // Caches learn from lagging servers, too.
    for (const auto& record : served_) see_served(memory_.at(record));
    for (auto& entry : memory_.records) {
      if (!contains(facts_.published(), entry.record)) miss(entry);
    }
    for (auto& entry : memory_.records) {
      see_live(entry);
      note_key_type(entry);
      follow_wanters(entry, facts_, policy_, now_);
    }
    follow_ttl_moves();
    forget();
  }

 private:
  // A TTL or negative TTL (RFC 2308 section 5) that some server hands out now, also of a wildcard's answer:
  // caches hold it as the owner's.
  void note(const std::optional<Rrset>& rrset) {
    ttls_.insert(rrset ? rrset->ttl : facts_.zone->negative_ttl);
    if (!rrset) return;
    for (const auto& record : rrset->records) served_.insert(record);
  }

  // While a server is out of reach it may hand out whatever it had.
  void follow_ttls() {
    std::map<std::uint32_t, std::optional<Time>> ttls;
    for (const auto& old : memory_.ttls) {
      ttls[old.ttl] = old.gone_at || !is_everywhere_read_ ? old.gone_at : now_;
    }
    for (const auto ttl : ttls_) ttls[ttl] = std::nullopt;
    memory_.ttls.clear();
    for (const auto& [ttl, gone_at] : ttls) {
      if (!gone_at || now_ <= memory_.counted_from(*gone_at) + cache_time(ttl, policy_))
        memory_.ttls.push_back({ttl, gone_at});
    }
  }

  // Whoever sets another TTL after we have set ours twice means it; who gives in later ends it.
  void follow_ttl_moves() {
    auto& move = memory_.ttl_move;
    const auto& rrset = facts_.view->rrset;
    if (!move || !rrset || move->times < 2) return;
    if (rrset->ttl != move->to) {
      move->is_given_up = true;
    } else if (move->is_given_up) {
      move.reset();
    }
  }

  // max(TTL before, TTL after, negative TTL when it was absent): the longest that copies without the record
  // live on, once it is everywhere.
  std::uint32_t bound() const { return longest_known_ttl(memory_); }

  void see_published(LedgerEntry& entry) {
    if (is_new_) assume_the_worst(entry);
    if (!entry.published_at || entry.deleted_at) entry.published_at = now_;
    entry.deleted_at.reset();
    const bool is_wanted = facts_.find_wanted(entry.record) != nullptr;
    if (is_adopted(entry.record)) adopt(entry);
    entry.owned = entry.owned || is_wanted;
    retire(entry, is_wanted);
    const bool is_everywhere = !facts_.not_everywhere(entry.record);
    if (is_everywhere && entry.seen_everywhere_at) return;
    // I8: a server that answers without the record, or without its signature, starts the clock again; one
    // that does not answer only stops the plan.
    if (is_everywhere || is_denied(entry.record)) {
      entry.seen_everywhere_at.reset();
      entry.ttl_bound = std::max(entry.ttl_bound, bound());
    }
    if (!is_everywhere) return;
    entry.seen_everywhere_at = now_;
    entry.watched_since = memory_.watched_since;
  }

  void see_served(LedgerEntry& entry) const {
    if (!entry.published_at) entry.published_at = now_;
  }

  // Found there by an empty ledger. Perhaps it was the first of its RRset, and its absence is what caches
  // hold; perhaps it was released for deployment and has not gone live yet.
  void assume_the_worst(LedgerEntry& entry) const {
    entry.ttl_bound = facts_.zone->negative_ttl;
    entry.published_at = entry.released_at = now_ - Seconds{1};
  }

  // The operator takes a record over, and knows that it is stale.
  static void adopt(LedgerEntry& entry) {
    if (!entry.owned) entry.released_at.reset();
    entry.owned = true;
  }

  bool is_adopted(const TlsaRecord& record) const {
    const bool is_named = std::ranges::any_of(policy_.adopt, [&](const RecordAt& named) {
      return named.record == record && (!named.owner || facts_.is_called(*named.owner));
    });
    if (is_named || !policy_.adopt_all) return is_named;
    return !facts_.is_kept(record) && !is_of_somebody_else(record);
  }

  // Another machine of the name, which has not told us what it wants.
  bool is_of_somebody_else(const TlsaRecord& record) const {
    return std::ranges::any_of(facts_.live.chains, [&](const Served& served) {
      const auto is_wanted = [&](const Wanted& want) { return served.is_matched_by(want.record); };
      return served.is_matched_by(record) && std::ranges::none_of(facts_.wanted, is_wanted);
    });
  }

  void retire(LedgerEntry& entry, bool is_wanted) const {
    if (is_wanted) {
      entry.retired_at.reset();
    } else if (entry.owned && !entry.retired_at) {
      entry.retired_at = now_;
    }
  }

  // Some server that was reached serves the owner without this record, or a signed zone's without signature.
  bool is_denied(const TlsaRecord& record) const {
    return std::ranges::any_of(facts_.servers, [&](const AtServer& at) {
      if (!at.server->reachable || at.served == nullptr) return false;
      if (!at.served->rrset || !contains(at.served->rrset->records, record)) return true;
      return is_signed_to_clients(*facts_.zone) && !has_good_signature(*at.served);
    });
  }

  // Not at the primary: caches may know it as long as any server may serve it, and one cache life longer.
  void miss(LedgerEntry& entry) {
    retire(entry, facts_.find_wanted(entry.record) != nullptr);
    entry.seen_everywhere_at.reset();
    if (served_.contains(entry.record)) {
      entry.deleted_at.reset();
    } else if (is_everywhere_read_ && !entry.deleted_at) {
      entry.deleted_at = now_;
    }
    entry.ttl_bound = std::max(entry.ttl_bound, bound());
  }

  void see_live(LedgerEntry& entry) const {
    const auto matches_it = [&](const Served& served) { return served.is_matched_by(entry.record); };
    if (std::ranges::any_of(facts_.live.chains, matches_it)) entry.last_seen_live = now_;
  }

  // While its certificate is at hand: later, only a handshake that asks for this kind tells whether it is
  // served.
  void note_key_type(LedgerEntry& entry) const {
    if (!entry.key_type.empty() || !entry.record.parameters.of_end_entity()) return;
    for (const Desired* wish : facts_.desired) {
      for (const auto& given : wish->credentials) {
        if (given.credential && Served::of(*given.credential).is_matched_by(entry.record))
          entry.key_type = text(given.credential->key_type);
      }
    }
  }

  bool is_in_doubt(const LedgerEntry& entry) const {
    const auto doubt = doubt_of_a_deletion(entry, memory_);
    return doubt && now_ <= doubt->ends;
  }

  // Others may have published theirs after we looked.
  void forget() {
    std::erase_if(memory_.records, [&](const LedgerEntry& entry) {
      return entry.deleted_at && !is_in_doubt(entry) &&
             now_ > memory_.counted_from(*entry.deleted_at) + cache_time(entry.ttl_bound, policy_) &&
             !is_last_word(entry) && !claim_on(entry, facts_, policy_, now_);
    });
  }

  // What was released or deployed last is remembered, whether it is published or not: it may go live, or is
  // what tells that others will not.
  bool is_last_word(const LedgerEntry& entry) const {
    const auto word = std::max(entry.released_at, entry.deployed_at);
    const auto is_later = [&](const LedgerEntry& other) { return other.deployed_at > word; };
    return word && std::ranges::none_of(memory_.records, is_later);
  }

  const OwnerFacts& facts_;
  OwnerLedger& memory_;
  const Policy& policy_;
  Time now_;  // up to the full second: stamps are not early, and what is due by it is over in the next second
  bool is_new_ = false;
  bool is_everywhere_read_ = false;
  std::set<std::uint32_t> ttls_;
  std::set<TlsaRecord> served_;
};

bool is_asked(const OwnerFacts& facts, const std::set<Name>& asked) {
  return std::ranges::any_of(facts.desired, [&](const Desired* wish) { return asked.contains(wish->asked); });
}

// Stands for a key whether such a record is published or not: a trust anchor's does not tell keys apart.
TlsaRecord identity_of(const Credential& credential) {
  constexpr TlsaParameters parameters{Usage::dane_ee, Selector::spki, MatchingType::sha2_256};
  return {parameters, key_of(credential).data(parameters.matching_type)};
}

// Puts a stamp on all records that the current credentials of these names match, published or not.
Ledger stamp(Ledger ledger, const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
             const std::vector<Name>& asked, std::optional<Time> LedgerEntry::*field, Time now) {
  const std::set<Name> names(asked.begin(), asked.end());
  for (const auto& facts : join(desired, observed, {}, {})) {
    if (!is_asked(facts, names)) continue;
    auto& memory = ledger.owners[facts.owner()];
    for (const auto& want : facts.wanted) {
      if (want.role == Role::current) memory.at(want.record).*field = now;
    }
    for (const Credential* credential : facts.current_credentials()) {
      memory.at(identity_of(*credential)).*field = now;
      for (auto& entry : memory.records) {
        if (Served::of(*credential).is_matched_by(entry.record)) entry.*field = now;
      }
    }
  }
  return ledger;
}

}  // namespace

Ledger observe(Ledger ledger, const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
               const std::vector<ServiceEvidence>& evidence, const Policy& policy,
               const ClockReading& clock) {
  follow_clock(ledger, clock);
  Policy seen = policy;
  seen.assume_deployed = false;  // what was not seen is not remembered as seen
  for (const auto& facts : join(desired, observed, evidence, seen)) {
    Observation(facts, ledger.owners[facts.owner()], policy, clock.wall).fold();
  }
  return ledger;
}

Ledger intend(Ledger ledger, const Plan& plan, Time now) {
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      for (const auto& step : rrset.steps) {
        if (step.action == Action::add) ledger.owners[rrset.owner].at(step.record).owned = true;
        if (step.action == Action::remove) ledger.owners[rrset.owner].at(step.record).unanswered_at = now;
      }
    }
  }
  return ledger;
}

Ledger answered(Ledger ledger, const Plan& plan, const std::set<Name>& unanswered) {
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      if (unanswered.contains(rrset.owner)) continue;
      for (const auto& step : rrset.steps) {
        if (step.action == Action::remove) ledger.owners[rrset.owner].at(step.record).unanswered_at.reset();
      }
    }
  }
  return ledger;
}

Ledger granted(Ledger ledger, const std::map<Name, TtlLimit>& ttls) {
  for (const auto& [owner, ttl] : ttls) {
    auto& limit = ledger.owners[owner].ttl_limit;
    limit = ttl.granted < ttl.asked ? std::optional(ttl) : std::nullopt;
  }
  return ledger;
}

Ledger moved_ttls(Ledger ledger, const std::map<Name, std::uint32_t>& ttls) {
  for (const auto& [owner, ttl] : ttls) {
    auto& move = ledger.owners[owner].ttl_move;
    if (move && move->to == ttl) {
      ++move->times;
    } else {
      move = TtlMove{ttl};
    }
  }
  return ledger;
}

Ledger release(Ledger ledger, const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
               const std::vector<Name>& asked, Time now) {
  return stamp(std::move(ledger), desired, observed, asked, &LedgerEntry::released_at, now);
}

Ledger deployed(Ledger ledger, const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                const std::vector<Name>& asked, Time now) {
  return stamp(std::move(ledger), desired, observed, asked, &LedgerEntry::deployed_at, now);
}

}  // namespace tlsa_update
