#include "whereabouts.hpp"

#include <algorithm>
#include <ifaddrs.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <set>

#include "gather.hpp"
#include "tlsa_update/dns/propagation.hpp"

namespace tlsa_update::rollover {
namespace {

using boost::asio::awaitable;
namespace ip = boost::asio::ip;

// Where a service is.
struct Found {
  std::vector<ip::address> addresses;
  bool are_all = true;  // false: there may be others, which could not be asked for
};

template <class Find>
void find_all(Session& session, std::vector<Probe>& probes, const Find& find) {
  std::vector<awaitable<Found>> jobs;
  jobs.reserve(probes.size());
  for (const auto& probe : probes) jobs.push_back(find(probe));
  const auto found = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto& request = probes[i].request;
    probes[i].addresses_known = found[i].are_all;
    add_at(request, found[i].addresses);
  }
}

// The servers to ask for the addresses of a host in this zone.
std::vector<std::string> authorities_of(const ZoneView& zone) {
  std::vector<std::string> servers;
  for (const auto& server : zone.servers)
    if (server.reachable) servers.push_back(server.address);
  return servers;
}

void add_new(std::vector<ip::address>& addresses, const std::vector<ip::address>& more) {
  for (const auto& address : more)
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

// Without those of loopback: to each client that reads them in DNS they mean itself.
std::set<ip::address> own_addresses() {
  std::set<ip::address> own;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return own;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, &::freeifaddrs);
  for (const auto* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto* const v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      own.insert(ip::address_v4(ntohl(v4->sin_addr.s_addr)));
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      ip::address_v6::bytes_type octets;
      std::ranges::copy(v6->sin6_addr.s6_addr, octets.begin());
      own.insert(ip::address_v6(octets));
    }
  }
  std::erase_if(own, [](const ip::address& address) { return address.is_loopback(); });
  return own;
}

// Which of the services run on this machine.
class Neighbourhood {
 public:
  Neighbourhood(const std::vector<ZoneView>& zones, const Sources& sources, Family family)
      : hosts_(sources.hosts), own_(own_addresses()), family_(family) {
    for (std::size_t i = 0; i < zones.size(); ++i) {
      for (const auto& owner : zones[i].owners) zones_.emplace(owner.asked, &sources.zones[i]);
    }
  }

  // Leaves out what is elsewhere. A host whose A records are elsewhere has no AAAA records here.
  awaitable<Found> find_addresses(const Probe& probe) const {
    const auto& configured = probe.asked->settings->addresses;
    if (!configured.empty()) co_return Found{configured};
    const auto zone = zones_.find(probe.asked->owner);
    if (zone == zones_.end()) co_return Found{};
    const auto& host = probe.request.service.host;
    const bool is_known = hosts_.contains(host);
    // Where a transfer brought no address, thousands of questions are not worth it.
    if (!is_known && zone->second->transferred_records > 0) co_return Found{};
    auto& primary = *zone->second->primary;
    Addresses v4;
    if (is_known) {
      v4 = hosts_.at(host);
    } else {
      v4 = co_await ask(primary, host, dns::type::a);
    }
    if (!v4.empty() && std::ranges::none_of(v4, [&](const auto& address) { return own_.contains(address); }))
      co_return Found{};
    auto all = co_await ask(primary, host, dns::type::aaaa);
    all.insert(all.begin(), v4.begin(), v4.end());
    std::erase_if(all, [&](const auto& address) { return !is_here(address); });
    co_return Found{std::move(all)};
  }

 private:
  using Addresses = std::vector<ip::address>;

  [[nodiscard]] bool is_here(const ip::address& address) const {
    return own_.contains(address) && dns::belongs_to(family_, address);
  }

  // Whatever is wrong with the answer, the service is then not known to be here.
  static awaitable<Addresses> ask(dns::Exchange& primary, Name host, std::uint16_t family) {
    auto found = co_await dns::addresses_at(primary, std::move(host), family);
    if (!found) co_return Addresses{};
    co_return std::move(*found);
  }

  const std::map<Name, Addresses>& hosts_;
  std::set<ip::address> own_;
  Family family_;
  std::map<Name, const Sources::Zone*> zones_;
};

// Where clients find the services. W7: no source may hide an address that another one knows. Of a host that
// every server answers for, a resolver that does not answer hides nothing.
class Directory {
 public:
  Directory(Session& session, const std::vector<ZoneView>& zones, const Sources& sources)
      : session_(session), zones_(zones), sources_(sources) {
    for (const auto& zone : zones) {
      for (const auto& owner : zone.owners)
        if (!owner.host_exists) places_without_host_.emplace(owner.asked, &zone);
    }
  }

  // By --address and the authoritative servers. --address says where a service is, and not that it is nowhere
  // else.
  awaitable<Found> find_addresses(const Probe& probe) const {
    Found found{probe.asked->settings->addresses};
    if (is_bound(probe) || has_no_host(probe)) co_return found;
    found.are_all = co_await ask_authorities(probe.request.service.host, found.addresses);
    co_return found;
  }

  // By --address, else by the resolver; one that does not answer hides no service.
  awaitable<Found> find_as_resolved(const Probe& probe) const {
    const auto& configured = probe.asked->settings->addresses;
    if (!configured.empty()) co_return Found{configured};
    auto resolved = co_await session_.resolver().addresses(probe.request.service.host);
    if (resolved) co_return Found{std::move(resolved->addresses), resolved->both_families_answered};
    session_.events().warning(resolved.error().text());
    co_return co_await find_addresses(probe);
  }

