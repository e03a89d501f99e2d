#include "forwarder.hpp"

#include <algorithm>

#include "tlsa_update/dns/zone_reader.hpp"

namespace tlsa_update::dns {
namespace {

std::optional<Name> primary_in(const Message& message) {
  for (const auto& record : message.answer) {
    if (record.type != type::soa) continue;
    if (auto soa = soa_of(record)) return std::move(soa->mname);
  }
  return std::nullopt;
}

}  // namespace

boost::asio::awaitable<bool> may_forward(Exchange& server, Name zone) {
  const Question question{std::move(zone), type::soa};
  const auto soa = co_await server.query(question);
  const auto primary = soa ? primary_in(*soa) : std::nullopt;
  const auto here = parse_server(server.address());
  if (!primary || !here) co_return false;
  const auto family = here->host.find(':') == std::string::npos ? type::a : type::aaaa;
  const auto addresses = co_await addresses_at(server, *primary, family);
  const auto is_here = [&](const auto& address) { return address.to_string() == here->host; };
  co_return addresses && !addresses->empty() && std::ranges::none_of(*addresses, is_here);
}

}  // namespace tlsa_update::dns
