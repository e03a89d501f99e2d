// The ledger: what DNS cannot tell (DESIGN, "The rollover"). A value; reading and writing its file is cli's
// work, keeping it true observe()'s (planner.hpp). A lost, stale or corrupt ledger only ever lengthens a
// wait.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

struct LedgerEntry {
  TlsaRecord record;
  bool owned = false;                      // published by us, found while wanted, or adopted (invariant I4)
  std::optional<Time> published_at;        // first seen at the primary since it was last absent
  std::optional<Time> seen_everywhere_at;  // start of the clock (invariant I8)
  std::uint32_t ttl_bound = 0;      // seconds; no copy of an RRset without the record lives longer in caches
  std::optional<Time> retired_at;   // when it stopped being wanted
  std::optional<Time> released_at;  // when its credential was last released for deployment
  std::optional<Time> deployed_at;  // when its credential was last known to be installed for the service
  std::optional<Time> last_seen_live;  // when a probe last met a chain that it matches
  std::optional<Time> deleted_at;      // seen nowhere any more; kept while caches may still hold it
  bool operator==(const LedgerEntry&) const = default;
};

// A TTL that the owner's answers had, also the negative ones (RFC 2308 section 5): caches count it down for
// that long after the last server stopped to serve it.
struct ServedTtl {
  std::uint32_t ttl = 0;
  std::optional<Time> gone_at;  // unset while any server serves it or may serve it
  bool operator==(const ServedTtl&) const = default;
};

// What a server makes of the TTL that it is given: BIND lowers it to max-zone-ttl. Only asking tells.
struct TtlLimit {
  std::uint32_t asked = 0;    // by an UPDATE
  std::uint32_t granted = 0;  // as read back
  bool operator==(const TtlLimit&) const = default;
};

struct OwnerLedger {
  std::vector<LedgerEntry> records;  // sorted by record, each once
  std::vector<ServedTtl> ttls;       // sorted by TTL, each once
  std::optional<TtlLimit> ttl_limit;
  bool operator==(const OwnerLedger&) const = default;

  [[nodiscard]] const LedgerEntry* find(const TlsaRecord& record) const;
  [[nodiscard]] LedgerEntry& at(const TlsaRecord& record);  // a new, empty entry when there is none
};

inline constexpr Seconds clock_tolerance{300};  // of TSIG: the fudge of RFC 8945 section 10

// The wall clock, and how long this boot has lasted: where the two disagree, the wall clock was set.
struct ClockReading {
  Time wall{};
  std::string boot_id;        // "" when unknown: nothing to compare with
  Seconds uptime{};           // since boot, suspension included (CLOCK_BOOTTIME)
  bool is_confirmed = false;  // by a signed answer of this pass: right to within clock_tolerance
  bool operator==(const ClockReading&) const = default;
};

struct Ledger {
  std::map<Name, OwnerLedger> owners;  // by the name that holds the records, after CNAMEs
  std::optional<ClockReading> last_run;
  bool operator==(const Ledger&) const = default;
};

}  // namespace tlsa_update
