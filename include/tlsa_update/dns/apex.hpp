// The zone of one server that holds a name, found by its SOA.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

// Errors: refused (the server answers with authority for no zone at or above `name`), and those of
// Exchange::query.
[[nodiscard]] boost::asio::awaitable<Result<Name>> apex_of(Exchange& server, Name name);

}  // namespace tlsa_update::dns
