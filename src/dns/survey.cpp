#include "survey.hpp"

#include <algorithm>
#include <utility>

#include "gather.hpp"
#include "lookup.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

constexpr std::size_t servers_at_once = 32;
constexpr std::size_t names_at_once = 16;
constexpr const char* others_unknown = "its other addresses could not be found";
constexpr std::size_t most_servers = 100;   // names; the DNS root has 13
constexpr std::size_t most_addresses = 64;  // of one name
constexpr std::size_t most_parents = 4;     // addresses that are asked for the delegation
constexpr std::chrono::milliseconds parent_timeout{1000};

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

void collect_addresses(const std::vector<Record>& records, const Name& host,
                       std::set<ip::address>& addresses) {
  for (const auto& record : records) {
    if (record.owner != host) continue;
    if (const auto address = address_in(record.type, record.rdata)) addresses.insert(*address);
  }
}

void collect_names(const std::vector<Record>& records, const Name& apex, std::set<Name>& names) {
  for (const auto& record : records) {
    if (record.type != type::ns || record.owner != apex) continue;
    if (auto target = target_of(record)) names.insert(std::move(*target));
  }
}

}  // namespace

asio::awaitable<void> Survey::by_ns() {
  const auto ask = [this](std::size_t i) -> asio::awaitable<void> {
    if (i == 0) return by_primary();
    return i == 1 ? by_resolver() : by_parent();
  };
  co_await gather(3, 3, ask);
}

asio::awaitable<void> Survey::by_primary() {
  const auto answer = co_await primary_.query(Question(census_.apex, type::ns));
  std::set<Name> names;
  if (answer) collect_names(answer->answer, census_.apex, names);
  if (!names.empty() && names.size() <= most_servers) co_return co_await meet(std::move(names), false);
  const std::string why = !answer         ? answer.error().text()
                          : names.empty() ? "the primary names none"
                                          : "the primary names " + std::to_string(names.size());
  note("NS of " + census_.apex.text(), "the authoritative servers are not known: " + why);
}

asio::awaitable<void> Survey::by_resolver() {
  if (!asks_resolver()) co_return;
  const auto names = co_await resolver_.name_servers(census_.apex);
  if (names.size() <= most_servers) co_await meet({names.begin(), names.end()}, true);
}

asio::awaitable<void> Survey::by_parent() {
  if (census_.options.witnesses == ServerWitnesses::primary || census_.apex.is_root()) co_return;
  auto parents = co_await resolver_.servers_above(census_.apex);
  std::erase_if(parents, [&](const auto& one) { return !belongs_to(census_.options.family, one); });
  if (parents.size() > most_parents) parents.resize(most_parents);
  co_await ask_parents(std::move(parents));
}

asio::awaitable<void> Survey::ask_parents(std::vector<ip::address> parents) {
  const auto ask = [&](std::size_t i) -> asio::awaitable<void> {
    const auto found = co_await delegation_at(parents[i]);
    if (found.names.empty() || found.names.size() > most_servers) co_return;
    std::vector<std::pair<Name, Addresses>> glued;
    for (const auto& host : found.names) {
      Addresses addresses;
      collect_addresses(found.glue, host, addresses);
      hosts_[host].is_named_by_world = true;
      glued.emplace_back(host, std::move(addresses));
    }
    const auto take_up = [&](std::size_t n) -> asio::awaitable<void> {
      if (n == glued.size()) return meet(found.names, true);
      return read(glued[n].first, glued[n].second, true);
    };
    co_await gather(glued.size() + 1, servers_at_once, take_up);
  };
  co_await gather(parents.size(), most_parents, ask);
}

// RFC 1034 section 4.2.1: the delegation stands in the authority section with its glue; a server that holds
// the child zone as well answers for that.
asio::awaitable<Survey::Delegation> Survey::delegation_at(ip::address parent) const {
  ExchangeOptions options;
  options.server = {parent.to_string(), census_.options.port};
  options.transport = Transport::udp;
  options.timeout = std::min(census_.options.timeout, parent_timeout);
  options.retries = 1;
  options.log = census_.options.log;
  Exchange exchange(co_await asio::this_coro::executor, std::move(options));
  const auto answer = co_await exchange.query(Question(census_.apex, type::ns));
  Delegation found;
  if (!answer || answer->rcode != rcode::noerror) co_return found;
  collect_names(answer->answer, census_.apex, found.names);
  collect_names(answer->authority, census_.apex, found.names);
  found.glue = answer->additional;
  co_return found;
}

asio::awaitable<void> Survey::meet(std::set<Name> names, bool is_by_world) {
  std::vector<Name> unknown;
  for (const auto& name : names) {
    auto& host = hosts_[name];
    (is_by_world ? host.is_named_by_world : host.is_named_by_primary) = true;
    if (!std::exchange(host.is_looked_up, true)) unknown.push_back(name);
  }
  const auto look = [&](std::size_t i) { return look_up(unknown[i]); };
  co_await gather(unknown.size(), names_at_once, look);
}

