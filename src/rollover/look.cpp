#include "look.hpp"

#include <algorithm>
#include <iterator>
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
  std::ranges::sort(asked);  // services may share an owner
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  dns::ReadOptions options;
  options.mode = session.request().read;
  options.zone = session.request().zone;
  options.uncovers = session.request().unpublish;
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

awaitable<std::vector<ServerView>> read_servers(Session& session, dns::Exchange& primary, ZoneView asked,
                                                int retries) {
  dns::PropagationOptions options;
  options.nameservers = session.server_settings(asked.apex).nameservers;
  options.timeout = session.request().timeout;
  options.retries = retries;
  options.now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
  options.family = session.request().family;
  options.log = [&session](const std::string& line) { session.events().debug(line); };
  return dns::read_servers(primary, std::move(asked), session.resolver(), std::move(options));
}

bool has_signing(const std::vector<ServerView>& servers) {
  return std::ranges::any_of(servers, [](const ServerView& one) { return one.is_signed == true; });
}

void read_authoritative_servers(Session& session, Facts& facts, const Sources& sources) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  for (std::size_t i = 0; i < facts.zones.size(); ++i) {
    jobs.push_back(
        read_servers(session, *sources.zones[i].primary, facts.zones[i], session.request().retries));
  }
  auto servers = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto& view = facts.zones[i];
    view.has_signer = !view.is_signed && has_signing(servers[i]);
    view.servers = std::move(servers[i]);
  }
}

using Numbers = std::vector<std::size_t>;  // of zones, as in Facts::zones

Numbers unsigned_zones(const Facts& facts) {
  Numbers zones;
  for (std::size_t i = 0; i < facts.zones.size(); ++i)
    if (!is_signed_to_clients(facts.zones[i])) zones.push_back(i);
  return zones;
}

// Where only the primary was read, and is not signed: its name servers are asked for their keys alone, and
// once. Returns the zones of which some did not answer.
Numbers ask_servers_for_signers(Session& session, Facts& facts, const Sources& sources) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  const auto zones = unsigned_zones(facts);
  for (const auto number : zones) {
    ZoneView bare;
    bare.apex = facts.zones[number].apex;
    jobs.push_back(read_servers(session, *sources.zones[number].primary, std::move(bare), 0));
  }
  const auto servers = session.run_all(std::move(jobs));
  Numbers unsure;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    facts.zones[zones[i]].has_signer = has_signing(servers[i]);
    const bool is_sure =
        facts.zones[zones[i]].has_signer || std::ranges::all_of(servers[i], &ServerView::reachable);
    if (!is_sure) unsure.push_back(zones[i]);
  }
  return unsure;
}

// A validator that finds the zone secure, or bogus, has seen signatures.
void ask_validator_for_signers(Session& session, Facts& facts, const Numbers& zones) {
  std::vector<dns::Question> questions;
  for (const auto number : zones) questions.emplace_back(facts.zones[number].apex, dns::type::soa);
  const auto verdicts = verdicts_on(session, questions);
  for (std::size_t i = 0; i < zones.size(); ++i) {
    const auto verdict = verdicts[i].value_or(Dnssec::unknown);
    facts.zones[zones[i]].has_signer = verdict == Dnssec::secure || verdict == Dnssec::bogus;
  }
}

// The primary's copy of a zone may be unsigned, and the world see a signed one.
void look_for_signers(Session& session, Facts& facts, const Sources& sources, Depth depth) {
  const auto zones =
      depth == Depth::primary ? ask_servers_for_signers(session, facts, sources) : unsigned_zones(facts);
  ask_validator_for_signers(session, facts, zones);
}

// The weakest verdict on all owners (RFC 6698 section 4.1: only a secure RRset is usable).
void judge_dnssec(Session& session, const Wants& wants, Facts& facts) {
  facts.dnssec = wants.dnssec;
  facts.no_verdict = wants.no_verdict;
  std::vector<Result<Dnssec>> verdicts;
  std::vector<dns::Question> questions;
  for (const auto& zone : facts.zones) {
    for (const auto& owner : zone.owners) {
      if (is_signed_to_clients(zone))
        questions.emplace_back(owner.asked, dns::type::tlsa);
      else
        verdicts.emplace_back(Dnssec::insecure);
    }
  }
  if (facts.no_verdict)  // who did not answer is not waited for again
    verdicts.resize(verdicts.size() + questions.size(), Dnssec::unknown);
  else
    std::ranges::move(verdicts_on(session, questions), std::back_inserter(verdicts));
  for (const auto& verdict : verdicts) {
    const auto one = verdict.value_or(Dnssec::unknown);
    if (!verdict && !facts.no_verdict) facts.no_verdict = verdict.error();
    facts.dnssec = facts.dnssec ? weaker(*facts.dnssec, one) : one;
  }
}

}  // namespace

Facts look(Session& session, const Wants& wants, Depth depth, Sources& sources) {
  Facts facts;
  read_primaries(session, wants, facts, sources);
  if (depth >= Depth::servers) read_authoritative_servers(session, facts, sources);
  look_for_signers(session, facts, sources, depth);
  if (depth >= Depth::live) {
    facts.evidence = probe_services(session, wants, facts.zones);
    judge_dnssec(session, wants, facts);
  }
  return facts;
}

}  // namespace tlsa_update::rollover
