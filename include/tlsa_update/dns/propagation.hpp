// Every address of every authoritative server of a zone, asked in parallel: who has which RRset, signed and
// valid.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/exchange.hpp"
#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

struct PropagationOptions {
  std::vector<ServerName> nameservers;  // --nameserver; empty: NS of the zone, glue, then the resolver
  std::chrono::milliseconds timeout{5000};
  int retries = 2;
  std::uint16_t port = 53;      // of NS names
  std::uint64_t now = 0;        // for RRSIG validity
  Family family = Family::any;  // of the addresses of NS names
  std::function<void(const std::string&)> log;
};

// Queries are unsigned and not recursive, over TCP, or UDP where a server has none. Whoever did not answer
// SOA and every owner authoritatively is not reachable and has `trouble`; nobody is left out: an NS without
// any address and a zone whose NS cannot be read stand in the result too. A wildcard's answer is not the
// owner's. The zone keys that signatures are held against are those of `primary`, or the server's own where
// the primary's copy is not signed.
[[nodiscard]] boost::asio::awaitable<std::vector<ServerView>> read_servers(Exchange& primary, ZoneView zone,
                                                                           Resolver& resolver,
                                                                           PropagationOptions options);

}  // namespace tlsa_update::dns
