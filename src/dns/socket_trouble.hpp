// What the kernel says about sockets, in words for people.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::dns {

[[nodiscard]] tl::unexpected<Error> fail_socket(const boost::system::error_code& error);

// Of an attempt to reach this address: where the host has no way to it, with advice.
[[nodiscard]] Error unreached(const boost::system::error_code& error, const boost::asio::ip::address& peer);

// True when a read would find the end or an error; nothing is taken from the socket.
[[nodiscard]] bool end_of_stream(int socket) noexcept;

}  // namespace tlsa_update::dns
