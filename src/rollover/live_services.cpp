#include "live_services.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <ifaddrs.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <random>
#include <set>
#include <tuple>

#include "tlsa_update/dns/propagation.hpp"
#include "tlsa_update/probe/endpoint.hpp"

namespace tlsa_update::rollover {
namespace {

using boost::asio::awaitable;
namespace ip = boost::asio::ip;

// One service to probe, and the RRset that its chains are held against.
struct Probe {
  const AskedOwner* asked = nullptr;
  probe::ProbeRequest request;
  bool addresses_known = true;
};

// Where a service is.
struct Found {
  std::vector<ip::address> addresses;
  bool are_all = true;  // false: there may be others, which could not be asked for
};

using ViewsByName = std::map<Name, const OwnerView*>;

Probe probe_of(const AskedOwner& asked, const ViewsByName& views) {
  Probe probe;
  probe.asked = &asked;
  probe.request.service = *asked.service;
  probe.request.source_domain = asked.source_domain;
  probe.request.starttls = asked.settings->starttls.value_or(probe::starttls_for_port(asked.service->port));
  if (const auto view = views.find(asked.owner); view != views.end())
    probe.request.rrset = view->second->rrset ? view->second->rrset : view->second->wildcard_answer;
  return probe;
}

// Two services of one name, as two machines behind it, may each say where they are: all of it is looked at.
std::vector<Probe> probes_of(const Wants& wants, const std::vector<ZoneView>& zones) {
  ViewsByName views;
  for (const auto& zone : zones) {
    for (const auto& owner : zone.owners) views.emplace(owner.asked, &owner);
  }
  std::vector<Probe> probes;
  std::set<std::tuple<Service, std::vector<ip::address>, probe::StartTls>> known;
  for (const auto* services : {&wants.services, &wants.unread}) {
    for (const auto& service : *services) {
      for (const auto& asked : service.owners) {
        if (!asked.service) continue;
        auto probe = probe_of(asked, views);
        const auto& addresses = asked.settings->addresses;
        if (known.emplace(*asked.service, addresses, probe.request.starttls).second)
          probes.push_back(std::move(probe));
      }
    }
  }
  return probes;
}

awaitable<Found> find_addresses(Session& session, const Probe& probe) {
  const auto& configured = probe.asked->settings->addresses;
  if (!configured.empty()) co_return Found{configured};
  auto found = co_await session.resolver().addresses(probe.request.service.host);
  if (!found) {
    session.events().warning(found.error().text());
    co_return Found{{}, false};
  }
  co_return Found{std::move(found->addresses), found->both_families_answered};
}

std::vector<ServiceEvidence> probe_all(Session& session, const std::vector<Probe>& probes) {
  std::vector<probe::ProbeRequest> requests;
  requests.reserve(probes.size());
  for (const auto& probe : probes) {
    requests.push_back(probe.request);
    requests.back().timeout = session.request().probe_timeout;
    requests.back().now = wall_clock();
  }
  auto evidence = session.run(probe::probe_all(std::move(requests)));
  for (std::size_t i = 0; i < probes.size(); ++i) evidence[i].addresses_known = probes[i].addresses_known;
  return evidence;
}

template <class Find>
void find_all(Session& session, std::vector<Probe>& probes, const Find& find) {
  std::vector<awaitable<Found>> jobs;
  jobs.reserve(probes.size());
  for (const auto& probe : probes) jobs.push_back(find(probe));
  const auto found = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto& request = probes[i].request;
    probes[i].addresses_known = found[i].are_all;
    for (const auto& address : found[i].addresses)
      request.addresses.push_back({address, request.service.port});
  }
}

std::vector<ServiceEvidence> look_at(Session& session, std::vector<Probe> probes) {
  find_all(session, probes, [&](const Probe& probe) { return find_addresses(session, probe); });
  return probe_all(session, probes);
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

// W10: how often is for nobody to foresee who hands connections out in turn.
unsigned some_samples() {
  static std::random_device random;
  return std::uniform_int_distribution<unsigned>(2, 5)(random);
}

void add_samples(Session& session, const std::vector<Probe>& probes, std::vector<ServiceEvidence>& all) {
  std::vector<Probe> again;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& address : all[i].half_seen()) {
      auto& sample = again.emplace_back(probes[i]);
      sample.request.addresses = {{ip::make_address(address), sample.request.service.port}};
      sample.request.samples = some_samples();
      places.push_back(i);
    }
  }
  if (again.empty()) return;
  auto samples = probe_all(session, again);
  for (std::size_t i = 0; i < samples.size(); ++i)
    std::ranges::move(samples[i].presented, std::back_inserter(all[places[i]].presented));
}

