// Addresses of a server without DNS of ours: the literal itself, or what the system's resolver says of a host
// name, where /etc/hosts and the like apply.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "stream.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

// Nothing when `server` is a host name.
[[nodiscard]] std::optional<Endpoint> literal_endpoint(const ServerName& server);

// Error no_answer: the host has no address, or none came in time.
[[nodiscard]] boost::asio::awaitable<Result<HostAddresses>> ask_system(std::string host,
                                                                       std::chrono::milliseconds timeout);

}  // namespace tlsa_update::dns
