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

// What was released for deployment and is not live yet is known by its records alone. It finds a match in
// another combination when a chain or credential that they match does.
bool leaves_out_what_may_go_live(const Situation& situation, const Combination& combination) {
  const auto& facts = situation.facts;
  auto served = facts.live.chains;
  for (const Desired* wish : facts.desired) {
    for (const auto& given : wish->credentials) {
      if (given.credential) served.push_back(Served::of(*given.credential));
    }
  }
  const auto is_covered = [&](const Served& one) {
    return std::ranges::any_of(combination.missing,
                               [&](const Addition& added) { return one.is_matched_by(added.record); });
  };
  return std::ranges::any_of(situation.memory.records, [&](const LedgerEntry& entry) {
    if (!situation.may_go_live(entry)) return false;
    return std::ranges::none_of(
        served, [&](const Served& one) { return one.is_matched_by(entry.record) && is_covered(one); });
  });
}

// May this combination come to be there as a whole? A reason when it may not.
std::optional<Reason> hold(const Situation& situation, const TlsaRecords& stays,
                           const Combination& combination) {
  const auto& facts = situation.facts;
  const bool is_new = combinations(combination.there).empty();
  if (situation.policy.force || facts.live.sight == Sight::none || !is_new) return std::nullopt;
  TlsaRecords after = stays;
  for (const auto& added : combination.missing) insert(after, added.record);
  for (const auto& served : facts.live.chains) {
    if (broken_by(facts.published(), after, served)) return Reason::combination_would_break;
  }
  // What does not answer may be served a chain that nobody has seen. Where nothing at all answers and nothing
  // is published, nothing can break.
  const bool is_first = combinations(facts.published()).empty();
  if (facts.live.sight == Sight::partial || (facts.live.sight == Sight::nothing_reached && !is_first)) {
    return Reason::not_probed;
  }
  if (leaves_out_what_may_go_live(situation, combination)) return Reason::may_go_live;
  return std::nullopt;
}

}  // namespace

Additions choose_additions(const Situation& situation, const TlsaRecords& stays) {
  const auto& facts = situation.facts;
  Additions additions;
  for (const auto parameters : facts.parameters) {
    auto combination = combination_of(facts, stays, parameters);
    cover_served_chains(facts, parameters, combination);
    if (combination.missing.empty()) continue;
    if (const auto reason = hold(situation, stays, combination)) {
      additions.held.emplace(parameters, *reason);
    } else {
      std::ranges::move(combination.missing, std::back_inserter(additions.records));
    }
  }
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
