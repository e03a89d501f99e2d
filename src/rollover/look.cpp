#include "look.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "gather.hpp"
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

// Clients do not ask the primary: who looks as they do reads the zone elsewhere when it does not answer.
void read_followers(Session& session, dns::ReadOptions options, dns::ReadResult& result) {
  std::vector<Name> unread;
  for (const auto& [name, error] : result.failures)
    if (error.code == ErrorCode::no_answer) unread.push_back(name);
  if (unread.empty()) return;
  options.mode = dns::ReadMode::query;
  auto others = session.run(dns::read_owners(session.follower_for(), std::move(unread), std::move(options)));
  std::set<Name> read;
  for (const auto& zone : others.zones)
    for (const auto& owner : zone.view.owners) read.insert(owner.asked);
  for (auto& [name, error] : result.failures) {
    if (!read.contains(name) || error.code != ErrorCode::no_answer) continue;
    error.what = "the primary does not answer: " + error.what;
    error.topic = Topic::primary;
  }
  std::ranges::move(others.zones, std::back_inserter(result.zones));
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
  auto result = session.run(dns::read_owners(session.primary_for(), std::move(asked), options));
  if (session.request().looks_as_client) read_followers(session, options, result);
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

// A server that was out of reach costs as much as a wait (DESIGN, W4): so long, and not more than ten
// seconds, one that restarts is given.
std::chrono::milliseconds patience_with(const Request& request, const ZoneView& zone) {
  constexpr std::chrono::milliseconds longest{10'000};
  if (!request.is_patient) return {};
  std::uint32_t ttl = 0;
  for (const auto& owner : zone.owners)
    ttl = std::max(ttl, owner.rrset ? owner.rrset->ttl : zone.negative_ttl);
  return std::min<std::chrono::milliseconds>(longest, Seconds(std::int64_t{request.wait_factor} * ttl));
}

awaitable<std::vector<ServerView>> read_servers(Session& session, dns::Exchange& primary, ZoneView asked,
                                                int retries, dns::ServerWitnesses witnesses) {
  dns::PropagationOptions options;
  options.witnesses = witnesses;
  options.patience = patience_with(session.request(), asked);
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

// What the resolver gives at each asked name, in the order of zones and owners.
using Resolved = std::vector<Result<dns::ResolvedTlsa>>;

// Whoever leaves one question without an answer, as those do who limit rates, is not waited for again: then
// all others have its error.
awaitable<void> ask_resolver(Session& session, std::vector<Name> names, Resolved& resolved) {
  constexpr std::size_t names_at_once = 64;
  std::optional<Error> silence;
  std::vector<std::optional<Result<dns::ResolvedTlsa>>> answers(names.size());
  const auto ask = [&](std::size_t i) -> awaitable<bool> {
    const auto& answer = answers[i].emplace(co_await session.resolver().tlsa(names[i]));
    if (answer || answer.error().topic != Topic::silence) co_return true;
    silence = answer.error();
    co_return false;
  };
  co_await gather_while(names.size(), names_at_once, ask);
  for (auto& answer : answers) {
    if (answer)
      resolved.push_back(std::move(*answer));
    else
      resolved.emplace_back(tl::unexpected(*silence));
  }
}

awaitable<void> take_servers(awaitable<std::vector<ServerView>> reading, ZoneView& zone) {
  auto servers = co_await std::move(reading);
  zone.has_signer = !zone.is_signed && has_signing(servers);
  zone.servers = std::move(servers);
}

// A server that is ahead may have what the primary got since it was read.
awaitable<void> follow_serial(dns::Exchange& primary, ZoneView& zone) {
  const auto is_ahead = [&](const ServerView& server) {
    return server.serial && serial_less(zone.serial, *server.serial);
  };
  if (std::ranges::none_of(zone.servers, is_ahead)) co_return;
  const auto serial = co_await dns::serial_at(primary, zone.apex);
  if (serial && serial_less(zone.serial, *serial)) zone.serial = *serial;
}

std::vector<Name> asked_names(const Facts& facts) {
  std::vector<Name> names;
  for (const auto& zone : facts.zones)
    for (const auto& owner : zone.owners) names.push_back(owner.asked);
  return names;
}

// Every authoritative server, and with Depth::live the resolver, all at once.
Resolved read_the_world(Session& session, Facts& facts, const Sources& sources, bool asks_resolver) {
  session.resolver().forget_parents();
  const auto& request = session.request();
  const auto witnesses = request.has_witness ? dns::ServerWitnesses::all : dns::ServerWitnesses::not_resolver;
  Resolved resolved;
  std::vector<awaitable<void>> jobs;
  for (std::size_t i = 0; i < facts.zones.size(); ++i) {
    auto& primary = *sources.zones[i].primary;
    jobs.push_back(take_servers(read_servers(session, primary, facts.zones[i], request.retries, witnesses),
                                facts.zones[i]));
  }
  if (asks_resolver) jobs.push_back(ask_resolver(session, asked_names(facts), resolved));
  session.run_all(std::move(jobs));
  std::vector<awaitable<void>> again;
  for (std::size_t i = 0; i < facts.zones.size(); ++i)
    again.push_back(follow_serial(*sources.zones[i].primary, facts.zones[i]));
  session.run_all(std::move(again));
  return resolved;
}

// DESIGN, W3: the world's answer.
void note_resolved(const Session& session, const Resolved& resolved, Facts& facts) {
  if (!session.request().has_witness) return;
  auto answer = resolved.begin();
  for (auto& zone : facts.zones) {
    for (auto& owner : zone.owners) {
      if (answer == resolved.end()) return;
      if (*answer) owner.resolved = (*answer)->answer;
      ++answer;
    }
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
    jobs.push_back(read_servers(session, *sources.zones[number].primary, std::move(bare), 0,
                                dns::ServerWitnesses::primary));
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

// What a resolver's AD bit says, in the order of `resolved`.
std::vector<Result<Dnssec>> verdicts_in(const Resolved& resolved) {
  std::vector<Result<Dnssec>> verdicts;
  for (const auto& one : resolved) {
    if (one)
      verdicts.emplace_back(one->dnssec);
    else
      verdicts.emplace_back(tl::unexpected(one.error()));
  }
  return verdicts;
}

std::vector<Result<Dnssec>> verdicts_on_owners(Session& session, const Facts& facts,
                                               const Resolved& resolved) {
  if (session.request().trust_anchor.empty()) return verdicts_in(resolved);
  std::vector<dns::Question> questions;
  for (auto& name : asked_names(facts)) questions.emplace_back(std::move(name), dns::type::tlsa);
  return verdicts_on(session, questions);
}

// The weakest verdict on all owners (RFC 6698 section 4.1: only a secure RRset is usable).
void judge_dnssec(Session& session, const Wants& wants, const Resolved& resolved, Facts& facts) {
  facts.dnssec = wants.dnssec;
  facts.no_verdict = wants.no_verdict;
  std::vector<Result<Dnssec>> verdicts;
  if (!facts.no_verdict) verdicts = verdicts_on_owners(session, facts, resolved);
  auto verdict = verdicts.begin();
  for (const auto& zone : facts.zones) {
    for (std::size_t i = 0; i < zone.owners.size(); ++i) {
      // Who did not answer for a name of ours is not waited for again.
      auto one = verdict == verdicts.end() ? Result<Dnssec>(Dnssec::unknown) : *verdict++;
      if (!is_signed_to_clients(zone)) one = Dnssec::insecure;
      if (!one && !facts.no_verdict) facts.no_verdict = one.error();
      const auto found = one.value_or(Dnssec::unknown);
      facts.dnssec = facts.dnssec ? weaker(*facts.dnssec, found) : found;
    }
  }
}

// What no server gave us may be bogus to the world, which may be why.
void judge_unread(Session& session, const Wants& wants, Facts& facts) {
  std::set<Name> unread;
  for (const auto& desired : wants.desired) unread.insert(desired.asked);
  for (const auto& name : asked_names(facts)) unread.erase(name);
  std::vector<dns::Question> questions;
  for (const auto& name : unread) questions.emplace_back(name, dns::type::tlsa);
  for (const auto& verdict : verdicts_on(session, questions))
    if (verdict && *verdict == Dnssec::bogus) facts.dnssec = Dnssec::bogus;
}

}  // namespace

Facts look(Session& session, const Wants& wants, Depth depth, Sources& sources) {
  Facts facts;
  read_primaries(session, wants, facts, sources);
  const bool asks_resolver = depth >= Depth::live && !wants.no_verdict &&
                             (session.request().has_witness || session.request().trust_anchor.empty());
  Resolved resolved;
  if (depth >= Depth::servers) resolved = read_the_world(session, facts, sources, asks_resolver);
  note_resolved(session, resolved, facts);
  look_for_signers(session, facts, sources, depth);
  if (depth >= Depth::live) {
    facts.evidence = probe_services(session, wants, facts.zones, sources);
    judge_dnssec(session, wants, resolved, facts);
    if (session.request().looks_as_client && !facts.no_verdict) judge_unread(session, wants, facts);
  }
  return facts;
}

}  // namespace tlsa_update::rollover
