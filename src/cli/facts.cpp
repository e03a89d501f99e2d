#include "facts.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <time.h>

#include "files.hpp"
#include "log.hpp"
#include "tlsa_update/dns/propagation.hpp"
#include "tlsa_update/dns/validator.hpp"
#include "tlsa_update/probe/endpoint.hpp"

namespace tlsa_update::cli {
namespace {

using boost::asio::awaitable;

void read_primaries(Session& session, const Wants& wants, Facts& facts) {
  std::vector<Name> asked;
  asked.reserve(wants.desired.size());
  for (const auto& desired : wants.desired) asked.push_back(desired.asked);
  dns::ReadOptions options;
  options.mode = session.settings().read;
  options.zone = session.settings().zone;
  auto result = session.run(dns::read_owners(session.primary_for(), std::move(asked), std::move(options)));
  for (const auto& note : result.notes) log_warning(note);
  for (auto& [name, error] : result.failures) {
    if (error.where.empty()) error.where = name.text();
    facts.troubles.push_back(std::move(error));
  }
  facts.read = std::move(result.zones);
}

void read_authoritative_servers(Session& session, Facts& facts) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  for (const auto& zone : facts.read) {
    dns::PropagationOptions options;
    options.nameservers = session.server_settings(zone.view.apex).nameservers;
    options.timeout = session.settings().timeout;
    options.retries = session.settings().retries;
    options.now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
    options.log = [](const std::string& line) { log_debug(line); };
    jobs.push_back(dns::read_servers(*zone.primary, zone.view, session.resolver(), std::move(options)));
  }
  auto servers = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < servers.size(); ++i) facts.read[i].view.servers = std::move(servers[i]);
}

// One service to probe, and the RRset that its chains are held against.
struct Probe {
  const AskedOwner* asked = nullptr;
  probe::ProbeRequest request;
  bool addresses_known = true;
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

std::vector<Probe> probes_of(const Wants& wants, const Facts& facts) {
  ViewsByName views;
  for (const auto& zone : facts.read) {
    for (const auto& owner : zone.view.owners) views.emplace(owner.asked, &owner);
  }
  std::vector<Probe> probes;
  std::set<Service> known;
  for (const auto* services : {&wants.services, &wants.unread}) {
    for (const auto& service : *services) {
      for (const auto& asked : service.owners) {
        if (asked.service && known.insert(*asked.service).second) probes.push_back(probe_of(asked, views));
      }
    }
  }
  return probes;
}

Result<void> take_configured(const std::vector<std::string>& addresses, probe::ProbeRequest& request) {
  for (const auto& text : addresses) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(text, error);
    if (error) return fail(ErrorCode::usage, "\"" + printable(text) + "\" is not an IP address", "--address");
    request.addresses.emplace_back(address, request.service.port);
  }
  return {};
}

awaitable<Result<void>> find_addresses(Session& session, Probe& probe) {
  const auto& configured = probe.asked->settings->addresses;
  if (!configured.empty()) co_return take_configured(configured, probe.request);
  const auto found = co_await session.resolver().addresses(probe.request.service.host);
  probe.addresses_known = found && found->both_families_answered;
  if (!found) {
    log_warning(found.error().text());
    co_return Result<void>{};
  }
  for (const auto& address : found->addresses)
    probe.request.addresses.emplace_back(address, probe.request.service.port);
  co_return Result<void>{};
}

void carry_out(Session& session, std::vector<Probe> probes, Facts& facts) {
  std::vector<awaitable<Result<void>>> jobs;
  jobs.reserve(probes.size());
  for (auto& probe : probes) jobs.push_back(find_addresses(session, probe));
  for (const auto& done : session.run_all(std::move(jobs))) {
    if (!done) facts.troubles.push_back(done.error());
  }
  std::vector<probe::ProbeRequest> requests;
  requests.reserve(probes.size());
  for (auto& probe : probes) {
    probe.request.timeout = session.settings().timeout;
    probe.request.now = wall_clock();
    requests.push_back(probe.request);
  }
  facts.evidence = session.run(probe::probe_all(std::move(requests)));
  for (std::size_t i = 0; i < probes.size(); ++i)
    facts.evidence[i].addresses_known = probes[i].addresses_known;
}

