#include "situation.hpp"

#include <algorithm>
#include <map>

#include "history.hpp"

namespace tlsa_update {

namespace {

// Since when a server of these places has been out of reach.
void note_outages(Places& places, const OwnerLedger& memory) {
  if (memory.returned_at) return;
  for (auto& place : places) {
    for (const auto& outage : memory.out_of_reach) {
      if (outage.server == place.server && outage.address == place.address) place.since = outage.since;
    }
  }
}

}  // namespace

const OwnerLedger& memory_of(const Ledger& ledger, const Name& owner) {
  static const OwnerLedger nothing;
  const auto place = ledger.owners.find(owner);
  return place == ledger.owners.end() ? nothing : place->second;
}

Seconds cache_time(std::uint32_t ttl, const Policy& policy) {
  return Seconds(std::int64_t{policy.wait_factor} * ttl) + policy.margin;
}

bool Situation::is_owned(const TlsaRecord& record) const {
  const LedgerEntry* entry = memory.find(record);
  return entry != nullptr && entry->owned;
}

std::optional<Claim> Situation::claim_on(const TlsaRecord& record) const {
  const LedgerEntry* entry = memory.find(record);
  return entry == nullptr ? std::nullopt : tlsa_update::claim_on(*entry, facts, policy, now);
}

bool Situation::is_disposable(const TlsaRecord& record) const {
  return is_owned(record) && !facts.is_kept(record) && !claim_on(record);
}

bool Situation::is_newer(const Served& served, Time release) const {
  bool has_record = false;
  bool all_younger = true;
  for (const auto& entry : memory.records) {
    if (!served.is_matched_by(entry.record)) continue;
    // A trust anchor's record says nothing about which key was deployed.
    if (entry.record.parameters.of_end_entity() && entry.deployed_at > release) return true;
    if (!entry.published_at) continue;
    has_record = true;
    all_younger = all_younger && *entry.published_at > release;
  }
  return has_record && all_younger;
}

bool Situation::may_go_live(const LedgerEntry& entry) const {
  if (!entry.released_at || policy.assume_deployed) return false;
  const Time release = *entry.released_at;
  if (entry.last_seen_live && *entry.last_seen_live > release) return false;
  return facts.live.sight != Sight::complete ||
         !std::ranges::all_of(facts.live.chains,
                              [&](const Served& served) { return is_newer(served, release); });
}

bool Situation::is_in_use() const {
  if (facts.live.sight != Sight::complete || facts.live.chains.empty()) return false;
  const auto credentials = facts.current_credentials();
  const auto presents = [](const Served& served, const Credential* given) {
    return served.chain != nullptr && !given->chain.empty() &&
           served.chain->front().certificate == given->chain.front().certificate;
  };
  return std::ranges::all_of(facts.live.chains,
                             [&](const Served& served) {
                               return std::ranges::any_of(
                                   credentials, [&](const auto* given) { return presents(served, given); });
                             }) &&
         std::ranges::all_of(credentials, [&](const auto* given) {
           return std::ranges::any_of(facts.live.chains,
                                      [&](const Served& served) { return presents(served, given); });
         });
}

Reliance Situation::reliance(const TlsaRecord& record) const { return reliance(record, Doubts::counted); }

Reliance Situation::reliance_for_deployment(const TlsaRecord& record) const {
  return reliance(record, is_in_use() ? Doubts::ignored : Doubts::counted);
}

Reliance Situation::reliance(const TlsaRecord& record, Doubts doubts) const {
  if (!contains(facts.published(), record)) return {Reason::missing, std::nullopt};
  if (auto lag = facts.not_everywhere(record)) {
    note_outages(lag->places, memory);
    return {lag->reason, std::nullopt, std::move(lag->places)};
  }
  const LedgerEntry* entry = memory.find(record);
  if (entry == nullptr || !entry->seen_everywhere_at) return {Reason::propagating, std::nullopt};
  // RFC 7671 section 8.1: at least two TTLs, counted from when nobody handed out the RRset before any more.
  Doubt last{Reason::may_be_cached,
             memory.counted_from(*entry->seen_everywhere_at) + cache_time(entry->ttl_bound, policy)};
  if (doubts == Doubts::counted) {
    if (auto doubt = doubt_of_the_past(*entry, memory, facts.longest_ttl, policy); doubt.ends > last.ends)
      last = doubt;
    if (auto doubt = doubt_of_a_return(memory, policy); doubt && doubt->ends > last.ends) last = *doubt;
    if (auto doubt = doubt_of_a_deletion(*entry, memory); doubt && doubt->ends > last.ends) last = *doubt;
  }
  if (now >= last.ends) return {std::nullopt, last.ends};
  return {last.reason, last.ends, std::move(last.places)};
}

std::vector<Situation::Known> Situation::known_to_clients() const {
  std::map<TlsaRecord, std::optional<Time>> known;
  for (const auto& entry : memory.records) {
    // An owned record that was never seen was meant to be published: its UPDATE may yet be carried out.
    if (!entry.published_at && !entry.owned) continue;
    if (!entry.deleted_at) {
      known.emplace(entry.record, std::nullopt);
      continue;
    }
    const Time gone_at = memory.counted_from(*entry.deleted_at) + cache_time(entry.ttl_bound, policy);
    if (now < gone_at) known.emplace(entry.record, gone_at);
  }
  for (const auto& record : facts.published()) known[record] = std::nullopt;
  for (const auto& at : facts.servers) {
    if (at.served == nullptr || !at.served->rrset) continue;
    for (const auto& record : at.served->rrset->records) known[record] = std::nullopt;
  }
  std::vector<Known> sorted;
  sorted.reserve(known.size());
  for (auto& [record, gone_at] : known) sorted.push_back({record, gone_at});
  return sorted;
}

}  // namespace tlsa_update
