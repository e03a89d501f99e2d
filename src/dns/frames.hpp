// DNS messages on a stream, each after its length in two octets (RFC 1035 section 4.2.2). Reads as much as
// the kernel has in one call, so that a transfer costs few of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "stream.hpp"

namespace tlsa_update::dns {

class Frames {
 public:
  explicit Frames(std::unique_ptr<Stream> stream)
      : stream_(std::move(stream)), room_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)) {}

  // The next whole message that has been read; valid until fill().
  [[nodiscard]] std::optional<ByteView> take();

  // Waits for more octets. Error no_answer: the peer closed between messages; protocol: within one.
  [[nodiscard]] boost::asio::awaitable<Result<void>> fill();

  [[nodiscard]] bool within_message() const { return end_ > begin_; }
  [[nodiscard]] Stream& stream() { return *stream_; }

  // Length and message together, for one write (RFC 7766 section 8). `message`: at most 65,535 octets.
  static void append(Bytes& octets, ByteView message);

 private:
  static constexpr std::size_t largest = 2 + 65535, capacity = 256U << 10;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<std::uint8_t[]> room_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace tlsa_update::dns
