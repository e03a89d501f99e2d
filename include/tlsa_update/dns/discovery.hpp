// Where a TLSA owner lives: the zone cut above it, found by asking (RFC 2136 section 4.1), and the end of its
// CNAME or DNAME path. Never guesses by stripping labels and never takes the zone from a CNAME's answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct Location {
  Name asked;
  Name owner;                 // after CNAMEs and DNAMEs
  Name zone;                  // apex of the zone that holds `owner` at `primary`
  std::vector<Name> aliases;  // names passed on the way
  Exchange* primary = nullptr;
};

// Which primary is configured for a name: per zone, else the default, else the SOA MNAME. The pointer lives
// as long as the callee's owner.
using PrimaryFor = std::function<boost::asio::awaitable<Result<Exchange*>>(Name name)>;

// Errors: refused with advice (name is below a delegation whose zone this server does not hold), bad_data
// (CNAME loop, over 8 aliases), and those of Exchange::query. `zone`: --zone, trusted but checked to be
// served.
[[nodiscard]] boost::asio::awaitable<Result<Location>> locate(PrimaryFor primary_for, Name asked,
                                                              std::optional<Name> zone);

}  // namespace tlsa_update::dns
