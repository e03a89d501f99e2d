// Does a server pass UPDATEs on to the zone's primary (RFC 2136 section 6)? Then NOERROR says that the
// primary has made the change, which shows here only after a NOTIFY and a transfer.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

// The primary is whom the SOA names (RFC 2136 section 4.3). True when that has an address of this family in
// the zone, and the server in use is at another one; false also if that cannot be known.
[[nodiscard]] boost::asio::awaitable<bool> may_forward(Exchange& server, Name zone);

}  // namespace tlsa_update::dns