// In the zone itself the primary knows glue of a delegated name as well (RFC 1034 section 4.2.1); what the
// resolver finds is what the world asks.
asio::awaitable<void> Survey::look_up(Name host) {
  const bool has_world = asks_resolver() || !is_inside(host);
  if (is_inside(host) && has_world) {
    const auto ask = [&](std::size_t i) {
      return i == 0 ? look_up_at_primary(host) : look_up_at_resolver(host);
    };
    co_return co_await gather(2, 2, ask);
  }
  if (has_world) co_return co_await look_up_at_resolver(host);
  co_await look_up_at_primary(host);
  const auto& known = hosts_[host];
  if (!known.is_whole || (known.at.empty() && !known.has_others)) co_await look_up_at_resolver(host);
}

asio::awaitable<void> Survey::look_up_at_primary(Name host) {
  Addresses addresses;
  bool is_whole = true;
  for (const auto kind : {type::a, type::aaaa}) {
    const auto answer = co_await primary_.query(Question(host, kind));
    const bool is_told = answer && (answer->rcode == rcode::noerror || answer->rcode == rcode::nxdomain);
    is_whole = is_whole && is_told;
    if (!is_told) continue;
    collect_addresses(answer->answer, host, addresses);
    collect_addresses(answer->additional, host, addresses);
  }
  hosts_[host].is_whole |= is_whole;
  co_await read(host, std::move(addresses), false);
}

asio::awaitable<void> Survey::look_up_at_resolver(Name host) {
  const auto found = co_await resolver_.addresses(host);
  if (!found) co_return;
  hosts_[host].is_whole |= found->both_families_answered;
  hosts_[host].has_others |= found->has_others;
  co_await read(host, {found->addresses.begin(), found->addresses.end()}, true);
}

// Those that nobody has read yet.
asio::awaitable<void> Survey::read(Name host, Addresses addresses, bool is_by_world) {
  auto& known = hosts_[host];  // a map's entries stay where they are
  known.has_others |= std::erase_if(addresses, [&](const ip::address& address) {
                        return !belongs_to(census_.options.family, address);
                      }) > 0;
  std::vector<ServerView*> unread;
  for (const auto& address : addresses) {
    if (known.at.size() == most_addresses && !known.at.contains(address)) {
      known.has_too_many = true;
      continue;
    }
    const auto [place, is_new] = known.at.try_emplace(address);
    auto& view = place->second;
    if (is_new) {
      view = trouble_with(host.text(), Endpoint{address, census_.options.port}.text(), {});
      view.is_named_by_primary = false;
      unread.push_back(&view);
    }
    (is_by_world ? view.is_named_by_world : view.is_named_by_primary) = true;
  }
  const auto executor = co_await asio::this_coro::executor;
  const auto read_one = [&](std::size_t i) -> asio::awaitable<void> {
    ServerReader reader(executor, census_, *unread[i]);
    co_await reader.read();
  };
  co_await gather(unread.size(), servers_at_once, read_one);
}

asio::awaitable<void> Survey::by_option() {
  const auto& nameservers = census_.options.nameservers;
  for (const auto& nameserver : nameservers) {
    const auto found = co_await resolver_.addresses_of_server(nameserver.host);
    if (!found) {
      note(nameserver.host, found.error().text());
      continue;
    }
    for (const auto& address : found->addresses)
      others_.push_back(trouble_with(nameserver.host, Endpoint{address, nameserver.port}.text(), {}));
    if (!found->is_whole) note(nameserver.host, others_unknown);
  }
  const auto executor = co_await asio::this_coro::executor;
  const auto read_one = [&](std::size_t i) -> asio::awaitable<void> {
    if (others_[i].address.empty()) co_return;
    ServerReader reader(executor, census_, others_[i]);
    co_await reader.read();
  };
  co_await gather(others_.size(), servers_at_once, read_one);
}

void Survey::note(std::string name, std::string trouble) {
  others_.push_back(trouble_with(std::move(name), "", std::move(trouble)));
}

// A server is the world's when the world names it and its address too: a name of the primary's may have
// another address in the world. Whom nobody names but the world, the primary knows nothing of.
void Survey::mark_named() {
  for (auto& [name, host] : hosts_) {
    for (auto& [address, view] : host.at) {
      view.is_named_by_primary = host.is_named_by_primary && (view.is_named_by_primary || !is_inside(name));
      view.is_named_by_world = view.is_named_by_world && host.is_named_by_world;
    }
  }
}

// Each name with its addresses, and then with what is not known of it.
std::vector<ServerView> Survey::take() {
  mark_named();
  std::vector<ServerView> servers;
  for (auto& [name, host] : hosts_) {
    for (auto& [address, view] : host.at) servers.push_back(std::move(view));
    const bool is_anywhere = !host.at.empty() || host.has_others;
    if (!is_anywhere) servers.push_back(trouble_with(name.text(), "", "it has no address"));
    if (host.has_too_many)
      servers.push_back(
          trouble_with(name.text(), "", "it has more than " + std::to_string(most_addresses) + " addresses"));
    if (is_anywhere && !host.is_whole) servers.push_back(trouble_with(name.text(), "", others_unknown));
  }
  std::ranges::move(others_, std::back_inserter(servers));
  // Nobody would be asked: then nothing is known of the world.
  if (servers.empty())
    servers.push_back(trouble_with("NS of " + census_.apex.text(), "", nobody_left(census_.options.family)));
  return servers;
}

}  // namespace tlsa_update::dns