  // What the resolver adds. It is not waited for again once it has left a question without an answer, as
  // those do that limit rates.
  awaitable<void> ask_resolver(std::vector<Probe>& probes) const {
    constexpr std::size_t hosts_at_once = 64;
    std::vector<Probe*> open;
    for (auto& probe : probes) {
      if (!is_bound(probe) && (!probe.addresses_known || session_.request().has_witness))
        open.push_back(&probe);
    }
    std::ranges::stable_partition(open, [](const Probe* probe) { return !probe->addresses_known; });
    co_await gather_while(open.size(), hosts_at_once, [&](std::size_t i) { return add_resolved(*open[i]); });
  }

 private:
  using Addresses = std::vector<ip::address>;

  // --address-only
  static bool is_bound(const Probe& probe) {
    const auto& settings = *probe.asked->settings;
    return settings.address_only && !settings.addresses.empty();
  }

  // false: nobody answers.
  awaitable<bool> add_resolved(Probe& probe) const {
    auto& request = probe.request;
    const auto effort = probe.addresses_known ? dns::Effort::little : dns::Effort::usual;
    const auto resolved = co_await session_.resolver().addresses(request.service.host, effort);
    if (!resolved) {
      if (!probe.addresses_known) session_.events().warning(resolved.error().text());
      co_return resolved.error().topic != Topic::silence;
    }
    add_at(request, resolved->addresses);
    probe.addresses_known = probe.addresses_known || resolved->both_families_answered;
    co_return true;
  }

  // The primary has been asked for the host already, and knows nothing of it.
  [[nodiscard]] bool has_no_host(const Probe& probe) const {
    const auto place = places_without_host_.find(probe.asked->owner);
    return place != places_without_host_.end() && place->second->servers.empty() &&
           probe.request.service.host.is_at_or_below(place->second->apex);
  }

  // True: there are no others.
  awaitable<bool> ask_authorities(const Name& host, Addresses& addresses) const {
    bool is_held = false, is_settled = false;
    for (std::size_t i = 0; i < zones_.size(); ++i) {
      const auto& zone = zones_[i];
      if (!host.is_at_or_below(zone.apex)) continue;
      is_held = true;
      bool is_whole = false;
      if (zone.servers.empty())
        is_whole = co_await ask_primary(*sources_.zones[i].primary, host, addresses);
      else
        is_whole = co_await ask_servers(zone, host, addresses);
      is_settled = is_settled || is_whole;
    }
    if (is_held) co_return is_settled;
    // An alias of the owner leads to another zone than the host's.
    auto* const primary = (co_await session_.primary_for()(host)).value_or(nullptr);
    if (primary == nullptr) co_return false;
    co_return co_await ask_primary(*primary, host, addresses);
  }

  awaitable<bool> ask_servers(const ZoneView& zone, const Name& host, Addresses& addresses) const {
    dns::PropagationOptions options;
    options.timeout = session_.request().timeout;
    options.retries = session_.request().retries;
    options.family = session_.request().family;
    const auto known = co_await dns::addresses_at_servers(authorities_of(zone), host, std::move(options));
    add_new(addresses, known.addresses);
    co_return known.is_whole;
  }

  // Without an address the host may be an alias to elsewhere, or delegated.
  awaitable<bool> ask_primary(dns::Exchange& primary, const Name& host, Addresses& addresses) const {
    bool is_whole = true;
    Addresses all;
    for (const auto family : {dns::type::a, dns::type::aaaa}) {
      const auto noted = sources_.hosts.find(host);
      if (family == dns::type::a && noted != sources_.hosts.end()) {
        all = noted->second;
        continue;
      }
      const auto told = co_await dns::addresses_at(primary, host, family);
      is_whole = is_whole && told.has_value();
      if (told) add_new(all, *told);
    }
    is_whole = is_whole && !all.empty();
    std::erase_if(all, [&](const auto& one) { return !dns::belongs_to(session_.request().family, one); });
    add_new(addresses, all);
    co_return is_whole;
  }

  Session& session_;
  const std::vector<ZoneView>& zones_;
  const Sources& sources_;
  std::map<Name, const ZoneView*> places_without_host_;
};

}  // namespace

void add_at(probe::ProbeRequest& request, const std::vector<ip::address>& addresses) {
  for (const auto& address : addresses) {
    const auto is_it = [&](const probe::SocketAddress& known) { return known.address == address; };
    if (std::ranges::none_of(request.addresses, is_it))
      request.addresses.push_back({address, request.service.port});
  }
}

void find_as_resolved(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                      const Sources& sources) {
  const Directory directory(session, zones, sources);
  find_all(session, probes, [&](const Probe& probe) { return directory.find_as_resolved(probe); });
}

void find_everywhere(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                     const Sources& sources) {
  const Directory directory(session, zones, sources);
  find_all(session, probes, [&](const Probe& probe) { return directory.find_addresses(probe); });
  std::vector<awaitable<void>> jobs;
  jobs.push_back(directory.ask_resolver(probes));
  session.run_all(std::move(jobs));
}

void find_nearby(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                 const Sources& sources) {
  const Neighbourhood neighbourhood(zones, sources, session.request().family);
  find_all(session, probes, [&](const Probe& probe) { return neighbourhood.find_addresses(probe); });
}

}  // namespace tlsa_update::rollover
