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
  std::vector<Record> keys;  // DNSKEY of the apex at the primary; empty when unsigned there, or not readable
  PropagationOptions options;
};

ServerView trouble_with(std::string name, std::string address, std::string trouble) {
  ServerView view;
  view.name = std::move(name);
  view.address = std::move(address);
  view.trouble = std::move(trouble);
  return view;
}

std::string nobody_left(Family family) {
  return family == Family::ipv4 ? "no name server has an IPv4 address, and --ipv4-only leaves the others out"
                                : "no name server has an IPv6 address, and --ipv6-only leaves the others out";
}

ServerView at_address(const std::string& name, const ip::address& address, std::uint16_t port) {
  return trouble_with(name, Endpoint{address, port}.text(), {});
}

// Addresses of a name server, wherever they are known. `is_whole`: both A and AAAA were answered.
struct ServerAddresses {
  std::set<ip::address> addresses;
  bool is_whole = true;
  bool has_others = false;  // of a family that does not count
};

void collect(const std::vector<Record>& records, const Name& host, std::set<ip::address>& addresses) {
  for (const auto& record : records) {
    if (record.owner != host) continue;
    if (const auto address = address_in(record.type, record.rdata)) addresses.insert(*address);
  }
}

// In the zone itself the primary knows best, glue of a delegated name included (RFC 1034 section 4.2.1); of
// other names only the resolver counts.
asio::awaitable<ServerAddresses> addresses_of(Exchange& primary, Resolver& resolver, const Name& apex,
                                              Family family, Name host) {
  ServerAddresses found;
  if (host.is_at_or_below(apex)) {
    for (const auto kind : {type::a, type::aaaa}) {
      const auto answer = co_await primary.query(Question(host, kind));
      const bool is_told = answer && (answer->rcode == rcode::noerror || answer->rcode == rcode::nxdomain);
      found.is_whole = found.is_whole && is_told;
      if (!is_told) continue;
      collect(answer->answer, host, found.addresses);
      collect(answer->additional, host, found.addresses);
    }
    const auto others = std::erase_if(
        found.addresses, [&](const ip::address& address) { return !belongs_to(family, address); });
    found.has_others = others > 0;
    if (found.is_whole && (!found.addresses.empty() || found.has_others)) co_return found;
  }
  const auto resolved = co_await resolver.addresses(host);
  found.is_whole = resolved && resolved->both_families_answered;
  if (resolved) found.addresses.insert(resolved->addresses.begin(), resolved->addresses.end());
  if (resolved) found.has_others = found.has_others || resolved->has_others;
  co_return found;
}

// One view for each address of a host, and one for what is not known of it.
void add_views(const Name& host, const ServerAddresses& found, std::uint16_t port,
               std::vector<ServerView>& servers) {
  for (const auto& address : found.addresses) servers.push_back(at_address(host.text(), address, port));
  const bool is_anywhere = !found.addresses.empty() || found.has_others;
  if (!is_anywhere) servers.push_back(trouble_with(host.text(), "", "it has no address"));
  if (is_anywhere && !found.is_whole) servers.push_back(trouble_with(host.text(), "", others_unknown));
}

// One view for each address; those without one stand for themselves, in trouble.
asio::awaitable<std::vector<ServerView>> servers_by_ns(Exchange& primary, Resolver& resolver,
                                                       const Name& apex, std::uint16_t port, Family family) {
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
    found[i] = co_await addresses_of(primary, resolver, apex, family, hosts[i]);
  };
  co_await gather(hosts.size(), names_at_once, look);
  std::vector<ServerView> servers;
  for (std::size_t i = 0; i < hosts.size(); ++i) add_views(hosts[i], found[i], port, servers);
  // Nobody would be asked: then nothing is known of the world.
  if (servers.empty()) servers.push_back(trouble_with("NS of " + apex.text(), "", nobody_left(family)));
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

// What a server says of the whole zone.
struct ApexAnswer {
  std::uint32_t serial = 0;
  std::optional<std::vector<Record>>
      keys;  // DNSKEY and what signs them; nothing if the server did not answer
};

// Owners are asked over one connection to each server, all at once.
class ServerReader {
 public:
  ServerReader(asio::any_io_executor executor, const Census& census, ServerView& view)
      : executor_(std::move(executor)), census_(census), view_(view) {}