// The weakest verdict over all owners that hold records (RFC 6698 section 4.1: only a secure RRset is
// usable).
dns::Dnssec weaker(dns::Dnssec a, dns::Dnssec b) {
  const auto strength = [](dns::Dnssec verdict) {
    switch (verdict) {
      case dns::Dnssec::bogus:
        return 0;
      case dns::Dnssec::insecure:
        return 1;
      case dns::Dnssec::unknown:
        return 2;
      case dns::Dnssec::secure:
        return 3;
    }
    return 2;
  };
  return strength(a) <= strength(b) ? a : b;
}

}  // namespace

dns::Dnssec verdict_on(Session& session, const dns::Question& question) {
  const auto& settings = session.settings();
  if (settings.trust_anchor.empty()) return session.run(session.resolver().verdict(question));
  const auto verdict = dns::validate(question, settings.trust_anchor, settings.resolvers);
  if (verdict) return *verdict;
  log_warning(verdict.error().text());
  return dns::Dnssec::unknown;
}

namespace {

void judge_dnssec(Session& session, const Wants& wants, Facts& facts) {
  std::optional<dns::Dnssec> verdict = wants.dnssec;
  for (const auto& zone : facts.read) {
    for (const auto& owner : zone.view.owners) {
      const auto one =
          zone.view.is_signed ? verdict_on(session, {owner.asked, dns::type::tlsa}) : dns::Dnssec::insecure;
      verdict = verdict ? weaker(*verdict, one) : one;
    }
  }
  facts.dnssec = verdict;
}

}  // namespace

std::vector<ZoneView> Facts::views() const {
  std::vector<ZoneView> all;
  all.reserve(read.size());
  for (const auto& zone : read) all.push_back(zone.view);
  return all;
}

Facts look(Session& session, const Wants& wants, Depth depth) {
  Facts facts;
  read_primaries(session, wants, facts);
  if (depth >= Depth::servers) read_authoritative_servers(session, facts);
  if (depth >= Depth::live) {
    carry_out(session, probes_of(wants, facts), facts);
    judge_dnssec(session, wants, facts);
  }
  return facts;
}

void look_at_services(Session& session, const Wants& wants, const std::set<Name>& asked, Facts& facts) {
  auto probes = probes_of(wants, facts);
  std::erase_if(probes, [&](const Probe& probe) { return !asked.contains(probe.asked->owner); });
  carry_out(session, std::move(probes), facts);
}

ClockReading read_clock() {
  ClockReading reading;
  // Up to the full second: what was seen in the middle of it is remembered as seen at its end, so that no
  // wait is shorter than it says.
  reading.wall = std::chrono::ceil<Seconds>(std::chrono::system_clock::now());
  timespec uptime{};
  if (::clock_gettime(CLOCK_BOOTTIME, &uptime) == 0) reading.uptime = Seconds(uptime.tv_sec);
  const auto boot = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (boot) reading.boot_id.assign(boot->begin(), std::find(boot->begin(), boot->end(), '\n'));
  return reading;
}

Policy policy_of(const Settings& settings) {
  Policy policy;
  policy.wait_factor = settings.wait_factor;
  policy.margin = settings.margin;
  policy.grace = settings.grace;
  policy.force = settings.force;
  policy.assume_deployed = settings.assume_deployed;
  policy.unpublish = settings.unpublish;
  policy.adopt_all = settings.adopt_all;
  policy.adopt = settings.adopt;
  policy.adds = settings.command != Command::prune;
  policy.removes = settings.command != Command::publish;
  return policy;
}

}  // namespace tlsa_update::cli
