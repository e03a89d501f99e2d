// What was found, as a Prometheus textfile. Every family is there in every file, so that a rule never waits
// for a series that only an outage brings: of services and servers those that are known.
#include <algorithm>
#include <map>

#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"
#include "tlsa_update/report/health.hpp"

namespace tlsa_update::report {
namespace {

// Prometheus label values escape backslash, quote and line feed.
std::string label(std::string_view name, std::string_view value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : printable(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

// One family: its samples are "{labels} value".
class Family {
 public:
  Family(std::string& out, std::string_view name, std::string_view help) : out_(out), name_(name) {
    out_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " gauge\n";
  }
  void add(const std::string& labels, std::int64_t value) {
    out_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + std::to_string(value) + "\n";
  }

 private:
  std::string& out_;
  std::string name_;
};

struct Endpoint {
  std::string labels;
  Dane dane;
  bool is_refused;  // by clients that know DANE
  const Presented* presented;
};

std::string endpoint_labels(const ServiceEvidence& evidence, const Presented& presented) {
  return label("name", evidence.service.host.text()) + "," + label("address", presented.address) + "," +
         label("port", std::to_string(evidence.service.port)) + "," +
         label("key_type", text(presented.key_type));
}

std::vector<Endpoint> endpoints_of(const Findings& findings) {
  const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
  std::map<std::string, Endpoint> found;  // one machine of several may have shown another chain: the worst
  for (const auto& evidence : findings.evidence.value_or(std::vector<ServiceEvidence>{})) {
    for (const auto& presented : evidence.presented) {
      const auto dane = judge.on(evidence, presented).dane;
      if (dane == Dane::not_offered) continue;
      Endpoint one{endpoint_labels(evidence, presented), dane, dane == Dane::mismatch, &presented};
      if (dane == Dane::no_tls) one.is_refused = is_refused_without_tls(findings, evidence);
      const auto [place, is_new] = found.emplace(one.labels, one);
      if (!is_new && (one.is_refused || dane == Dane::unreachable) && !place->second.is_refused)
        place->second = one;
    }
  }
  std::vector<Endpoint> endpoints;
  for (auto& [labels, one] : found) endpoints.push_back(std::move(one));
  return endpoints;
}

void add_endpoints(std::string& out, const std::vector<Endpoint>& endpoints) {
  Family reachable(out, "tlsa_endpoint_reachable", "1: the address presented a chain");
  for (const auto& one : endpoints)
    reachable.add(one.labels, one.presented->outcome == ProbeOutcome::served ? 1 : 0);
  Family ok(out, "tlsa_endpoint_dane_ok", "1: the RRset of every server accepts what is served");
  for (const auto& one : endpoints) {
    if (one.dane == Dane::ok || one.is_refused) ok.add(one.labels, one.is_refused ? 0 : 1);
  }
  Family verdicts(out, "tlsa_endpoint_verdict", "1 for the verdict on the endpoint");
  for (const auto& one : endpoints) {
    const auto word = one.dane == Dane::no_records ? text(Matter::no_records) : text(one.dane);
    verdicts.add(one.labels + "," + label("verdict", word), 1);
  }
}

void add_certificates(std::string& out, const std::vector<Endpoint>& endpoints) {
  Family before(out, "tlsa_certificate_not_before_seconds", "begin of validity of the served certificate");
  for (const auto& one : endpoints) {
    if (one.presented->outcome == ProbeOutcome::served)
      before.add(one.labels, one.presented->chain.front().not_before.time_since_epoch().count());
  }
  Family after(out, "tlsa_certificate_not_after_seconds", "end of validity of the served certificate");
  for (const auto& one : endpoints) {
    if (one.presented->outcome == ProbeOutcome::served)
      after.add(one.labels, one.presented->chain.front().not_after.time_since_epoch().count());
  }
}

// One line for each server, with what is wrong with it.
using Servers = std::map<std::string, std::pair<const ServerView*, std::vector<ServerFault>>>;

Servers servers_of(const Findings& findings) {
  Servers servers;
  for (const auto& zone : findings.zones) {
    auto faults = faults_of(zone);
    for (std::size_t i = 0; i < faults.size(); ++i) {
      const auto& server = zone.servers[i];
      servers[label("zone", zone.apex.text()) + "," + label("server", server.name) + "," +
              label("address", server.address)] = {&server, std::move(faults[i])};
    }
  }
  return servers;
}

void add_servers(std::string& out, const Findings& findings) {
  const auto servers = servers_of(findings);
  Family reachable(out, "tlsa_server_reachable", "1: the authoritative server answered");
  for (const auto& [labels, one] : servers) reachable.add(labels, one.first->reachable ? 1 : 0);
  Family sound(out, "tlsa_server_sound", "1: it serves what the primary has, with signatures that hold");
  for (const auto& [labels, one] : servers) sound.add(labels, one.second.empty() ? 1 : 0);
  Family faults(out, "tlsa_server_fault", "1 for each fault of an authoritative server");
  for (const auto& [labels, one] : servers) {
    std::map<std::string, int> kinds;
    for (const auto& fault : one.second) kinds[label("fault", text(fault.kind))] = 1;
    for (const auto& [kind, value] : kinds) faults.add(labels + "," + kind, value);
  }
}

void add_records(std::string& out, const Findings& findings) {
  constexpr std::array states{RecordState::published, RecordState::missing, RecordState::stale,
                              RecordState::foreign, RecordState::kept};
  Family records(out, "tlsa_records", "records of an owner, by their state");
  for (const auto& zone : findings.plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      std::map<std::string_view, int> numbers;
      for (const auto state : states) numbers[state_text(findings, state)] = 0;
      for (const auto& step : rrset.steps) ++numbers[state_text(findings, step.state)];
      for (const auto& [state, number] : numbers)
        records.add(label("owner", rrset.owner.text()) + "," + label("state", state), number);
    }
  }
}

void add_dnssec(std::string& out, const Findings& findings) {
  const auto verdict = findings.dnssec.value_or(Dnssec::unknown);
  Family dnssec(out, "tlsa_dnssec", "1 for the weakest verdict on the records");
  for (const auto one : {Dnssec::secure, Dnssec::insecure, Dnssec::bogus, Dnssec::unknown})
    dnssec.add(label("verdict", text(one)), one == verdict ? 1 : 0);
}

// In the order in which Health::level() looks.
int severity(Level level) {
  switch (level) {
    case Level::critical:
      return 3;
    case Level::unknown:
      return 2;
    case Level::warning:
      return 1;
    case Level::ok:
      break;
  }
  return 0;
}

void add_findings(std::string& out, const Health& health) {
  Family level(out, "tlsa_verify_level", "as verify --monitor: 0 ok, 1 warning, 2 critical, 3 unknown");
  level.add({}, static_cast<int>(health.level()));
  Family findings(out, "tlsa_finding_level", "the worst of each kind of finding, in the same numbers");
  for (const auto matter : all_matters) {
    auto worst = Level::ok;
    for (const auto& remark : health.remarks) {
      if (remark.matter == matter && severity(remark.level) > severity(worst)) worst = remark.level;
    }
    findings.add(label("finding", text(matter)), static_cast<int>(worst));
  }
}

}  // namespace

std::string metrics_text(const Findings& findings, const Health& health, Time now) {
  std::string out;
  const auto endpoints = endpoints_of(findings);
  add_endpoints(out, endpoints);
  add_certificates(out, endpoints);
  add_servers(out, findings);
  add_records(out, findings);
  add_dnssec(out, findings);
  add_findings(out, health);
  Family written(out, "tlsa_last_verify_seconds", "when this file was written");
  written.add({}, now.time_since_epoch().count());
  return out;
}

}  // namespace tlsa_update::report
