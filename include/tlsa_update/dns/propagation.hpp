// Every address of every authoritative server of a zone, asked in parallel: who has which RRset, signed and
// valid. Who serves the zone is what several witnesses say together (DESIGN, W2): the primary, the resolver
// and the parent's servers. None of them can hide a server that another one names.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/exchange.hpp"
#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

// The sources for the name servers of a zone and for their addresses.
enum class ServerWitnesses {
  all,           // the primary, the resolver, and the parent's servers with their glue
  not_resolver,  // the resolver shows another view (--resolver none): the primary and the parent's servers
  primary,       // the primary alone; the resolver only for addresses that the primary does not know
};

struct PropagationOptions {
  std::vector<ServerName> nameservers;  // --nameserver: replaces all that is found
  ServerWitnesses witnesses = ServerWitnesses::all;
  std::chrono::milliseconds timeout{5000};
  int retries = 2;
  std::chrono::milliseconds patience{
      0};                       // with a server that does not answer: two more tries, over this time
  std::uint16_t port = 53;      // of NS names
  std::uint64_t now = 0;        // for RRSIG validity
  Family family = Family::any;  // of the addresses of NS names
  std::function<void(const std::string&)> log;
};

// Queries are unsigned and not recursive, over TCP, or UDP where a server has none. Whoever did not answer
// SOA and every owner authoritatively is not reachable and has `trouble`; nobody is left out: an NS without
// any address and a zone whose NS cannot be read at the primary stand in the result too. A resolver or parent
// that does not answer names nobody. A wildcard's answer is not the owner's. The zone keys that signatures
// are held against are those of `primary`, or the server's own where the primary's copy is not signed. Sorted
// by name and address.
[[nodiscard]] boost::asio::awaitable<std::vector<ServerView>> read_servers(Exchange& primary, ZoneView zone,
                                                                           Resolver& resolver,
                                                                           PropagationOptions options);

// The serial of `zone` at its primary now; nothing where that does not answer.
[[nodiscard]] boost::asio::awaitable<std::optional<std::uint32_t>> serial_at(Exchange& primary, Name zone);

// A and AAAA of `host` at these servers (ServerView::address), each asked over UDP, those of one family where
// that is all that counts. Whole when each of them answered with authority.
[[nodiscard]] boost::asio::awaitable<HostAddresses> addresses_at_servers(std::vector<std::string> servers,
                                                                         Name host,
                                                                         PropagationOptions options);

}  // namespace tlsa_update::dns
