// The octets of one zone transfer: a connection of its own, one request, many messages handed over in order.
// The next message is not taken before the last was digested, so a slow reader slows the server, not our
// memory.
#pragma once

#include "stream.hpp"

namespace tlsa_update::dns {

struct TransferCarried {
  Result<void> result;
  bool started = false;  // a message came
};

// `timeout`: for the connection, and then for each message; 120 times that for all of them.
[[nodiscard]] boost::asio::awaitable<TransferCarried> carry_transfer(std::unique_ptr<Stream> stream,
                                                                     Endpoint peer, ByteView request,
                                                                     const Exchange::TransferMessage& message,
                                                                     std::chrono::milliseconds timeout);

}  // namespace tlsa_update::dns
