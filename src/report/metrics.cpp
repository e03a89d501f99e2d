// What was found, as a Prometheus textfile.
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"
#include "tlsa_update/report/health.hpp"

namespace tlsa_update::report {
namespace {

// Prometheus label values escape backslash, quote and line feed.
std::string label(std::string_view name, const std::string& value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : printable(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string endpoint_labels(const ServiceEvidence& evidence, const Presented& presented) {
  return "{" + label("name", evidence.service.host.text()) + "," + label("address", presented.address) + "," +
         label("port", std::to_string(evidence.service.port)) + "," +
         label("key_type", std::string(text(presented.key_type))) + "}";
}

void add_metric(std::string& out, std::string_view name, std::string_view help,
                const std::vector<std::string>& samples) {
  if (samples.empty()) return;
  out +=
      "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) + " gauge\n";
  for (const auto& sample : samples) out += std::string(name) + sample + "\n";
}

void add_endpoints(std::string& out, const Findings& findings) {
  const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
  std::vector<std::string> ok, reachable, expiry;
  for (const auto& evidence : findings.evidence.value_or(std::vector<ServiceEvidence>{})) {
    for (const auto& presented : evidence.presented) {
      if (presented.outcome == ProbeOutcome::not_offered) continue;
      const auto labels = endpoint_labels(evidence, presented);
      const bool is_served = presented.outcome == ProbeOutcome::served;
      reachable.push_back(labels + (is_served ? " 1" : " 0"));
      if (!is_served) continue;
      const auto dane = judge.on(evidence, presented).dane;
      if (dane != Dane::no_records) ok.push_back(labels + (dane == Dane::ok ? " 1" : " 0"));
      expiry.push_back(labels + " " +
                       std::to_string(presented.chain.front().not_after.time_since_epoch().count()));
    }
  }
  add_metric(out, "tlsa_endpoint_reachable", "1: the address presented a chain", reachable);
  add_metric(out, "tlsa_endpoint_dane_ok", "1: the RRset of every server accepts the chain", ok);
  add_metric(out, "tlsa_certificate_not_after_seconds", "end of validity of the served certificate", expiry);
}

void add_servers(std::string& out, const Findings& findings) {
  std::vector<std::string> servers, sound;
  for (const auto& zone : findings.zones) {
    const auto faults = faults_of(zone);
    for (std::size_t i = 0; i < faults.size(); ++i) {
      const auto& server = zone.servers[i];
      const auto labels = "{" + label("zone", zone.apex.text()) + "," + label("server", server.name) + "," +
                          label("address", server.address) + "}";
      servers.push_back(labels + (server.reachable ? " 1" : " 0"));
      sound.push_back(labels + (faults[i].empty() ? " 1" : " 0"));
    }
  }
  add_metric(out, "tlsa_server_reachable", "1: the authoritative server answered", servers);
  add_metric(out, "tlsa_server_sound", "1: it serves what the primary has, with signatures that hold", sound);
}

}  // namespace

std::string metrics_text(const Findings& findings, Time now) {
  std::string out;
  add_endpoints(out, findings);
  add_servers(out, findings);
  if (findings.dnssec) {
    add_metric(out, "tlsa_dnssec", "1 for the verdict on the records",
               {"{" + label("verdict", std::string(text(*findings.dnssec))) + "} 1"});
  }
  add_metric(out, "tlsa_last_verify_seconds", "when this file was written",
             {" " + std::to_string(now.time_since_epoch().count())});
  return out;
}

}  // namespace tlsa_update::report
