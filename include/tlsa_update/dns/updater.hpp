// Sends RrsetChanges of one zone as guarded UPDATEs and reads every one back (invariants I5, I6). Decides
// nothing: a failed prerequisite is reported so that the caller reads and plans again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct ChangeOutcome {
  enum class Kind {
    applied,  // read back as it should be, whoever brought it about
    moved,    // a prerequisite failed: somebody else changed the RRset
    failed,   // refused, unanswered, or reading back disproves NOERROR: `error`
  };
  Name owner;
  Kind kind = Kind::failed;
  std::optional<Error> error;  // all changes of one refused message have the same
  std::optional<Rrset> after;  // as read back; a server may have lowered the TTL (BIND, max-zone-ttl)
  bool has_rrsig = false;      // false in a signed zone: the signature is not there yet, after two seconds
};

// Changes are of distinct owners in `zone`, and each changes something. One outcome per change, in order.
// `progress(done, total)` may be empty.
//
// Messages are filled to the limit of TCP, a few in flight, no RRset's change ever split. When a prerequisite
// fails, what moved is reported and the rest is sent again; when no mover can be seen, halves are tried. A
// lost reply is resolved by reading back, then sent once more with the same prerequisites (RFC 2136 section
// 5), and failed with no_answer if that is lost as well: the server may still apply it. An answer to an
// UPDATE that is not to be trusted is failed with its error, whatever reading back says. NOERROR counts only
// once every record of the change is read back, which a server has two seconds for (inline signing).
[[nodiscard]] boost::asio::awaitable<std::vector<ChangeOutcome>> apply(
    Exchange& primary, Name zone, std::vector<RrsetChange> changes,
    std::function<void(std::size_t, std::size_t)> progress = {});

}  // namespace tlsa_update::dns
