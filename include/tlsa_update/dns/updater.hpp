// Sends RrsetChanges of one zone as guarded UPDATEs and reads every one back (invariants I5, I6). Decides
// nothing: a failed prerequisite is reported so that the caller reads and plans again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct ChangeOutcome {
  enum class Kind {
    applied,   // read back as it should be, whoever brought it about
    moved,     // a prerequisite failed, and the RRset is no longer as observed: somebody else changed it
    failed,    // refused, unanswered, or reading back disproves NOERROR: `error`
    not_sent,  // stopped before its turn came
  };
  Name owner;
  Kind kind = Kind::failed;
  std::optional<Error> error;
  std::optional<Rrset> after;  // as read back; a server may have lowered the TTL (BIND, max-zone-ttl)
  bool has_rrsig = false;      // false in a signed zone: the signature is not there yet, after two seconds
  bool is_in_doubt = false;    // a message with it had no answer that counts, and may still be applied
};

struct ApplyOptions {
  // How many records the zone has, when it was read by transfer: then a transfer reads many changes back as
  // well, where it costs less than a question for each. 0: questions.
  std::size_t transferable_records = 0;
  // What is accepted need not be answered at once: BIND's inline-signing answers before it has signed.
  std::chrono::milliseconds time_to_appear{2'000};
  // For a server that may have forwarded the UPDATE to the primary and follows later: BIND alone puts off a
  // NOTIFY for five seconds.
  std::chrono::milliseconds time_to_follow{10'000};
  std::function<void(std::size_t done, std::size_t total)> progress;  // once a change has its answer
  std::function<bool()> is_stopped;  // asked before each message; what was sent is still read back
};

// Changes are of distinct owners in `zone`, and each changes something. One outcome per change, in order.
//
// Messages are large, a few in flight, no RRset's change ever split. When a prerequisite fails, what moved is
// reported and the rest is sent again; when no mover can be seen within time_to_appear, halves are tried, and
// an owner whose prerequisite fails although it equals the answer is failed with protocol. An owner that the
// server's policy forbids, or that it answers SERVFAIL to, is failed by its name, and the rest of its message
// is done; where every owner of a message is declined alone, all of it has the same error, and of further
// messages only a few owners are tried. A lost reply is resolved by reading back, then sent once more with
// the same prerequisites (RFC 2136 section 5), and failed with no_answer if that is lost as well: the server
// may still apply it. An answer to an UPDATE that is not to be trusted, an unsigned refusal too, is failed
// with its error, and reading back only adds what became of it. NOERROR counts only once every record of the
// change is read back within time_to_appear; a server that is not the zone's primary has time_to_follow.
[[nodiscard]] boost::asio::awaitable<std::vector<ChangeOutcome>> apply(Exchange& primary, Name zone,
                                                                       std::vector<RrsetChange> changes,
                                                                       ApplyOptions options = {});

}  // namespace tlsa_update::dns
