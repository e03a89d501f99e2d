#include "tlsa_update/dns/propagation.hpp"

#include <algorithm>
#include <utility>

#include "gather.hpp"
#include "lookup.hpp"
#include "survey.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

asio::awaitable<std::vector<Record>> zone_keys(Exchange& primary, const Name& apex) {
  const auto answer = co_await primary.query(Question(apex, type::dnskey));
  co_return answer ? records_at(answer->answer, apex, type::dnskey) : std::vector<Record>{};
}

// Of one type. Whole when the server says so with authority, and leads to no other name.
asio::awaitable<HostAddresses> addresses_of_type(Exchange& server, Name host, std::uint16_t family) {
  const auto answer = co_await server.query(Question(std::move(host), family));
  const bool is_told = answer && answer->authoritative &&
                       (answer->rcode == rcode::noerror || answer->rcode == rcode::nxdomain);
  if (!is_told) co_return HostAddresses{{}, false};
  HostAddresses found;
  for (const auto& record : answer->answer) {
    if (record.type == type::cname) found.is_whole = false;
    if (record.type != family) continue;
    if (const auto address = address_of(record)) found.addresses.push_back(*address);
  }
  co_return found;
}

Exchange by_udp(const asio::any_io_executor& executor, const std::string& server,
                const PropagationOptions& how) {
  ExchangeOptions options;
  options.server = *parse_server(server);
  options.transport = Transport::udp;
  options.timeout = how.timeout;
  options.retries = how.retries;
  options.log = how.log;
  return {executor, std::move(options)};
}

}  // namespace

asio::awaitable<std::vector<ServerView>> read_servers(Exchange& primary, ZoneView zone, Resolver& resolver,
                                                      PropagationOptions options) {
  Census census{zone.apex, {}, {}, options};
  for (const auto& owner : zone.owners) census.owners.insert(owner.owner);
  if (zone.is_signed) census.keys = co_await zone_keys(primary, zone.apex);
  Survey survey(primary, resolver, census);
  if (options.nameservers.empty())
    co_await survey.by_ns();
  else
    co_await survey.by_option();
  co_return survey.take();
}

asio::awaitable<std::optional<std::uint32_t>> serial_at(Exchange& primary, Name zone) {
  const auto answer = co_await primary.query(Question(zone, type::soa));
  if (!answer) co_return std::nullopt;
  for (const auto& record : answer->answer) {
    if (record.type != type::soa || record.owner != zone) continue;
    if (const auto soa = soa_of(record)) co_return soa->serial;
  }
  co_return std::nullopt;
}

asio::awaitable<HostAddresses> addresses_at_servers(std::vector<std::string> servers, Name host,
                                                    PropagationOptions options) {
  HostAddresses found{{}, !servers.empty()};
  const auto executor = co_await asio::this_coro::executor;
  const auto ask = [&](std::size_t i) -> asio::awaitable<void> {
    auto server = by_udp(executor, servers[i], options);
    for (const auto family : {type::a, type::aaaa}) {
      if (options.family == (family == type::a ? Family::ipv6 : Family::ipv4)) continue;
      const auto some = co_await addresses_of_type(server, host, family);
      found.is_whole = found.is_whole && some.is_whole;
      for (const auto& address : some.addresses) {
        if (std::ranges::find(found.addresses, address) == found.addresses.end())
          found.addresses.push_back(address);
      }
    }
  };
  co_await gather(servers.size(), servers.size(), ask);
  co_return found;
}

}  // namespace tlsa_update::dns
