// Where a TLSA owner lives: the zone cut above it, found by asking (RFC 2136 section 4.1), and the end of its
// CNAME or DNAME path. Never guesses by stripping labels and never takes the zone from a CNAME's answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
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
  std::vector<Name> aliases;  // names passed on the way, `asked` first; empty when there was none
  Exchange* primary = nullptr;
};

// Which primary is configured for a name: per zone, else the default, else the SOA MNAME. Asked once for each
// name and each target of an alias, so it should remember. The pointer lives as long as the callee's owner.
using PrimaryFor = std::function<boost::asio::awaitable<Result<Exchange*>>(Name name)>;

// `zone`: --zone, taken for every name at or below it once the server has answered its SOA with authority;
// the target of an alias that leaves it is found like any other name. Errors: refused with advice (the name
// is below a delegation whose zone this server does not hold, or the server holds no zone above it), usage
// (the name is not in `zone`), bad_data (an alias loop, over max_aliases), and those of Exchange::query.
//
// A CNAME that a wildcard gives is followed when the wildcard speaks of this host only ("*._tcp.host CNAME
// x"). One that covers whole hosts is not: TLSA at its target would be found at each of them.
[[nodiscard]] boost::asio::awaitable<Result<Location>> locate(PrimaryFor primary_for, Name asked,
                                                              std::optional<Name> zone);

}  // namespace tlsa_update::dns
