// The addresses of a server: the literal itself, or what the system's resolver says of a host name (RFC 2136
// names no server; /etc/hosts and the like apply).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "stream.hpp"

namespace tlsa_update::dns {

// Nothing when `server` is a host name.
[[nodiscard]] std::optional<Endpoint> literal_endpoint(const ServerName& server);

// At least one, each once. Error no_answer: the name has no address, or none came in time.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<Endpoint>>> look_up(
    ServerName server, std::chrono::milliseconds timeout);

}  // namespace tlsa_update::dns
