// One request over UDP on a socket of its own: connected, so that the kernel checks the source, from a random
// port (RFC 5452 section 9.2). Whatever does not fit the request is ignored until the deadline.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "attempt.hpp"
#include "stream.hpp"

namespace tlsa_update::dns {

inline constexpr std::size_t udp_payload = 1232;  // what make_query() says in OPT (RFC 6891 section 6.2.5)

[[nodiscard]] boost::asio::awaitable<Carried> carry_datagram(Endpoint peer, MakeAttempt make_attempt,
                                                             Patience patience);

}  // namespace tlsa_update::dns
