#include "tlsa_update/dns/propagation.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "gather.hpp"
#include "lookup.hpp"
#include "rrsig.hpp"
#include "tlsa_answer.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

constexpr std::size_t servers_at_once = 32;
constexpr std::size_t names_at_once = 16;
constexpr std::size_t owners_at_once = 256;
constexpr const char* others_unknown = "its other addresses could not be found";
constexpr std::size_t most_servers = 100;  // names; the DNS root has 13

// What is asked of every server, and what their answers are compared with.
struct Census {
  Name apex;
  std::set<Name> owners;
  std::vector<Record> keys;  // DNSKEY of the apex; empty when the zone is unsigned or they could not be read
  PropagationOptions options;
};

ServerView trouble_with(std::string name, std::string address, std::string trouble) {
  ServerView view;
  view.name = std::move(name);
  view.address = std::move(address);
  view.trouble = std::move(trouble);
  return view;
}

ServerView at_address(const std::string& name, const ip::address& address, std::uint16_t port) {
  return trouble_with(name, Endpoint{address, port}.text(), {});
}

// Addresses of a name server, wherever they are known. `is_whole`: both A and AAAA were answered.
struct ServerAddresses {
  std::set<ip::address> addresses;
  bool is_whole = true;
};

void collect(const std::vector<Record>& records, const Name& host, std::set<ip::address>& addresses) {
  for (const auto& record : records) {
    if (record.owner != host) continue;
    if (record.type == type::a && record.rdata.size() == 4) {
      ip::address_v4::bytes_type octets;
      std::copy(record.rdata.begin(), record.rdata.end(), octets.begin());
      addresses.insert(ip::address_v4(octets));
    } else if (record.type == type::aaaa && record.rdata.size() == 16) {
      ip::address_v6::bytes_type octets;
      std::copy(record.rdata.begin(), record.rdata.end(), octets.begin());
      addresses.insert(ip::address_v6(octets));
    }
  }
}

// In the zone itself the primary knows best, glue of a delegated name included (RFC 1034 section 4.2.1); of
// other names only the resolver's word counts.
asio::awaitable<ServerAddresses> addresses_of(Exchange& primary, Resolver& resolver, const Name& apex,
                                              Name host) {
  ServerAddresses found;
  if (host.is_at_or_below(apex)) {
    for (const auto family : {type::a, type::aaaa}) {
      const auto answer = co_await primary.query(Question(host, family));
      const bool is_told = answer && (answer->rcode == rcode::noerror || answer->rcode == rcode::nxdomain);
      found.is_whole = found.is_whole && is_told;
      if (!is_told) continue;
      collect(answer->answer, host, found.addresses);
      collect(answer->additional, host, found.addresses);
    }
    if (found.is_whole && !found.addresses.empty()) co_return found;
  }
  const auto resolved = co_await resolver.addresses(host);
  found.is_whole = resolved && resolved->both_families_answered;
  if (resolved) found.addresses.insert(resolved->addresses.begin(), resolved->addresses.end());
  co_return found;
}

// One view for each address; those without one stand for themselves, in trouble.
asio::awaitable<std::vector<ServerView>> servers_by_ns(Exchange& primary, Resolver& resolver,
                                                       const Name& apex, std::uint16_t port) {
  const auto answer = co_await primary.query(Question(apex, type::ns));
  std::set<Name> names;
  if (answer) {
    for (const auto& record : answer->answer)
      if (const auto target = target_of(record); record.type == type::ns && record.owner == apex && target)
        names.insert(*target);
  }
  if (names.empty() || names.size() > most_servers) {
    const std::string why = !answer         ? answer.error().text()
                            : names.empty() ? "the primary names none"
                                            : "the primary names " + std::to_string(names.size());
    co_return std::vector{
        trouble_with("NS of " + apex.text(), "", "the authoritative servers are not known: " + why)};
  }
  const std::vector<Name> hosts(names.begin(), names.end());
  std::vector<ServerAddresses> found(hosts.size());
  const auto look = [&](std::size_t i) -> asio::awaitable<void> {
    found[i] = co_await addresses_of(primary, resolver, apex, hosts[i]);
  };
  co_await gather(hosts.size(), names_at_once, look);
  std::vector<ServerView> servers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    for (const auto& address : found[i].addresses)
      servers.push_back(at_address(hosts[i].text(), address, port));
    if (found[i].addresses.empty()) servers.push_back(trouble_with(hosts[i].text(), "", "it has no address"));
    if (!found[i].addresses.empty() && !found[i].is_whole)
      servers.push_back(trouble_with(hosts[i].text(), "", others_unknown));
  }
  co_return servers;
}

// --nameserver: names are looked up as --server is.
asio::awaitable<std::vector<ServerView>> servers_by_option(const std::vector<ServerName>& nameservers,
                                                           Resolver& resolver) {
  std::vector<ServerView> servers;
  for (const auto& nameserver : nameservers) {
    const auto found = co_await resolver.addresses_of_server(nameserver.host);
    if (!found) {
      servers.push_back(trouble_with(nameserver.host, "", found.error().text()));
      continue;
    }
    for (const auto& address : found->addresses)
      servers.push_back(at_address(nameserver.host, address, nameserver.port));
    if (!found->is_whole) servers.push_back(trouble_with(nameserver.host, "", others_unknown));
  }
  co_return servers;
}

