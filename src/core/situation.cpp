#include "situation.hpp"

#include <algorithm>
#include <map>

namespace tlsa_update {

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

Reliance Situation::reliance(const TlsaRecord& record) const {
  if (!contains(facts.published(), record)) return {Reason::missing, std::nullopt};
  if (auto lag = facts.not_everywhere(record)) return {lag->reason, std::nullopt, std::move(lag->places)};
  const LedgerEntry* entry = memory.find(record);
  if (entry == nullptr || !entry->seen_everywhere_at) return {Reason::propagating, std::nullopt};
  // RFC 7671 section 8.1: at least two TTLs, counted from when nobody handed out the RRset before any more.
  const Time ready_at = *entry->seen_everywhere_at + cache_time(entry->ttl_bound, policy);
  if (now < ready_at) return {Reason::may_be_cached, ready_at};
  return {std::nullopt, ready_at};
}

std::vector<Situation::Known> Situation::known_to_clients() const {
  std::map<TlsaRecord, std::optional<Time>> known;
  for (const auto& entry : memory.records) {
    // An owned record that was never seen was meant to be published: its UPDATE may yet be carried out.
    if (!entry.published_at && !entry.owned) continue;
    if (!entry.deleted_at) {
      known.emplace(entry.record, std::nullopt);
    } else if (const Time gone_at = *entry.deleted_at + cache_time(entry.ttl_bound, policy); now < gone_at) {
      known.emplace(entry.record, gone_at);
    }
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
