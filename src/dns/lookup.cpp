#include "lookup.hpp"

#include <algorithm>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "attempt.hpp"
#include "watchdog.hpp"

namespace tlsa_update::dns {

namespace asio = boost::asio;
using asio::ip::udp;

std::string Endpoint::text() const { return address.to_string() + "@" + std::to_string(port); }

std::optional<Endpoint> literal_endpoint(const ServerName& server) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(server.host, error);
  if (error) return std::nullopt;
  return Endpoint{address, server.port};
}

asio::awaitable<Result<std::vector<Endpoint>>> look_up(ServerName server, std::chrono::milliseconds timeout) {
  if (const auto literal = literal_endpoint(server)) co_return std::vector{*literal};
  const auto executor = co_await asio::this_coro::executor;
  udp::resolver resolver(executor);
  bool expired = false;
  Watchdog watchdog(executor, [&] {
    expired = true;
    resolver.cancel();
  });
  watchdog.expire_after(timeout);
  boost::system::error_code error;
  const auto found = co_await resolver.async_resolve(server.host, std::to_string(server.port),
                                                     udp::resolver::numeric_service,
                                                     asio::redirect_error(asio::use_awaitable, error));
  if (expired)
    co_return fail(ErrorCode::no_answer, "its address was not found in " + duration_text(timeout),
                   server.text());
  if (error)
    co_return fail(ErrorCode::no_answer, "its address is not known: " + error.message(), server.text(),
                   "give the address, or correct the name");
  std::vector<Endpoint> endpoints;
  for (const auto& entry : found) {
    const Endpoint endpoint{entry.endpoint().address(), server.port};
    const auto same = [&](const Endpoint& other) { return other.address == endpoint.address; };
    if (std::none_of(endpoints.begin(), endpoints.end(), same)) endpoints.push_back(endpoint);
  }
  co_return endpoints;
}

}  // namespace tlsa_update::dns
