#include "tlsa_update/report/health.hpp"

#include <algorithm>
#include <array>

#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"

namespace tlsa_update::report {
namespace {

std::string endpoint_name(const ServiceEvidence& evidence, const Presented& presented) {
  return evidence.service.host.text() + ":" + std::to_string(evidence.service.port) + " " +
         presented.address + " (" + std::string(text(presented.key_type)) + ")";
}

// Clients may ask any authoritative server: what the slowest of them has must accept what is served as well.
void judge_mismatch(const EndpointVerdict& verdict, const std::string& endpoint, Health& health) {
  ++health.mismatches;
  for (const auto& [server, address, acceptance] : verdict.refusals) {
    const auto at = server.empty() ? std::string{} : " at " + server + " " + address;
    const auto by_clients = acceptance.unused ? " presents a certificate that " : " ";
    health.remarks.push_back({Level::critical, endpoint + by_clients + why_refused(acceptance) + at});
    if (server.empty()) return;  // the servers have it from the primary
  }
}

void judge_expiry(const ServiceEvidence& evidence, const Presented& presented, const Alarms& alarms, Time now,
                  Health& health) {
  const auto days = std::chrono::floor<std::chrono::days>(presented.chain.front().not_after - now).count();
  health.days_left = std::min(health.days_left.value_or(days), static_cast<long>(days));
  if (days >= alarms.warn_days && days >= alarms.critical_days) return;
  const auto level = days < alarms.critical_days ? Level::critical : Level::warning;
  const auto since = std::chrono::floor<std::chrono::days>(now - presented.chain.front().not_after).count();
  const std::string when = days < 0 ? "expired " + (since == 0 ? "today" : count(since, "day") + " ago")
                                    : "expires in " + count(days, "day");
  health.remarks.push_back(
      {level, endpoint_name(evidence, presented) + " presents a certificate that " + when});
}

void judge_endpoint(const EndpointVerdict& verdict, const ServiceEvidence& evidence,
                    const Presented& presented, const Alarms& alarms, Time now, Health& health) {
  switch (verdict.dane) {
    case Dane::not_offered:
      return;
    case Dane::unreachable:
    case Dane::no_tls:
      ++health.unreachable;
      health.remarks.push_back(
          {Level::unknown, endpoint_name(evidence, presented) + ": " + presented.detail});
      return;
    case Dane::no_records:
      return judge_expiry(evidence, presented, alarms, now, health);
    case Dane::ok:
    case Dane::mismatch:
      break;
  }
  judge_expiry(evidence, presented, alarms, now, health);
  ++health.endpoints;
  if (verdict.dane == Dane::mismatch) judge_mismatch(verdict, endpoint_name(evidence, presented), health);
}

// The planner finds the outage of an endpoint as well: once is enough.
void judge_troubles(const Findings& findings, Health& health) {
  for (const auto& trouble : findings.troubles) {
    if (trouble.topic == Topic::outage && health.mismatches > 0) continue;
    health.remarks.push_back(
        {trouble.code == ErrorCode::unsafe ? Level::critical : Level::unknown, trouble.text()});
  }
}

// A zone that validates nowhere is an outage, one bad server of several is not yet. Where the zone is proved
// to be insecure, nobody looks at its signatures.
void judge_authorities(const Findings& findings, Health& health) {
  for (const auto& zone : findings.zones) {
    const auto faults = faults_of(zone);
    for (std::size_t i = 0; i < faults.size(); ++i) {
      for (const auto& fault : faults[i]) {
        const bool is_bogus = fault.kind == ServerFault::Kind::bad_signature && fault.is_everywhere &&
                              findings.dnssec != Dnssec::insecure;
        auto what = trouble(fault, zone, zone.servers[i]);
        what.advice = zone.servers[i].advice;  // the line is short
        health.remarks.push_back({is_bogus ? Level::critical : Level::warning, what.text()});
      }
    }
  }
}

// A resolver that is not to be trusted, or none, is how many a machine is set up: that alone alarms nobody.
void judge_dnssec(const Findings& findings, const Alarms& alarms, Health& health) {
  if (findings.no_verdict) {
    health.remarks.push_back({alarms.expects_verdict ? Level::unknown : Level::ok,
                              "DNSSEC was not checked: " + findings.no_verdict->text()});
  }
  if (findings.dnssec == dns::Dnssec::bogus)
    health.remarks.push_back({Level::critical, "DNSSEC validation fails (bogus)"});
  if (findings.dnssec == dns::Dnssec::insecure) {
    health.remarks.push_back(
        {Level::warning, "the records are not secured by DNSSEC, so no client uses them"});
  }
  if (findings.dnssec == dns::Dnssec::unknown && !findings.no_verdict) {
    health.remarks.push_back(
        {Level::ok, "DNSSEC was not checked: no resolver that may be trusted, and no --trust-anchor"});
  }
}

// The primary has none at the service's name; false when that could not be read.
bool is_without_records(const Findings& findings, const ServiceEvidence& evidence) {
  const auto owner = evidence.service.owner();
  for (const auto& zone : findings.zones) {
    for (const auto& view : zone.owners) {
      if (owner && view.asked == *owner) return !view.rrset && !view.wildcard_answer;
    }
  }
  return false;
}

// In the order of Level.
constexpr std::array<std::string_view, 4> level_words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

}  // namespace

Level Health::level() const {
  const auto has = [&](Level level) {
    return std::any_of(remarks.begin(), remarks.end(),
                       [&](const Remark& remark) { return remark.level == level; });
  };
  for (const auto level : {Level::critical, Level::unknown, Level::warning}) {
    if (has(level)) return level;
  }
  return Level::ok;
}

Health judge_health(const Findings& findings, const Alarms& alarms, Time now) {
  Health health;
  const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
  for (const auto& evidence : findings.evidence.value_or(std::vector<ServiceEvidence>{})) {
    if (is_without_records(findings, evidence))
      health.remarks.push_back(
          {Level::warning, "no TLSA record is published for " + evidence.service.host.text()});
    if (evidence.presented.empty()) {
      ++health.unreachable;
      health.remarks.push_back({Level::unknown, evidence.service.host.text() + ": no address is known"});
    }
    for (const auto& presented : evidence.presented) {
      judge_endpoint(judge.on(evidence, presented), evidence, presented, alarms, now, health);
    }
  }
  judge_troubles(findings, health);
  judge_authorities(findings, health);
  judge_dnssec(findings, alarms, health);
  return health;
}

int exit_status_of(const Health& health) {
  switch (health.level()) {
    case Level::ok:
      return 0;
    case Level::warning:
      return exit_status(ErrorCode::differences);
    case Level::critical:
      return exit_status(ErrorCode::unsafe);
    case Level::unknown:
      return exit_status(ErrorCode::no_answer);
  }
  return exit_status(ErrorCode::internal);
}

std::string monitor_line(const Health& health, const Alarms& alarms) {
  std::string line = "TLSA " + std::string(level_words.at(static_cast<std::size_t>(health.level()))) + " - ";
  const bool is_well = health.level() == Level::ok;
  if (is_well) line += count(health.endpoints, "handshake") + (health.endpoints == 1 ? " matches" : " match");
  bool is_first = !is_well;
  for (const auto level : {Level::critical, Level::unknown, Level::warning, Level::ok}) {
    for (const auto& remark : health.remarks) {
      if (remark.level != level) continue;
      line += (is_first ? "" : "; ") + printable(remark.text);
      is_first = false;
    }
  }
  std::replace(line.begin(), line.end(), '|', '/');  // what follows a bar is perfdata
  line += " | matching=" + std::to_string(health.endpoints - health.mismatches) +
          " mismatching=" + std::to_string(health.mismatches) +
          " unreachable=" + std::to_string(health.unreachable);
  if (health.days_left) {
    line += " days_left=" + std::to_string(*health.days_left) + ";" + std::to_string(alarms.warn_days) +
            ":;" + std::to_string(alarms.critical_days) + ":";
  }
  return line + "\n";
}

}  // namespace tlsa_update::report
