#include "tlsa_update/rollover/facts.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <time.h>

#include "tlsa_update/dns/propagation.hpp"
#include "tlsa_update/rollover/live_services.hpp"
#include "tlsa_update/rollover/verdict.hpp"
#include "tlsa_update/state/files.hpp"

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

void read_primaries(Session& session, const Wants& wants, Facts& facts) {
  std::vector<Name> asked;
  asked.reserve(wants.desired.size());
  for (const auto& desired : wants.desired) asked.push_back(desired.asked);
  dns::ReadOptions options;
  options.mode = session.request().read;
  options.zone = session.request().zone;
  auto result = session.run(dns::read_owners(session.primary_for(), std::move(asked), std::move(options)));
  for (const auto& note : result.notes) session.events().warning(note);
  facts.troubles = each_once(std::move(result.failures));
  facts.read = std::move(result.zones);
  facts.hosts = std::move(result.hosts);
}

void read_authoritative_servers(Session& session, Facts& facts) {
  std::vector<awaitable<std::vector<ServerView>>> jobs;
  for (const auto& zone : facts.read) {
    dns::PropagationOptions options;
    options.nameservers = session.server_settings(zone.view.apex).nameservers;
    options.timeout = session.request().timeout;
    options.retries = session.request().retries;
    options.now = static_cast<std::uint64_t>(wall_clock().time_since_epoch().count());
    options.log = [&session](const std::string& line) { session.events().debug(line); };
    jobs.push_back(dns::read_servers(*zone.primary, zone.view, session.resolver(), std::move(options)));
  }
  auto servers = session.run_all(std::move(jobs));
  for (std::size_t i = 0; i < servers.size(); ++i) facts.read[i].view.servers = std::move(servers[i]);
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
  for (const auto& zone : facts.read) {
    for (const auto& owner : zone.view.owners) {
      auto one = dns::Dnssec::insecure;
      if (zone.view.is_signed) one = judge_owner(session, owner.asked, facts);
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
  const auto boot = state::read_file("/proc/sys/kernel/random/boot_id", 64);
  if (boot) reading.boot_id.assign(boot->begin(), std::find(boot->begin(), boot->end(), '\n'));
  return reading;
}

Policy policy_of(const Request& request) {
  Policy policy;
  policy.wait_factor = request.wait_factor;
  policy.margin = request.margin;
  policy.grace = request.grace;
  policy.force = request.force;
  policy.assume_deployed = request.assume_deployed;
  policy.unpublish = request.unpublish;
  policy.adopt_all = request.adopt_all;
  policy.adopt = request.adopt;
  return policy;
}

}  // namespace tlsa_update::rollover
