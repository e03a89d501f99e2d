#include "tlsa_update/report/health.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"

namespace tlsa_update::report {
namespace {

// Whether anybody gives clients TLSA records at the service's name; nothing when that is not known.
std::optional<bool> has_records(const Findings& findings, const ServiceEvidence& evidence) {
  const auto owner = evidence.service.owner();
  std::optional<bool> found;
  for (const auto& zone : findings.zones) {
    for (const auto& view : zone.owners) {
      if (!owner || view.asked != *owner) continue;
      const bool is_resolved = view.resolved && view.resolved->rrset;
      found = found.value_or(false) || view.rrset || view.wildcard_answer || is_resolved;
    }
  }
  return found;
}

}  // namespace

bool is_refused_without_tls(const Findings& findings, const ServiceEvidence& evidence) {
  return has_records(findings, evidence) == true && findings.dnssec != Dnssec::insecure;
}

namespace {

void add(Health& health, Level level, Matter matter, std::string text) {
  HealthRemark remark{level, matter, std::move(text)};
  // The same at each kind of key, or of each owner of a zone, is one.
  if (std::ranges::find(health.remarks, remark) == health.remarks.end())
    health.remarks.push_back(std::move(remark));
}

std::string address_name(const ServiceEvidence& evidence, const Presented& presented) {
  return evidence.service.host.text() + ":" + std::to_string(evidence.service.port) + " " + presented.address;
}

std::string endpoint_name(const ServiceEvidence& evidence, const Presented& presented) {
  return address_name(evidence, presented) + " (" + std::string(text(presented.key_type)) + ")";
}

// Clients may ask any authoritative server: what the slowest of them has must accept what is served as well.
void judge_mismatch(const EndpointVerdict& verdict, const std::string& endpoint, Health& health) {
  ++health.mismatches;
  for (const auto& [server, address, acceptance] : verdict.refusals) {
    const auto at = server.empty() ? std::string{} : " at " + server + " " + address;
    const auto by_clients = acceptance.unused ? " presents a certificate that " : " ";
    add(health, Level::critical, Matter::mismatch, endpoint + by_clients + why_refused(acceptance) + at);
    if (server.empty()) return;  // the servers have it from the primary
  }
}

// A renewal every 6 days is no alarm at day 0, and one every 90 days is late with 3 days to go.
Seconds limit(const std::optional<int>& given, std::chrono::days most, const Certificate& leaf, int part) {
  if (given) return std::chrono::days(*given);
  return std::min<Seconds>(most, (leaf.not_after - leaf.not_before) / part);
}

std::string when_expires(Seconds left) {
  const auto days = std::chrono::floor<std::chrono::days>(left).count();
  if (left < Seconds(0)) {
    const auto since = std::chrono::floor<std::chrono::days>(-left).count();
    return "expired " + (since == 0 ? "today" : count(since, "day") + " ago");
  }
  if (days > 0) return "expires in " + count(days, "day");
  return "expires in " + count(std::chrono::floor<std::chrono::hours>(left).count(), "hour");
}

void judge_expiry(const ServiceEvidence& evidence, const Presented& presented, const Alarms& alarms, Time now,
                  Health& health) {
  const auto& leaf = presented.chain.front();
  const Seconds left = leaf.not_after - now;
  const Seconds warn_below = limit(alarms.warn_days, std::chrono::days(14), leaf, 4);
  const Seconds critical_below = limit(alarms.critical_days, std::chrono::days(3), leaf, 10);
  const auto days = static_cast<long>(std::chrono::floor<std::chrono::days>(left).count());
  if (!health.days_left || days < *health.days_left) {
    health.days_left = days;
    health.warn_below = warn_below;
    health.critical_below = critical_below;
  }
  if (left >= warn_below && left >= critical_below) return;
  add(health, left < critical_below ? Level::critical : Level::warning, Matter::expiry,
      endpoint_name(evidence, presented) + " presents a certificate that " + when_expires(left));
}

void judge_without_tls(const Findings& findings, const ServiceEvidence& evidence, const Presented& presented,
                       Health& health) {
  const auto what = address_name(evidence, presented) + ": " +
                    (presented.detail.empty() ? "no TLS is offered" : presented.detail);
  const bool counts = is_refused_without_tls(findings, evidence);
  add(health, counts ? Level::critical : Level::unknown, Matter::no_tls,
      counts ? what + ", and TLSA records are published: DANE clients do not deliver" : what);
}

void judge_endpoint(const EndpointVerdict& verdict, const Findings& findings, const ServiceEvidence& evidence,
                    const Presented& presented, const Alarms& alarms, Time now, Health& health) {
  switch (verdict.dane) {
    case Dane::not_offered:
      return;
    case Dane::unreachable:
      return add(health, Level::unknown, Matter::unreachable,
                 address_name(evidence, presented) + ": " + presented.detail);
    case Dane::no_tls:
      return judge_without_tls(findings, evidence, presented, health);
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

void judge_service(const Findings& findings, const ServiceEvidence& evidence, const EndpointJudge& judge,
                   const Alarms& alarms, Time now, Health& health) {
  const auto& host = evidence.service.host;
  if (has_records(findings, evidence) == false)
    add(health, Level::warning, Matter::no_records, "no TLSA record is published for " + host.text());
  if (evidence.presented.empty())
    add(health, Level::unknown, Matter::no_address, host.text() + ": no address is known");
  std::set<std::string> unreachable;
  for (const auto& presented : evidence.presented) {
    const auto verdict = judge.on(evidence, presented);
    judge_endpoint(verdict, findings, evidence, presented, alarms, now, health);
    if (verdict.dane == Dane::unreachable || verdict.dane == Dane::no_tls)
      unreachable.insert(presented.address);
  }
  health.unreachable += evidence.presented.empty() ? 1 : unreachable.size();
}

// The planner finds the outage of an endpoint as well: once is enough.
void judge_troubles(const Findings& findings, Health& health) {
  for (const auto& trouble : findings.troubles) {
    if (trouble.topic == Topic::outage && health.mismatches > 0) continue;
    if (trouble.topic == Topic::outage)
      add(health, Level::critical, Matter::mismatch, trouble.text());
    else if (trouble.topic == Topic::bogus)
      add(health, Level::critical, Matter::bogus, trouble.text());
    else if (trouble.topic == Topic::primary)
      add(health, Level::warning, Matter::primary_silent, trouble.text());
    else
      add(health, trouble.code == ErrorCode::unsafe ? Level::critical : Level::unknown, Matter::other,
          trouble.text());
  }
  for (const auto& file : findings.not_readable) add(health, Level::ok, Matter::not_readable, file.text());
}

Matter matter_of(const ServerFault& fault) {
  switch (fault.kind) {
    case ServerFault::Kind::unreachable:
      return Matter::server_silent;
    case ServerFault::Kind::older_serial:
    case ServerFault::Kind::other_records:
    case ServerFault::Kind::newer_serial:
      return Matter::server_differs;
    case ServerFault::Kind::no_signature:
    case ServerFault::Kind::bad_signature:
      break;
  }
  return Matter::server_signature;
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
        if (is_bogus)
          add(health, Level::critical, Matter::bogus, what.text());
        else
          add(health, Level::warning, matter_of(fault), what.text());
      }
    }
  }
}

// What the next restart of the service will present, and no record matches.
void judge_credentials(const Findings& findings, Health& health) {
  for (const auto& zone : findings.plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      for (const auto& step : rrset.steps) {
        if (step.state != RecordState::missing || step.credential.empty()) continue;
        add(health, Level::warning, Matter::unpublished,
            "the key of " + step.credential + " has no record at " + rrset.owner.text() + " (" +
                step.record.parameters.text() + ")");
      }
    }
  }
}

