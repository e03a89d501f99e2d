// The ledger: what DNS cannot tell (DESIGN, "The rollover"). A value; reading and writing its file is state's
// work, keeping it true observe()'s (planner.hpp). A lost, stale or corrupt ledger only ever lengthens a
// wait.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

// Who wants a record: a service of a configuration, or a name of a command line without one.
struct Wanter {
  std::string configuration;  // its path; "" for a command line
  std::string service;        // its label; for a command line, the owner that it names
  auto operator<=>(const Wanter&) const = default;
};

struct WantedBy {
  Wanter who;
  std::optional<Time> unwanted_since = {};  // unset: wanted when its configuration was last run
  bool operator==(const WantedBy&) const = default;
};

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
  // When an UPDATE that deletes it was sent whose answer nobody has seen: a server may still apply it.
  std::optional<Time> unanswered_at = {};
  // OwnerLedger::watched_since when the clock started; unset: nobody knows what was there before.
  std::optional<Time> watched_since = {};
  std::vector<WantedBy> wanters = {};  // sorted, each once
  std::string key_type = {};           // text(KeyType) of its certificate, when that was known; else ""
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

// An authoritative server that a look could not reach.
struct OutOfReach {
  std::string server;   // "ns2.example.com."
  std::string address;  // "192.0.2.2@53"
  Time since{};         // the first look that did not reach it
  bool operator==(const OutOfReach&) const = default;
};

// How often we have set the TTL of an RRset that others write to.
struct TtlMove {
  std::uint32_t to = 0;
  unsigned times = 1;        // that we set it; the second time somebody had set another
  bool is_given_up = false;  // somebody set another once more: from here on it is theirs
  bool operator==(const TtlMove&) const = default;
};

struct OwnerLedger {
  std::vector<LedgerEntry> records;  // sorted by record, each once
  std::vector<ServedTtl> ttls;       // sorted by TTL, each once
  std::optional<TtlLimit> ttl_limit;
  // Since when no two looks were further apart than --longest-ttl; the first of them saw every server.
  std::optional<Time> watched_since = {};
  std::optional<Time> last_look = {};
  std::vector<OutOfReach> out_of_reach = {};  // since the last look that reached every server, or before it
  std::optional<Time> returned_at = {};       // when a look reached every server again
  std::optional<TtlMove> ttl_move = {};
  std::optional<Time> moved_at = {};  // the first look of another machine than those before it
  bool operator==(const OwnerLedger&) const = default;

  [[nodiscard]] const LedgerEntry* find(const TlsaRecord& record) const;
  [[nodiscard]] LedgerEntry& at(const TlsaRecord& record);  // a new, empty entry when there is none

  // From when on a wait counts that began with this stamp: later for one of another machine, whose clock may
  // have been wrong by as much as signed answers let pass, as ours may be.
  [[nodiscard]] Time counted_from(Time stamp) const;
};

// Every time that is remembered, by its key in the ledger's file: a step of the clock moves all of them, and
// all of them are written and read.
template <class Memory>
struct Stamp {
  const char* key;
  std::optional<Time> Memory::*time;
};

inline constexpr std::array entry_stamps{
    Stamp<LedgerEntry>{"published_at", &LedgerEntry::published_at},
    Stamp<LedgerEntry>{"seen_everywhere_at", &LedgerEntry::seen_everywhere_at},
    Stamp<LedgerEntry>{"retired_at", &LedgerEntry::retired_at},
    Stamp<LedgerEntry>{"released_at", &LedgerEntry::released_at},
    Stamp<LedgerEntry>{"deployed_at", &LedgerEntry::deployed_at},
    Stamp<LedgerEntry>{"last_seen_live", &LedgerEntry::last_seen_live},
    Stamp<LedgerEntry>{"deleted_at", &LedgerEntry::deleted_at},
    Stamp<LedgerEntry>{"unanswered_at", &LedgerEntry::unanswered_at},
    Stamp<LedgerEntry>{"watched_since", &LedgerEntry::watched_since}};
inline constexpr std::array owner_stamps{Stamp<OwnerLedger>{"watched_since", &OwnerLedger::watched_since},
                                         Stamp<OwnerLedger>{"last_look", &OwnerLedger::last_look},
                                         Stamp<OwnerLedger>{"returned_at", &OwnerLedger::returned_at},
                                         Stamp<OwnerLedger>{"moved_at", &OwnerLedger::moved_at}};

inline constexpr Seconds clock_tolerance{300};  // of TSIG: the fudge of RFC 8945 section 10

// The wall clock, and how long this boot has lasted: where the two disagree, the wall clock was set.
struct ClockReading {
  Time wall{};
  std::string boot_id;        // "" when unknown: nothing to compare with
  Seconds uptime{};           // since boot, suspension included (CLOCK_BOOTTIME)
  bool is_confirmed = false;  // by a signed answer of this pass: right to within clock_tolerance
  std::string machine = {};   // tells machines apart; "" when unknown
  bool operator==(const ClockReading&) const = default;
};

struct Ledger {
  std::map<Name, OwnerLedger> owners;  // by the name that holds the records, after CNAMEs
  std::optional<ClockReading> last_run;
  bool operator==(const Ledger&) const = default;
};

}  // namespace tlsa_update