// RFC 7672 section 2.2: a host whose TLSA records clients find is not delivered to without STARTTLS.
void warn_of_no_tls(const ServiceEvidence& evidence, Events& events) {
  const auto is_plain = [](const Presented& one) { return one.outcome == ProbeOutcome::no_tls; };
  const auto one = std::ranges::find_if(evidence.presented, is_plain);
  if (one == evidence.presented.end()) return;
  events.warning(evidence.service.host.text() + " at " + one->address + ": " +
                 (one->detail.empty() ? "no TLS is offered" : one->detail) +
                 "; once it has TLSA records, DANE clients will refuse to connect without TLS");
}

std::vector<Probe> probes_at(const Wants& wants, const std::vector<ZoneView>& zones,
                             const std::set<Name>& asked) {
  auto probes = probes_of(wants, zones);
  std::erase_if(probes, [&](const Probe& probe) { return !asked.contains(probe.asked->owner); });
  return probes;
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

  // --address says where a service is, and not that it is nowhere else.
  awaitable<Found> find_addresses(const Probe& probe) const {
    const auto& settings = *probe.asked->settings;
    Found found{settings.addresses};
    if (settings.address_only && !found.addresses.empty()) co_return found;
    const auto& host = probe.request.service.host;
    bool is_settled = has_no_host(probe);
    if (!is_settled) is_settled = co_await ask_authorities(host, found.addresses);
    if (is_settled && !session_.request().has_witness) co_return found;
    const auto resolved = co_await session_.resolver().addresses(host);
    if (resolved) add_new(found.addresses, resolved->addresses);
    found.are_all = is_settled || (resolved && resolved->both_families_answered);
    if (!resolved && !is_settled) session_.events().warning(resolved.error().text());
    co_return found;
  }

 private:
  using Addresses = std::vector<ip::address>;

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

std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants,
                                            const std::vector<ZoneView>& zones) {
  return look_at(session, probes_of(wants, zones));
}

std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants,
                                            const std::vector<ZoneView>& zones, const std::set<Name>& asked) {
  return look_at(session, probes_at(wants, zones, asked));
}

std::vector<ServiceEvidence> probe_everywhere(Session& session, const Wants& wants,
                                              const std::vector<ZoneView>& zones, const std::set<Name>& asked,
                                              const Sources& sources) {
  auto probes = probes_at(wants, zones, asked);
  const Directory directory(session, zones, sources);
  find_all(session, probes, [&](const Probe& probe) { return directory.find_addresses(probe); });
  auto all = probe_all(session, probes);
  add_samples(session, probes, all);
  return all;
}

std::vector<ServiceEvidence> probe_nearby(Session& session, const Wants& wants,
                                          const std::vector<ZoneView>& zones, const std::set<Name>& asked,
                                          const Sources& sources) {
  auto probes = probes_at(wants, zones, asked);
  const Neighbourhood neighbourhood(zones, sources, session.request().family);
  find_all(session, probes, [&](const Probe& probe) { return neighbourhood.find_addresses(probe); });
  std::erase_if(probes, [](const Probe& probe) { return probe.request.addresses.empty(); });
  auto all = probe_all(session, probes);
  for (auto& evidence : all) {
    warn_of_no_tls(evidence, session.events());
    std::erase_if(evidence.presented, [](const Presented& presented) {
      return presented.outcome == ProbeOutcome::unreachable || presented.outcome == ProbeOutcome::no_tls;
    });
  }
  std::erase_if(all, [](const ServiceEvidence& evidence) { return evidence.presented.empty(); });
  return all;
}

}  // namespace tlsa_update::rollover