// A resolver that is not to be trusted, or none, is how many a machine is set up: that alone alarms nobody.
void judge_dnssec(const Findings& findings, const Alarms& alarms, Health& health) {
  if (findings.no_verdict) {
    add(health, alarms.expects_verdict ? Level::unknown : Level::ok, Matter::not_validated,
        "DNSSEC was not checked: " + findings.no_verdict->text());
  }
  if (findings.dnssec == dns::Dnssec::bogus)
    add(health, Level::critical, Matter::bogus,
        "DNSSEC validation fails (bogus): for clients that validate the records do not exist");
  if (findings.dnssec == dns::Dnssec::insecure)
    add(health, Level::warning, Matter::insecure,
        "the records are not secured by DNSSEC, so no client uses them");
  if (findings.dnssec == dns::Dnssec::unknown && !findings.no_verdict)
    add(health, Level::ok, Matter::not_validated,
        "DNSSEC was not checked: no resolver that may be trusted, and no --trust-anchor");
}

// Days, with a digit behind the point where the lifetime calls for it.
std::string in_days(Seconds time) {
  constexpr long day = 86'400;
  const long tenths = time.count() * 10 / day;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10));
}

// In the order of Level.
constexpr std::array<std::string_view, 4> level_words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

}  // namespace

Level Health::level() const {
  const auto has = [&](Level level) {
    return std::any_of(remarks.begin(), remarks.end(),
                       [&](const HealthRemark& remark) { return remark.level == level; });
  };
  for (const auto level : {Level::critical, Level::unknown, Level::warning}) {
    if (has(level)) return level;
  }
  return Level::ok;
}

