// A host without IPv6 (or IPv4) that is to reach an address of that family: what the administrator can do.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <string>

namespace tlsa_update {

// Names the option that leaves addresses of the peer's family out, where the kernel knows no way to the peer;
// else "".
[[nodiscard]] std::string advice_without_route(const boost::system::error_code& error,
                                               const boost::asio::ip::address& peer);

}  // namespace tlsa_update