// Owners are asked over one connection to each server, all at once.
class ServerReader {
 public:
  ServerReader(asio::any_io_executor executor, const Census& census, ServerView& view)
      : executor_(std::move(executor)), census_(census), view_(view) {}

  asio::awaitable<void> read() {
    auto server = exchange(Transport::tcp);
    auto serial = co_await ask_serial(server);
    if (!serial && serial.error().code == ErrorCode::no_answer) {
      // Every name server must do TCP (RFC 7766 section 5), but resolvers get by on UDP where one does not.
      server = exchange(Transport::udp);
      if (auto over_udp = co_await ask_serial(server)) serial = *over_udp;
    }
    if (!serial) {
      view_.trouble = serial.error().text();
      co_return;
    }
    view_.serial = *serial;
    const std::vector<Name> owners(census_.owners.begin(), census_.owners.end());
    view_.rrsets.resize(owners.size());
    const auto ask = [&](std::size_t i) -> asio::awaitable<void> {
      auto served = co_await ask_owner(server, owners[i]);
      if (served)
        view_.rrsets[i] = std::move(*served);
      else
        view_.trouble = owners[i].text() + ": " + served.error().text();
    };
    co_await gather(owners.size(), owners_at_once, ask);
    // What did not answer every question has not been read.
    view_.reachable = view_.trouble.empty();
    if (!view_.reachable) view_.rrsets.clear();
  }

 private:
  Exchange exchange(Transport transport) const {
    ExchangeOptions options;
    options.server = *parse_server(view_.address);
    options.transport = transport;
    options.timeout = census_.options.timeout;
    options.retries = transport == Transport::tcp ? census_.options.retries : 0;
    options.log = census_.options.log;
    return {executor_, std::move(options)};
  }

  asio::awaitable<Result<std::uint32_t>> ask_serial(Exchange& server) const {
    const auto answer = co_await server.query(Question(census_.apex, type::soa));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (answer->rcode != rcode::noerror || !answer->authoritative)
      co_return fail(ErrorCode::refused,
                     "it does not serve the zone: " +
                         (answer->rcode != rcode::noerror ? rcode_text(answer->rcode) : "not authoritative"),
                     view_.address);
    for (const auto& record : answer->answer) {
      if (record.type != type::soa || record.owner != census_.apex) continue;
      const auto soa = soa_of(record);
      if (!soa) co_return tl::unexpected<Error>(soa.error());
      co_return soa->serial;
    }
    co_return fail(ErrorCode::protocol, "it answers without the zone's SOA", view_.address);
  }

  asio::awaitable<Result<ServedRrset>> ask_owner(Exchange& server, const Name& owner) const {
    const auto message = co_await server.query(Question(owner, type::tlsa));
    if (!message) co_return tl::unexpected<Error>(message.error());
    const auto answer = read_tlsa_answer(*message, owner, view_.address);
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    ServedRrset served;
    served.owner = owner;
    if (answer->kind != TlsaAnswer::Kind::data) co_return served;
    // RFC 4035 section 5.3.4: fewer labels mean that a wildcard answered, not the owner.
    if (answer->signed_labels && !is_own(owner, *answer->signed_labels)) co_return served;
    served.rrset = answer->rrset;
    served.has_rrsig = answer->has_rrsig;
    if (answer->has_rrsig && !census_.keys.empty()) served.rrsig_valid = verifies(*message, owner);
    co_return served;
  }

  bool verifies(const Message& message, const Name& owner) const {
    std::vector<Record> rrset, signatures;
    for (const auto& record : message.answer) {
      if (record.owner != owner) continue;
      if (record.type == type::tlsa) rrset.push_back(record);
      if (record.type == type::rrsig) signatures.push_back(record);
    }
    return has_valid_signature(rrset, signatures, census_.keys, census_.apex, census_.options.now);
  }

  asio::any_io_executor executor_;
  const Census& census_;
  ServerView& view_;
};

asio::awaitable<std::vector<Record>> zone_keys(Exchange& primary, const Name& apex) {
  std::vector<Record> keys;
  const auto answer = co_await primary.query(Question(apex, type::dnskey));
  if (answer)
    for (const auto& record : answer->answer)
      if (record.type == type::dnskey && record.owner == apex) keys.push_back(record);
  co_return keys;
}

}  // namespace

asio::awaitable<std::vector<ServerView>> read_servers(Exchange& primary, ZoneView zone, Resolver& resolver,
                                                      PropagationOptions options) {
  Census census{zone.apex, {}, {}, options};
  for (const auto& owner : zone.owners) census.owners.insert(owner.owner);
  if (zone.is_signed) census.keys = co_await zone_keys(primary, zone.apex);

  std::vector<ServerView> servers;
  if (options.nameservers.empty())
    servers = co_await servers_by_ns(primary, resolver, zone.apex, options.port);
  else
    servers = co_await servers_by_option(options.nameservers, resolver);

  const auto executor = co_await asio::this_coro::executor;
  const auto read_one = [&](std::size_t i) -> asio::awaitable<void> {
    if (servers[i].address.empty()) co_return;
    ServerReader reader(executor, census, servers[i]);
    co_await reader.read();
  };
  co_await gather(servers.size(), servers_at_once, read_one);
  co_return servers;
}

}  // namespace tlsa_update::dns