Health judge_health(const Findings& findings, const Alarms& alarms, Time now) {
  Health health;
  const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
  for (const auto& evidence : findings.evidence.value_or(std::vector<ServiceEvidence>{}))
    judge_service(findings, evidence, judge, alarms, now, health);
  judge_troubles(findings, health);
  judge_authorities(findings, health);
  judge_credentials(findings, health);
  judge_dnssec(findings, alarms, health);
  return health;
}

std::vector<HealthRemark> outages_of(const Findings& findings) {
  const auto health = judge_health(findings, {}, Time{});
  const bool is_reported =
      std::ranges::find(findings.troubles, Topic::outage, &Error::topic) != findings.troubles.end();
  std::vector<HealthRemark> outages;
  for (const auto& remark : health.remarks) {
    const bool is_new = remark.matter == Matter::no_tls || remark.matter == Matter::bogus ||
                        (remark.matter == Matter::mismatch && !is_reported);
    if (remark.level == Level::critical && is_new) outages.push_back(remark);
  }
  return outages;
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

std::string monitor_line(const Health& health) {
  std::string line = "TLSA " + std::string(level_words.at(static_cast<std::size_t>(health.level()))) + " - ";
  const bool is_well = health.level() == Level::ok;
  if (is_well) line += count(health.endpoints, "handshake") + (health.endpoints == 1 ? " matches" : " match");
  std::string_view separator = is_well ? "; " : "";
  for (const auto level : {Level::critical, Level::unknown, Level::warning, Level::ok}) {
    for (const auto matter : all_matters) {
      bool is_any = false;
      for (const auto& remark : health.remarks) {
        if (remark.level != level || remark.matter != matter) continue;
        line.append(separator) += printable(remark.text);
        separator = "; ";
        is_any = true;
      }
      if (is_any && !advice_on(matter).empty()) line.append(" (").append(advice_on(matter)) += ")";
    }
  }
  std::replace(line.begin(), line.end(), '|', '/');  // what follows a bar is perfdata
  line += " | matching=" + std::to_string(health.endpoints - health.mismatches) +
          " mismatching=" + std::to_string(health.mismatches) +
          " unreachable=" + std::to_string(health.unreachable);
  if (health.days_left) {
    line += " days_left=" + std::to_string(*health.days_left) + ";" + in_days(health.warn_below) + ":;" +
            in_days(health.critical_below) + ":";
  }
  return line + "\n";
}

}  // namespace tlsa_update::report
