#include "additions.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

// A probe meets whoever answers. Its chain is believed only when DNSSEC or the operator vouches for the key:
// nobody gets a record published by standing in between.
bool is_vouched_for(const Served& served, const OwnerFacts& facts) {
  if (served.chain == nullptr) return true;
  const auto is_proof = [&](const TlsaRecord& record) {
    return record.parameters.of_end_entity() && served.is_matched_by(record);
  };
  if (served.is_verified || std::ranges::any_of(facts.published(), is_proof)) return true;
  for (const Desired* wish : facts.desired) {
    for (const auto& given : wish->credentials) {
      if (given.credential && key_of(*given.credential) == served.chain->front().spki) return true;
    }
  }
  return false;
}

// RFC 7671 section 8.1 is about end-entity records. Which issuer to trust is the operator's choice and never
// taken from a probe: a trust anchor combination waits for the switch instead (section 8.2).
std::optional<TlsaRecord> record_of_leaf(const Served& served, TlsaParameters parameters) {
  if (!parameters.of_end_entity() || served.chain == nullptr) return std::nullopt;
  const Certificate& leaf = served.chain->front();
  const Selected& selected = parameters.selector == Selector::cert ? leaf.certificate : leaf.spki;
  return TlsaRecord{parameters, selected.data(parameters.matching_type)};
}

struct Combination {
  TlsaRecords there;
  std::vector<Addition> missing;
};

Combination combination_of(const OwnerFacts& facts, const TlsaRecords& stays, TlsaParameters parameters) {
  Combination combination{of_combination(stays, parameters), {}};
  for (const auto& want : facts.wanted) {
    if (want.record.parameters != parameters || contains(stays, want.record)) continue;
    combination.missing.push_back({want.record, Reason::missing, want.credential});
  }
  return combination;
}

void cover_served_chains(const OwnerFacts& facts, TlsaParameters parameters, Combination& combination) {
  for (const auto& served : facts.live.chains) {
    const auto is_match = [&](const Addition& added) { return served.is_matched_by(added.record); };
    if (served.is_matched_by_any(combination.there) || std::ranges::any_of(combination.missing, is_match)) {
      continue;
    }
    const auto record = record_of_leaf(served, parameters);
    if (!record || !is_vouched_for(served, facts)) continue;
    combination.missing.push_back({*record, Reason::served_chain, served.where});
  }
}

bool is_to_come(const Combination& combination, const TlsaRecord& record) {
  return std::ranges::any_of(combination.missing,
                             [&](const Addition& added) { return added.record == record; });
}

// The certificate in the install targets is what the service reads now, or will read when it starts again.
void cover_what_is_installed(const OwnerFacts& facts, TlsaParameters parameters, Combination& combination) {
  for (const Desired* wish : facts.desired) {
    for (const auto& installed : wish->installed) {
      const auto records = records_of(*installed, parameters, wish->ta);
      if (!records) continue;
      for (const auto& record : *records) {
        if (!is_to_come(combination, record))
          combination.missing.push_back({record, Reason::installed, installed->source});
      }
    }
  }
}

// The RRset vanished, and the ledger remembers which of our records matched what was served. One that had
// gone before had been superseded; one that matches nothing of what every address shows is needed no more.
void cover_what_was_seen_live(const Situation& situation, TlsaParameters parameters,
                              Combination& combination) {
  const auto& live = situation.facts.live;
  const auto may_be_served = [&](const TlsaRecord& record) {
    return !live.is_witnessed ||
           std::ranges::any_of(live.chains, [&](const Served& one) { return one.is_matched_by(record); });
  };
  const auto& entries = situation.memory.records;
  std::optional<Time> vanished;
  for (const auto& entry : entries) {
    if (entry.owned) vanished = std::max(vanished, entry.deleted_at);
  }
  for (const auto& entry : entries) {
    const bool is_ours = entry.owned && entry.last_seen_live && entry.record.parameters == parameters;
    const bool went_last = !entry.deleted_at || entry.deleted_at == vanished;
    if (!is_ours || !went_last || is_to_come(combination, entry.record)) continue;
    if (may_be_served(entry.record)) combination.missing.push_back({entry.record, Reason::remembered, {}});
  }
}

// What is known by its records alone is accepted by another combination when a chain or credential that they
// match is.
class Reach {
 public:
  Reach(const OwnerFacts& facts, const Combination& combination) : combination_(combination) {
    served_ = facts.live.chains;
    for (const Desired* wish : facts.desired) {
      for (const auto& given : wish->credentials) {
        if (given.credential) served_.push_back(facts.as_served(*wish, *given.credential));
      }
      for (const auto& installed : wish->installed) served_.push_back(facts.as_served(*wish, *installed));
    }
  }

  [[nodiscard]] bool covers(const TlsaRecord& record) const {
    return std::ranges::any_of(
        served_, [&](const Served& one) { return one.is_matched_by(record) && is_covered(one); });
  }

