// What an RrsetChange measures on the wire, how many fit into one UPDATE, and whether an RRset that was read
// shows the change. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

// As many as one message gets. BIND compares each change of a message with all before it: 2,000 adds took 2.5
// s of its time in messages of 1,000, 1.5 s in messages of 500, 1.1 s in messages of 250. Knot, which commits
// once a message, hardly notices.
inline constexpr std::size_t most_changes = 250;

// Places in `changes`, grouped in order so that each group fits one message (make_update), none split, and
// holds no more than most_changes. A change too large for any message is a group of its own, and make_update
// says so.
[[nodiscard]] std::vector<std::vector<std::size_t>> pack(const Name& zone,
                                                         const std::vector<RrsetChange>& changes,
                                                         std::size_t limit = max_update_size);

enum class Effect {
  applied,    // everything that was to be added is there, nothing of what was to go
  unchanged,  // as observed
  ttl_kept,   // as observed, where only a longer TTL was asked for: not made, or the server grants no more
  other,      // neither: somebody else, or a server that did half
};
[[nodiscard]] Effect effect_of(const RrsetChange& change, const std::optional<Rrset>& seen);

}  // namespace tlsa_update::dns
