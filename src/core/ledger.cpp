#include "tlsa_update/core/ledger.hpp"

#include <algorithm>

namespace tlsa_update {

const LedgerEntry* OwnerLedger::find(const TlsaRecord& record) const {
  const auto place = std::ranges::lower_bound(records, record, {}, &LedgerEntry::record);
  return place != records.end() && place->record == record ? &*place : nullptr;
}

Time OwnerLedger::counted_from(Time stamp) const {
  return moved_at && stamp <= *moved_at ? stamp + 2 * clock_tolerance : stamp;
}

LedgerEntry& OwnerLedger::at(const TlsaRecord& record) {
  const auto place = std::ranges::lower_bound(records, record, {}, &LedgerEntry::record);
  if (place != records.end() && place->record == record) return *place;
  LedgerEntry entry;
  entry.record = record;
  return *records.insert(place, std::move(entry));
}

}  // namespace tlsa_update
