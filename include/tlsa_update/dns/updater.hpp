// Sends RrsetChanges of one zone as guarded UPDATEs and reads every one back (invariants I5, I6). Decides
// nothing: a failed prerequisite is reported so that the caller reads and plans again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct ChangeOutcome {
  enum class Kind {
    applied,  // read back as it should be
    moved,    // a prerequisite failed: somebody else changed the RRset
    failed,   // refused, unanswered, or reading back disproves NOERROR: `error`
  };
  Name owner;
  Kind kind = Kind::failed;
  std::optional<Error> error;
  std::optional<Rrset> after;  // as read back
  bool has_rrsig = false;
};

// Messages are filled to the limit of TCP, pipelined, and narrowed when a prerequisite fails. One outcome per
// change, in order. A lost reply is resolved by reading back. `progress(done, total)` may be empty.
[[nodiscard]] boost::asio::awaitable<std::vector<ChangeOutcome>> apply(
    Exchange& primary, Name zone, std::vector<RrsetChange> changes,
    std::function<void(std::size_t, std::size_t)> progress = {});

}  // namespace tlsa_update::dns
