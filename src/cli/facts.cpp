#include "facts.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <time.h>

#include "files.hpp"
#include "live_services.hpp"
#include "log.hpp"
#include "tlsa_update/dns/propagation.hpp"
#include "verdict.hpp"

namespace tlsa_update::cli {
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

void read_primaries(Session& session, const Wants& wants, Facts& facts) {
  std::vector<Name> asked;
  asked.reserve(wants.desired.size());
  for (const auto& desired : wants.desired) asked.push_back(desired.asked);
  dns::ReadOptions options;
  options.mode = session.settings().read;
  options.zone = session.settings().zone;
  auto result = session.run(dns::read_owners(session.primary_for(), std::move(asked), std::move(options)));
  for (const auto& note : result.notes) log_warning(note);
  facts.troubles = each_once(std::move(result.failures));
  facts.read = std::move(result.zones);
  facts.hosts = std::move(result.hosts);
}

awaitable<std::vector<ServerView>> read_servers(Session& session, const dns::ReadZone& zone, ZoneView asked,
                                                int retries) {
  dns::PropagationOptions options;
  options.nameservers = session.server_settings(zone.view.apex).nameservers;
  options.timeout = session.settings().timeout;
  options.retries = retries;
  options.now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
  options.family = session.settings().family;
  options.log = [](const std::string& line) { log_debug(line); };
  return dns::read_servers(*zone.primary, std::move(asked), session.resolver(), std::move(options));
}

bool has_signing(const std::vector<ServerView>& servers) {
  return std::ranges::any_of(servers, [](const ServerView& one) { return one.is_signed == true; });
}

void read_authoritative_servers(Session& session, Facts& facts) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  for (const auto& zone : facts.read)
    jobs.push_back(read_servers(session, zone, zone.view, session.settings().retries));
  auto servers = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto& view = facts.read[i].view;
    view.has_signer = !view.is_signed && has_signing(servers[i]);
    view.servers = std::move(servers[i]);
  }
}

std::vector<dns::ReadZone*> unsigned_zones(Facts& facts) {
  std::vector<dns::ReadZone*> zones;
  for (auto& zone : facts.read)
    if (!is_signed_to_clients(zone.view)) zones.push_back(&zone);
  return zones;
}

// Where only the primary was read, and is not signed: its name servers are asked for their keys alone, and
// once. Returns the zones of which some did not answer.
std::vector<dns::ReadZone*> ask_servers_for_signers(Session& session, Facts& facts) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  const auto zones = unsigned_zones(facts);
  for (const auto* zone : zones) {
    ZoneView bare;
    bare.apex = zone->view.apex;
    jobs.push_back(read_servers(session, *zone, std::move(bare), 0));
  }
  const auto servers = session.run_all(std::move(jobs));
  std::vector<dns::ReadZone*> unsure;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    zones[i]->view.has_signer = has_signing(servers[i]);
    const bool is_sure = zones[i]->view.has_signer || std::ranges::all_of(servers[i], &ServerView::reachable);
    if (!is_sure) unsure.push_back(zones[i]);
  }
  return unsure;
}

// A validator that finds the zone secure, or bogus, has seen signatures.
void ask_validator_for_signers(Session& session, const std::vector<dns::ReadZone*>& zones) {
  std::vector<dns::Question> questions;
  for (const auto* zone : zones) questions.emplace_back(zone->view.apex, dns::type::soa);
  const auto verdicts = verdicts_on(session, questions);
  for (std::size_t i = 0; i < zones.size(); ++i) {
    const auto verdict = verdicts[i].value_or(Dnssec::unknown);
    zones[i]->view.has_signer = verdict == Dnssec::secure || verdict == Dnssec::bogus;
  }
}

// The primary's copy of a zone may be unsigned, and the world see a signed one.
void look_for_signers(Session& session, Facts& facts, Depth depth) {
  const auto zones =
      depth == Depth::primary ? ask_servers_for_signers(session, facts) : unsigned_zones(facts);
  ask_validator_for_signers(session, zones);
}

// The weakest verdict on all owners (RFC 6698 section 4.1: only a secure RRset is usable).
void judge_dnssec(Session& session, const Wants& wants, Facts& facts) {
  facts.dnssec = wants.dnssec;
  facts.no_verdict = wants.no_verdict;
  std::vector<Result<Dnssec>> verdicts;
  std::vector<dns::Question> questions;
  for (const auto& zone : facts.read) {
    for (const auto& owner : zone.view.owners) {
      if (is_signed_to_clients(zone.view))
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
  look_for_signers(session, facts, depth);
  if (depth >= Depth::live) {
    look_at_services(session, wants, facts);
    judge_dnssec(session, wants, facts);
  }
  return facts;
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
