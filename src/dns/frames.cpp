#include "frames.hpp"

#include <cassert>
#include <cstring>

namespace tlsa_update::dns {

std::optional<ByteView> Frames::take() {
  const std::size_t have = end_ - begin_;
  if (have < 2) return std::nullopt;
  const std::size_t length = static_cast<std::size_t>(room_[begin_] * 256 + room_[begin_ + 1]);
  if (have < 2 + length) return std::nullopt;
  const ByteView message(room_.get() + begin_ + 2, length);
  begin_ += 2 + length;
  return message;
}

boost::asio::awaitable<Result<void>> Frames::fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity - begin_ < largest) {  // the message that has begun might not fit behind: move it to the front
    std::memmove(room_.get(), room_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto size = co_await stream_->read_some({room_.get() + end_, capacity - end_});
  if (size) {
    end_ += *size;
    co_return Result<void>{};
  }
  Error error = size.error();
  if (within_message()) {
    error.code = ErrorCode::protocol;
    error.what = "the connection ended within a message: " + error.what;
  }
  co_return tl::unexpected<Error>(std::move(error));
}

void Frames::append(Bytes& octets, ByteView message) {
  assert(message.size() <= 65535);
  octets.push_back(static_cast<std::uint8_t>(message.size() >> 8));
  octets.push_back(static_cast<std::uint8_t>(message.size() & 255));
  octets.insert(octets.end(), message.begin(), message.end());
}

}  // namespace tlsa_update::dns
