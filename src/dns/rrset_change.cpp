#include "rrset_change.hpp"

#include <algorithm>

#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

constexpr std::size_t pointer_size = 2;         // an owner's end is a pointer to the zone's name
constexpr std::size_t record_fields_size = 10;  // type, class, TTL, RDLENGTH (RFC 1035 section 4.1.3)
constexpr std::size_t parameters_size = 3;      // usage, selector, matching type

// Octets of `change` in an UPDATE of `zone` as make_update writes it.
std::size_t size_of(const Name& zone, const RrsetChange& change) {
  const std::size_t before_rdata =
      change.owner.wire().size() - zone.wire().size() + pointer_size + record_fields_size;
  std::size_t size = change.observed ? 0 : before_rdata;  // RFC 2136 section 2.4.3: no RDATA
  const auto add = [&](const TlsaRecords& records) {
    for (const auto& record : records) size += before_rdata + parameters_size + record.data.size();
  };
  if (change.observed) add(change.observed->records);
  add(change.remove);
  add(change.add);
  return size;
}

bool has(const TlsaRecords& records, const TlsaRecord& record) {
  return std::find(records.begin(), records.end(), record) != records.end();
}

const TlsaRecords& records_of(const std::optional<Rrset>& rrset) {
  static const TlsaRecords none;
  return rrset ? rrset->records : none;
}

}  // namespace

std::vector<std::vector<std::size_t>> pack(const Name& zone, const std::vector<RrsetChange>& changes,
                                           std::size_t limit) {
  const std::size_t empty = header_size + zone.wire().size() + 4;  // ZTYPE and ZCLASS
  std::vector<std::vector<std::size_t>> messages;
  std::size_t used = limit;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::size_t size = size_of(zone, changes[i]);
    if (messages.empty() || used + size > limit || messages.back().size() == most_changes) {
      messages.emplace_back();
      used = empty;
    }
    messages.back().push_back(i);
    used += size;
  }
  return messages;
}

Effect effect_of(const RrsetChange& change, const std::optional<Rrset>& seen) {
  const auto& now = records_of(seen);
  const bool has_added =
      std::all_of(change.add.begin(), change.add.end(), [&](const auto& record) { return has(now, record); });
  // A record that is deleted and added again moves to another TTL.
  const bool has_removed = std::none_of(change.remove.begin(), change.remove.end(), [&](const auto& record) {
    return has(now, record) && !has(change.add, record);
  });
  const bool same_records = now == records_of(change.observed);
  const bool same_ttl = !seen || !change.observed || seen->ttl == change.observed->ttl;
  const bool moves_ttl = std::any_of(change.remove.begin(), change.remove.end(),
                                     [&](const auto& record) { return has(change.add, record); });
  const bool still_old_ttl = moves_ttl && same_ttl && change.observed && change.ttl != change.observed->ttl;
  if (has_added && has_removed && !still_old_ttl) return Effect::applied;
  // BIND lowers what exceeds max-zone-ttl, and says NOERROR.
  if (has_added && has_removed && change.ttl > change.observed->ttl)
    return same_records ? Effect::ttl_kept : Effect::applied;
  return same_records ? Effect::unchanged : Effect::other;
}

}  // namespace tlsa_update::dns
