#include "look.hpp"

#include <algorithm>
#include <map>

#include "live_services.hpp"
#include "tlsa_update/dns/propagation.hpp"
#include "tlsa_update/rollover/verdict.hpp"

namespace tlsa_update::rollover {
namespace {

using boost::asio::awaitable;

// The same error of many names, as of a transfer that is refused, is one error.
std::vector<Error> each_once(std::vector<std::pair<Name, Error>> failures) {
  std::vector<Error> errors;
  std::vector<std::size_t> names;
  std::map<std::string, std::size_t> places;
  for (auto& [name, error] : failures) {
    if (error.where.empty()) error.where = name.text();
    const auto [place, is_new] = places.emplace(error.text(), errors.size());
    if (is_new) {
      errors.push_back(std::move(error));
      names.push_back(1);
    } else {
      ++names[place->second];
    }
  }
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (names[i] > 1) errors[i].what += " (" + std::to_string(names[i]) + " names)";
  }
  return errors;
}

void read_primaries(Session& session, const Wants& wants, Facts& facts, Sources& sources) {
  std::vector<Name> asked;
  asked.reserve(wants.desired.size());
  for (const auto& desired : wants.desired) asked.push_back(desired.asked);
  dns::ReadOptions options;
  options.mode = session.request().read;
  options.zone = session.request().zone;
  auto result = session.run(dns::read_owners(session.primary_for(), std::move(asked), std::move(options)));
  for (const auto& note : result.notes) session.events().warning(note);
  facts.troubles = each_once(std::move(result.failures));
  sources = {{}, std::move(result.hosts)};
  for (auto& zone : result.zones) {
    const auto& how = zone.primary->options();
    facts.is_signed_by_primaries |= how.key != nullptr && how.sign_queries;
    sources.zones.push_back({zone.primary, zone.transferred_records});
    facts.zones.push_back(std::move(zone.view));
  }
}

void read_authoritative_servers(Session& session, Facts& facts, const Sources& sources) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  for (std::size_t i = 0; i < facts.zones.size(); ++i) {
    const auto& zone = facts.zones[i];
    dns::PropagationOptions options;
    options.nameservers = session.server_settings(zone.apex).nameservers;
    options.timeout = session.request().timeout;
    options.retries = session.request().retries;
    options.now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
    options.log = [&session](const std::string& line) { session.events().debug(line); };
    jobs.push_back(
        dns::read_servers(*sources.zones[i].primary, zone, session.resolver(), std::move(options)));
  }
  auto servers = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < servers.size(); ++i) facts.zones[i].servers = std::move(servers[i]);
}

// Who does not answer once is not waited for again.
dns::Dnssec judge_owner(Session& session, const Name& owner, Facts& facts) {
  if (facts.no_verdict) return dns::Dnssec::unknown;
  const auto verdict = session.run(verdict_on(session, {owner, dns::type::tlsa}));
  if (verdict) return *verdict;
  facts.no_verdict = verdict.error();
  return dns::Dnssec::unknown;
}

void judge_dnssec(Session& session, const Wants& wants, Facts& facts) {
  std::optional<dns::Dnssec> verdict = wants.dnssec;
  facts.no_verdict = wants.no_verdict;
  for (const auto& zone : facts.zones) {
    for (const auto& owner : zone.owners) {
      auto one = dns::Dnssec::insecure;
      if (zone.is_signed) one = judge_owner(session, owner.asked, facts);
      verdict = verdict ? weaker(*verdict, one) : one;
    }
  }
  facts.dnssec = verdict;
}

}  // namespace

Facts look(Session& session, const Wants& wants, Depth depth, Sources& sources) {
  Facts facts;
  read_primaries(session, wants, facts, sources);
  if (depth >= Depth::servers) read_authoritative_servers(session, facts, sources);
  if (depth >= Depth::live) {
    facts.evidence = probe_services(session, wants, facts.zones);
    judge_dnssec(session, wants, facts);
  }
  return facts;
}

}  // namespace tlsa_update::rollover
