// One owner at one instant: the facts, what the ledger remembers, the rules, and the time. Answers whether a
// record may be relied on (RFC 7671 section 8.1).
#pragma once

#include <optional>

#include "owner_facts.hpp"
#include "wanters.hpp"

namespace tlsa_update {

// Can clients be assumed to have this record? If not, `waits_for` is the reason.
struct Reliance {
  std::optional<Reason> waits_for;
  std::optional<Time> ready_at;  // unset while the clock has not started (I8)
  Places places = {};            // the servers that it waits for

  [[nodiscard]] bool is_given() const { return !waits_for; }
};

struct Situation {
  const OwnerFacts& facts;
  const OwnerLedger& memory;
  const Policy& policy;
  Time now;

  [[nodiscard]] Reliance reliance(const TlsaRecord& record) const;

  // The same for a deployment: what every address presents already changes nothing for anybody, so that what
  // nobody has seen is no reason to wait.
  [[nodiscard]] Reliance reliance_for_deployment(const TlsaRecord& record) const;
  [[nodiscard]] bool is_owned(const TlsaRecord& record) const;
  // Somebody wants it who was not asked; nothing for what is not in the ledger.
  [[nodiscard]] std::optional<Claim> claim_on(const TlsaRecord& record) const;
  // Ours, and nobody keeps it.
  [[nodiscard]] bool is_disposable(const TlsaRecord& record) const;

  // Its credential was released for deployment, has not been seen since, and what every address presents was
  // not deployed later: it may go live at any moment.
  [[nodiscard]] bool may_go_live(const LedgerEntry& entry) const;

  // The records that clients may still know: served by any server, or by none any more but not for long
  // enough. `gone_at` is when the last copy of a record that is served nowhere will have left the caches.
  struct Known {
    TlsaRecord record;
    std::optional<Time> gone_at;
  };
  [[nodiscard]] std::vector<Known> known_to_clients() const;  // sorted by record

 private:
  enum class Doubts { counted, ignored };
  [[nodiscard]] Reliance reliance(const TlsaRecord& record, Doubts doubts) const;

  // The current certificates are what every address presents, and nothing else is.
  [[nodiscard]] bool is_in_use() const;

  // Was what is served certainly deployed after that release: known to have been, or of a key of which no
  // record is as old?
  [[nodiscard]] bool is_newer(const Served& served, Time release) const;
};

// What the ledger holds of one owner; empty for one that it does not know.
[[nodiscard]] const OwnerLedger& memory_of(const Ledger& ledger, const Name& owner);

// The longest that a cache holds an answer with this TTL, by the operator's reckoning (RFC 7671 section 8.1).
[[nodiscard]] Seconds cache_time(std::uint32_t ttl, const Policy& policy);

}  // namespace tlsa_update
