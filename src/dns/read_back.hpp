// Reads an RRset back from the server that was sent an UPDATE of it (invariant I6: NOERROR is not proof).
// Says what the RRset is now; what follows from that is for the updater to decide.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "rrset_change.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct Seen {
  std::optional<Rrset> rrset;  // the owner's own; a wildcard's answer is not (RFC 4035 section 5.3.4)
  bool has_rrsig = false;
  Effect effect = Effect::other;

  [[nodiscard]] bool is_as_before() const {
    return effect == Effect::unchanged || effect == Effect::ttl_kept;
  }
};

class ReadBack {
 public:
  ReadBack(Exchange& primary, Name zone) : primary_(primary), zone_(std::move(zone)) {}

  // One question. Errors: those of Exchange::query, and protocol where no TLSA can be read at the owner (an
  // alias, a delegation).
  [[nodiscard]] boost::asio::awaitable<Result<Seen>> look(const RrsetChange& change);

  // Looks again until the change shows, with its signature in a signed zone, or `patience` is over.
  [[nodiscard]] boost::asio::awaitable<Result<Seen>> watch(const RrsetChange& change,
                                                           std::chrono::milliseconds patience);

  // Looks again until the RRset is no longer as observed, or `patience` is over.
  [[nodiscard]] boost::asio::awaitable<Result<Seen>> watch_for_movement(const RrsetChange& change,
                                                                        std::chrono::milliseconds patience);

 private:
  template <class IsEnough>
  boost::asio::awaitable<Result<Seen>> look_until(const RrsetChange& change,
                                                  std::chrono::milliseconds patience, IsEnough is_enough);
  boost::asio::awaitable<bool> lacks_signature(const Seen& seen);

  Exchange& primary_;
  Name zone_;
  std::optional<bool> is_signed_;  // asked for once, when an RRset comes without a signature
};

}  // namespace tlsa_update::dns
