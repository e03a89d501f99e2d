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

bool belongs_to(Family family, const asio::ip::address& address) {
  return family == Family::any || address.is_v4() == (family == Family::ipv4);
}

asio::awaitable<Result<HostAddresses>> ask_system(std::string host, std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  udp::resolver resolver(executor);
  bool expired = false;
  Watchdog watchdog(executor, [&] {
    expired = true;
    resolver.cancel();
  });
  watchdog.expire_after(timeout);
  boost::system::error_code error;
  const auto found =
      co_await resolver.async_resolve(host, "", asio::redirect_error(asio::use_awaitable, error));
  if (expired)
    co_return fail(ErrorCode::no_answer, "its address was not found in " + duration_text(timeout), host);
  if (error)
    co_return fail(ErrorCode::no_answer, "its address is not known: " + error.message(), host,
                   "give the address, or correct the name");
  HostAddresses host_addresses;
  auto& known = host_addresses.addresses;
  for (const auto& entry : found) {
    const auto address = entry.endpoint().address();
    if (std::find(known.begin(), known.end(), address) == known.end()) known.push_back(address);
  }
  co_return host_addresses;
}

}  // namespace tlsa_update::dns