  asio::awaitable<void> read() {
    auto server = exchange(Transport::tcp);
    auto apex = co_await ask_apex(server);
    if (!apex && apex.error().code == ErrorCode::no_answer) {
      // Every name server must do TCP (RFC 7766 section 5), but resolvers get by on UDP where one does not.
      server = exchange(Transport::udp);
      if (auto over_udp = co_await ask_apex(server)) apex = std::move(over_udp);
    }
    if (!apex) {
      note_trouble({}, apex.error());
      co_return;
    }
    take_apex(*std::move(apex));
    const std::vector<Name> owners(census_.owners.begin(), census_.owners.end());
    view_.rrsets.resize(owners.size());
    const auto ask = [&](std::size_t i) -> asio::awaitable<void> {
      auto served = co_await ask_owner(server, owners[i]);
      if (served)
        view_.rrsets[i] = std::move(*served);
      else
        note_trouble(owners[i].text() + ": ", served.error());
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

  void note_trouble(const std::string& about, Error error) {
    view_.advice = std::exchange(error.advice, {});
    view_.trouble = about + error.text();
  }

  void take_apex(ApexAnswer apex) {
    view_.serial = apex.serial;
    if (!apex.keys) return;
    std::vector<Record> signatures;
    for (auto& record : *apex.keys) {
      if (record.owner != census_.apex) continue;
      if (record.type == type::dnskey) own_keys_.push_back(record);
      if (record.type == type::rrsig) signatures.push_back(record);
    }
    view_.is_signed = !own_keys_.empty();
    if (*view_.is_signed)
      view_.key_fault = signature_fault(own_keys_, signatures, own_keys_, census_.apex, census_.options.now);
  }

  // One after the other, as BIND answers two small questions at once later (see inquiry.cpp).
  asio::awaitable<Result<ApexAnswer>> ask_apex(Exchange& server) const {
    const auto serial = co_await ask_serial(server);
    if (!serial) co_return tl::unexpected<Error>(serial.error());
    auto keys = co_await server.query(Question(census_.apex, type::dnskey));
    const bool is_told = keys && keys->rcode == rcode::noerror && keys->authoritative;
    if (!is_told) co_return ApexAnswer{*serial, std::nullopt};
    co_return ApexAnswer{*serial, std::move(keys->answer)};
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
    if (answer->signed_labels && !is_own(owner, *answer->signed_labels)) {
      served.wildcard_answer = answer->rrset;
      co_return served;
    }
    served.rrset = answer->rrset;
    served.has_rrsig = answer->has_rrsig;
    if (answer->has_rrsig && !keys().empty()) {
      served.rrsig_fault = fault_in(*message, owner);
      served.rrsig_valid = !served.rrsig_fault;
    }
    co_return served;
  }

  // Behind an unsigned primary it is the server that knows the keys.
  [[nodiscard]] const std::vector<Record>& keys() const {
    return census_.keys.empty() ? own_keys_ : census_.keys;
  }

  [[nodiscard]] std::optional<SignatureFault> fault_in(const Message& message, const Name& owner) const {
    return signature_fault(records_at(message.answer, owner, type::tlsa),
                           records_at(message.answer, owner, type::rrsig), keys(), census_.apex,
                           census_.options.now);
  }

  asio::any_io_executor executor_;
  const Census& census_;
  ServerView& view_;
  std::vector<Record> own_keys_;  // DNSKEY
};

asio::awaitable<std::vector<Record>> zone_keys(Exchange& primary, const Name& apex) {
  const auto answer = co_await primary.query(Question(apex, type::dnskey));
  co_return answer ? records_at(answer->answer, apex, type::dnskey) : std::vector<Record>{};
}

}  // namespace

asio::awaitable<std::vector<ServerView>> read_servers(Exchange& primary, ZoneView zone, Resolver& resolver,
                                                      PropagationOptions options) {
  Census census{zone.apex, {}, {}, options};
  for (const auto& owner : zone.owners) census.owners.insert(owner.owner);
  if (zone.is_signed) census.keys = co_await zone_keys(primary, zone.apex);

  std::vector<ServerView> servers;
  if (options.nameservers.empty())
    servers = co_await servers_by_ns(primary, resolver, zone.apex, options.port, options.family);
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
