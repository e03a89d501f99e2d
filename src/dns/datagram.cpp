#include "datagram.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "random.hpp"
#include "socket_trouble.hpp"
#include "watchdog.hpp"

namespace tlsa_update::dns {

namespace asio = boost::asio;
using asio::ip::udp;

asio::awaitable<Carried> carry_datagram(Endpoint peer, MakeAttempt make_attempt, Patience patience) {
  const auto executor = co_await asio::this_coro::executor;
  udp::socket socket(executor);
  boost::system::error_code error;
  bool expired = false;
  Watchdog watchdog(executor, [&] {
    expired = true;
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  watchdog.expire_after(patience.timeout);

  Attempt attempt = make_attempt(random_number());
  Carried carried;
  co_await socket.async_connect({peer.address, peer.port}, asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    co_await socket.async_send(asio::buffer(attempt.wire()),
                               asio::redirect_error(asio::use_awaitable, error));
    carried.sent = !error;
  }
  std::size_t ignored = 0;
  std::array<std::uint8_t, 65535> room;  // larger than asked for is not an excuse to misread it
  while (!error) {
    const auto size =
        co_await socket.async_receive(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
    if (!error && attempt.offer({room.data(), size}, patience.now())) break;
    if (!error) ++ignored;
  }
  carried.judgement = std::move(attempt).take();
  if (error) carried.trouble = unreached(error, peer.address);
  if (expired) carried.trouble.what = "no answer in " + duration_text(patience.timeout);
  if (expired && ignored > 0)
    carried.trouble.what += " (" + std::to_string(ignored) + " datagrams that answer nothing were ignored)";
  co_return carried;
}

}  // namespace tlsa_update::dns
