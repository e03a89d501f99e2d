#include "tlsa_update/core/zone_view.hpp"

#include <algorithm>

namespace tlsa_update {

Lack lack_of(const TlsaRecord& record, const ZoneView& zone, const ServerView& server,
             const ServedRrset* served) {
  const bool is_answered = server.reachable && served != nullptr && served->rrset;
  if (!is_answered || !std::ranges::binary_search(served->rrset->records, record)) return Lack::record;
  return is_signed_to_clients(zone) && !has_good_signature(*served) ? Lack::signature : Lack::nothing;
}

bool serial_less(std::uint32_t a, std::uint32_t b) {
  // RFC 1982 section 3.2. Serials that are 2^31 apart have no order: neither is older.
  const std::uint32_t ahead = b - a;
  return ahead != 0 && ahead < 0x80000000U;
}

}  // namespace tlsa_update
