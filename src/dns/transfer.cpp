#include "transfer.hpp"

#include <boost/asio/this_coro.hpp>

#include "attempt.hpp"
#include "frames.hpp"
#include "watchdog.hpp"

namespace tlsa_update::dns {

namespace asio = boost::asio;

namespace {

// Timeouts that a whole transfer may take, ten minutes of the default one: an unsigned one could else be kept
// going for ever.
constexpr int patience = 120;

}  // namespace

asio::awaitable<TransferCarried> carry_transfer(std::unique_ptr<Stream> stream, Endpoint peer,
                                                ByteView request, const Exchange::TransferMessage& message,
                                                std::chrono::milliseconds timeout) {
  TransferCarried carried;
  Frames frames(std::move(stream));
  std::string expired;  // what did
  const auto on_expiry = [&](const std::string& what) {
    return [&, what] {
      expired = what;
      frames.stream().close();
    };
  };
  const auto executor = co_await asio::this_coro::executor;
  Watchdog watchdog(executor, on_expiry("no answer in " + duration_text(timeout)));
  Watchdog longest(executor, on_expiry("no end in " + duration_text(patience * timeout)));
  const auto ended = [&](Error error) {
    if (!expired.empty()) error = {ErrorCode::no_answer, expired, {}, {}};
    // RFC 5936 section 2.2: without its closing SOA a transfer is none.
    if (expired.empty() && carried.started) error.code = ErrorCode::protocol;
    if (carried.started) error.what = "the transfer broke off: " + error.what;
    carried.result = tl::unexpected<Error>(std::move(error));
    return carried;
  };
  longest.expire_after(patience * timeout);
  watchdog.expire_after(timeout);
  if (auto connected = co_await frames.stream().connect(peer); !connected) co_return ended(connected.error());
  Bytes framed;
  Frames::append(framed, request);
  if (auto written = co_await frames.stream().write(framed); !written) co_return ended(written.error());
  for (;;) {
    while (const auto next = frames.take()) {
      carried.started = true;
      watchdog.expire_after(timeout);
      const auto complete = message(*next);
      if (!complete) carried.result = tl::unexpected<Error>(complete.error());
      if (!complete || *complete) co_return carried;
    }
    if (auto filled = co_await frames.fill(); !filled) co_return ended(filled.error());
  }
}

}  // namespace tlsa_update::dns