 private:
  [[nodiscard]] bool is_covered(const Served& one) const {
    return std::ranges::any_of(combination_.missing,
                               [&](const Addition& added) { return one.is_accepted_by(added.record); });
  }

  const Combination& combination_;
  std::vector<Served> served_;
};

// What was released for deployment is not live yet. If nobody wants it any more, and it is not published,
// only the operator knows that it will not go live.
std::optional<Held> held_by_what_may_go_live(const Situation& situation, const Combination& combination) {
  const auto& facts = situation.facts;
  const Reach reach(facts, combination);
  std::optional<Held> held;
  for (const auto& entry : situation.memory.records) {
    if (!situation.may_go_live(entry) || reach.covers(entry.record)) continue;
    const bool is_given_up = facts.find_wanted(entry.record) == nullptr &&
                             !contains(facts.published(), entry.record) && !situation.claim_on(entry.record);
    if (!is_given_up) return Held{Reason::may_go_live};
    held = Held{Reason::may_go_live, Ends::operator_};
  }
  return held;
}

// Nobody can see what is served: it may be whatever a published record stands for.
bool leaves_out_what_is_published(const OwnerFacts& facts, const Combination& combination) {
  const Reach reach(facts, combination);
  return std::ranges::any_of(facts.published(), [&](const TlsaRecord& record) {
    return is_usable(record) && !reach.covers(record);
  });
}

bool is_unseen(const Situation& situation, const Combination& combination) {
  const auto& [facts, memory, policy, now] = situation;
  if (facts.live.is_witnessed || policy.assume_served) return false;
  return facts.live.can_be_probed || leaves_out_what_is_published(facts, combination);
}

// May this combination come to be there as a whole? A reason when it may not. What was met comes first:
// nobody's word stands against it.
std::optional<Held> hold(const Situation& situation, const TlsaRecords& stays,
                         const Combination& combination) {
  const auto& facts = situation.facts;
  TlsaRecords after = stays;
  for (const auto& added : combination.missing) insert(after, added.record);
  for (const auto& served : facts.live.chains) {
    if (broken_by(facts.published(), after, served)) return Held{Reason::combination_would_break};
  }
  for (const Desired* wish : facts.desired) {
    for (const auto& installed : wish->installed) {
      if (broken_by(facts.published(), after, facts.as_served(*wish, *installed)))
        return Held{Reason::combination_would_break};
    }
  }
  // RFC 7672 section 2.2: a host whose TLSA records clients find is not delivered to without STARTTLS.
  if (is_first(facts) && !facts.live.without_tls.empty()) return Held{Reason::no_tls};
  if (is_unseen(situation, combination)) return Held{Reason::not_probed};
  return held_by_what_may_go_live(situation, combination);
}

// The first RRset of a name comes as a whole or not at all.
void hold_all(const OwnerFacts& facts, Additions& additions) {
  const Held held = additions.held.begin()->second;
  for (const auto parameters : facts.parameters) additions.held.emplace(parameters, held);
  additions.records.clear();
}

}  // namespace

bool is_first(const OwnerFacts& facts) { return combinations(facts.published()).empty(); }

Additions choose_additions(const Situation& situation, const TlsaRecords& stays) {
  const auto& facts = situation.facts;
  Additions additions;
  for (const auto parameters : facts.parameters) {
    auto combination = combination_of(facts, stays, parameters);
    cover_served_chains(facts, parameters, combination);
    if (combination.missing.empty()) continue;
    const bool is_new = combinations(combination.there).empty();
    if (is_new) cover_what_is_installed(facts, parameters, combination);
    if (is_new) cover_what_was_seen_live(situation, parameters, combination);
    const auto held = is_new && !situation.policy.force ? hold(situation, stays, combination) : std::nullopt;
    if (held) {
      additions.held.emplace(parameters, *held);
    } else {
      std::ranges::move(combination.missing, std::back_inserter(additions.records));
    }
  }
  if (is_first(facts) && !additions.held.empty()) hold_all(facts, additions);
  return additions;
}

std::vector<Addition> transitional(const Situation& situation, const TlsaRecords& stays) {
  std::vector<Addition> added;
  const auto& facts = situation.facts;
  for (const auto parameters : combinations(stays)) {
    if (contains(facts.parameters, parameters)) continue;
    const auto there = of_combination(stays, parameters);
    const auto is_ours = [&](const TlsaRecord& record) { return situation.is_owned(record); };
    if (std::ranges::none_of(there, is_ours)) continue;
    for (const Desired* wish : facts.desired) {
      for (const auto& given : wish->credentials) {
        if (given.role != Role::current || !given.credential) continue;
        if (Served::of(*given.credential).is_matched_by_any(there)) continue;
        const auto records = records_of(*given.credential, parameters, wish->ta);
        if (!records)
          continue;  // a bare key has no certificate to hash: readiness says what stands in the way
        for (const auto& record : *records) {
          added.push_back({record, Reason::transitional, given.credential->source});
        }
      }
    }
  }
  return added;
}

}  // namespace tlsa_update
