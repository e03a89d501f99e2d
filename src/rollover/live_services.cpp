#include "live_services.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "whereabouts.hpp"

namespace tlsa_update::rollover {
namespace {

namespace ip = boost::asio::ip;

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

// An address that presented a chain is looked at again, whoever gives it now.
void add_where_met(std::vector<Probe>& probes, const std::vector<ServiceEvidence>& evidence) {
  for (auto& probe : probes) {
    if (!probe.asked->settings->addresses.empty()) continue;
    for (const auto& met : evidence) {
      if (met.service != probe.request.service) continue;
      for (const auto& presented : met.presented) {
        if (presented.outcome == ProbeOutcome::served)
          add_at(probe.request, {ip::make_address(presented.address)});
      }
    }
  }
}

}  // namespace

std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants,
                                            const std::vector<ZoneView>& zones, const Sources& sources) {
  auto probes = probes_of(wants, zones);
  find_as_resolved(session, probes, zones, sources);
  return probe_all(session, probes);
}

std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants, const Facts& facts,
                                            const std::set<Name>& asked, const Sources& sources) {
  auto probes = probes_at(wants, facts.zones, asked);
  find_as_resolved(session, probes, facts.zones, sources);
  add_where_met(probes, facts.evidence);
  return probe_all(session, probes);
}

std::vector<ServiceEvidence> probe_everywhere(Session& session, const Wants& wants,
                                              const std::vector<ZoneView>& zones, const std::set<Name>& asked,
                                              const Sources& sources) {
  auto probes = probes_at(wants, zones, asked);
  find_everywhere(session, probes, zones, sources);
  auto all = probe_all(session, probes);
  add_samples(session, probes, all);
  return all;
}

std::vector<ServiceEvidence> probe_nearby(Session& session, const Wants& wants,
                                          const std::vector<ZoneView>& zones, const std::set<Name>& asked,
                                          const Sources& sources) {
  auto probes = probes_at(wants, zones, asked);
  find_nearby(session, probes, zones, sources);
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
