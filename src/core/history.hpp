// What nobody has seen: the time before an owner was watched (a new, lost or old ledger), and what a name
// server that was out of reach may have handed out. Both count as the worst that they can be.
#pragma once

#include <optional>

#include "owner_facts.hpp"

namespace tlsa_update {

// One more look at an owner: is it still watched, and which servers are out of reach, or have returned? An
// outage is forgotten once no cache holds what the server may have come back with.
void follow_history(OwnerLedger& memory, const OwnerFacts& facts, const Policy& policy, Time now);

// The longest TTL that an RRset of this owner has had, as far as caches may remember it.
[[nodiscard]] std::uint32_t longest_known_ttl(const OwnerLedger& memory);

// Why nobody may rely yet on a record that is everywhere, and until when.
struct Doubt {
  Reason reason = Reason::no_history;
  Time ends{};
  Places places = {};
};

// Before the owner was watched it may have had another RRset, of --longest-ttl, which caches hold. `entry`
// has been seen everywhere.
[[nodiscard]] Doubt doubt_of_the_past(const LedgerEntry& entry, const OwnerLedger& memory,
                                      std::uint32_t named_ttl, const Policy& policy);

// A server that comes back may do so with an old zone, and hand it out until it catches up. Nothing while
// all are known to have stood still.
[[nodiscard]] std::optional<Doubt> doubt_of_a_return(const OwnerLedger& memory, const Policy& policy);

// An UPDATE that deletes the record may arrive late (RFC 2136 section 3.5): until its signature is good no
// more (RFC 8945 section 5.2.3), for a server whose clock is behind ours by as much as it lets pass. Nothing
// when every deletion has had its answer.
[[nodiscard]] std::optional<Doubt> doubt_of_a_deletion(const LedgerEntry& entry, const OwnerLedger& memory);

}  // namespace tlsa_update
