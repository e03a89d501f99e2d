// The ledger: what DNS cannot tell (DESIGN, "The rollover"). A value; reading and writing its file is cli's
// work. A lost, stale or corrupt ledger only ever lengthens a wait.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

struct LedgerEntry {
  TlsaRecord record;
  bool owned = false;                      // published by us, found while wanted, or adopted (invariant I4)
  std::optional<Time> published_at;        // first seen or confirmed at the primary
  std::optional<Time> seen_everywhere_at;  // start of the clock (invariant I8)
  std::uint32_t ttl_bound = 0;  // the largest TTL or negative TTL that caches may still count down, seconds
  std::optional<Time> retired_at;      // when it stopped being wanted
  std::optional<Time> last_seen_live;  // when a probe last met a chain that it matches
  std::optional<Time> deleted_at;      // kept for two TTLs after deletion: caches may hold it
  bool operator==(const LedgerEntry&) const = default;
};

struct Ledger {
  std::map<Name, std::vector<LedgerEntry>> owners;
  std::optional<Time> last_run;  // a clock that has stepped back since is noticed
  bool operator==(const Ledger&) const = default;
};

}  // namespace tlsa_update
