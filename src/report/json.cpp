// Findings as the one JSON document that tlsa-update(1) describes. Keys that a command has nothing to say on
// are left out.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/report/record_object.hpp"

namespace tlsa_update::report {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<Time>& time) {
  return time ? json::value(rfc3339(*time)) : json::value(nullptr);
}

json::object step_object(const Findings& findings, const RrsetPlan& rrset, const Step& step) {
  auto entry = record_object(step.record);
  const auto added = findings.added.find({rrset.owner, step.record});
  const bool was_added = added != findings.added.end();
  entry["state"] = state_text(findings, step.state);
  entry["action"] = text(was_added ? Action::add : step.action);
  entry["reason"] = text(was_added ? added->second : step.reason);
  entry["detail"] = detail(step, rrset);
  if (!step.credential.empty()) entry["credential"] = printable(step.credential, 4096);
  if (step.ready_at) entry["ready_at"] = rfc3339(*step.ready_at);
  return entry;
}

json::object deleted_object(const TlsaRecord& record, Reason reason) {
  auto entry = record_object(record);
  entry["state"] = text(RecordState::stale);
  entry["action"] = text(Action::remove);
  entry["reason"] = text(reason);
  entry["detail"] = "deleted";
  return entry;
}

json::object rrset_object(const Findings& findings, const RrsetPlan& rrset) {
  json::array records;
  for (const auto& step : rrset.steps) records.push_back(step_object(findings, rrset, step));
  for (auto gone = findings.removed.lower_bound({rrset.owner, {}});
       gone != findings.removed.end() && gone->first.first == rrset.owner; ++gone)
    records.push_back(deleted_object(gone->first.second, gone->second));
  json::object entry{{"owner", rrset.owner.text()}, {"asked", rrset.asked.text()}, {"ttl", rrset.ttl}};
  if (rrset.refused) entry["refused"] = refusal(*rrset.refused, rrset.owner).text();
  entry["records"] = std::move(records);
  return entry;
}

// The port only where it is another than that of DNS.
std::string_view without_dns_port(std::string_view address) {
  constexpr std::string_view dns_port = "@53";
  if (address.ends_with(dns_port)) address.remove_suffix(dns_port.size());
  return address;
}

// What is wrong with a server, whether it answers or not.
std::string trouble_text(const ServerView& server, const ZoneView& zone,
                         const std::vector<ServerFault>& faults) {
  std::string all = server.trouble;
  if (!server.reachable && !server.advice.empty()) all += "; " + server.advice;
  for (const auto& fault : faults) {
    if (fault.kind != ServerFault::Kind::unreachable)
      all += (all.empty() ? "" : "; ") + trouble(fault, zone, server).what;
  }
  return all;
}

json::object server_object(const ServerView& server, const ZoneView& zone, const ZonePlan& plan,
                           const std::vector<ServerFault>& faults) {
  json::object entry{{"name", printable(server.name)},
                     {"address", printable(without_dns_port(server.address))}};
  if (server.serial) entry["serial"] = *server.serial;
  entry["reachable"] = server.reachable;
  entry["complete"] = is_complete(server, zone, plan);
  const auto trouble = trouble_text(server, zone, faults);
  if (!trouble.empty()) entry["trouble"] = printable(trouble, 4000);
  return entry;
}

json::array server_objects(const ZoneView& zone, const ZonePlan& plan) {
  const auto faults = faults_of(zone);
  json::array servers;
  for (std::size_t i = 0; i < faults.size(); ++i)
    servers.push_back(server_object(zone.servers[i], zone, plan, faults[i]));
  return servers;
}

json::object zone_object(const Findings& findings, const ZonePlan& plan) {
  json::object entry{{"zone", plan.zone.text()}};
  if (const auto* const view = view_of(findings, plan)) {
    entry["server"] = printable(view->server);
    entry["serial"] = view->serial;
    entry["signed"] = is_signed_to_clients(*view);
    if (!view->servers.empty()) entry["servers"] = server_objects(*view, plan);
  }
  json::array rrsets;
  for (const auto& rrset : plan.rrsets) rrsets.push_back(rrset_object(findings, rrset));
  entry["rrsets"] = std::move(rrsets);
  return entry;
}

void add_endpoints(json::array& endpoints, const ServiceEvidence& evidence, const EndpointJudge& judge) {
  const auto host = evidence.service.host.host_text();
  for (const auto& presented : evidence.presented) {
    const auto verdict = judge.on(evidence, presented);
    if (verdict.dane == Dane::not_offered) continue;  // no certificate of this kind: nothing to judge
    json::object entry{{"name", host},
                       {"address", presented.address},
                       {"port", evidence.service.port},
                       {"key_type", text(presented.key_type)}};
    if (verdict.dane != Dane::no_records) entry["dane"] = text(verdict.dane);
    if (verdict.dane == Dane::ok && verdict.matched) entry["matched"] = verdict.matched->text();
    const auto why = detail(verdict, presented);
    if (!why.empty()) entry["detail"] = printable(why);
    endpoints.push_back(std::move(entry));
  }
}

// One for each server or address that is in the way; one where none is known.
void add_blockers(json::array& blockers, const Wait& wait) {
  json::object entry{{"owner", wait.owner.text()},
                     {"reason", text(wait.reason)},
                     {"detail", printable(detail(wait), 4000)},
                     {"ends", text(wait.ends)}};
  if (!wait.record.data.empty()) entry["record"] = wait.record.text();
  if (wait.ready_at) entry["ready_at"] = rfc3339(*wait.ready_at);
  if (wait.places.empty()) blockers.push_back(entry);
  for (const auto& [server, address, since] : wait.places) {
    auto at = entry;
    if (!server.empty()) at["server"] = printable(server);
    at["address"] = printable(without_dns_port(address));
    blockers.push_back(std::move(at));
  }
}

void add_remarks(json::object& document, const std::vector<HealthRemark>& remarks) {
  json::array all;
  for (const auto& remark : remarks) {
    all.push_back({{"finding", text(remark.matter)},
                   {"level", text(remark.level)},
                   {"detail", printable(remark.text, 4000)},
                   {"advice", advice_on(remark.matter)}});
  }
  document["findings"] = std::move(all);
}

void add_diagnosis(json::object& document, const Diagnosis& diagnosis) {
  json::array checks;
  for (const auto& check : diagnosis.checks) {
    checks.push_back({{"check", check.check},
                      {"ok", check.ok},
                      {"detail", printable(check.detail, 4000)},
                      {"advice", printable(check.advice, 4000)}});
  }
  document["checks"] = std::move(checks);
  json::array grants;
  for (const auto& grant : diagnosis.grants)
    grants.push_back({{"zone", grant.zone.text()},
                      {"bind", grant.bind},
                      {"knot", grant.knot},
                      {"powerdns", grant.powerdns}});
  document["grants"] = std::move(grants);
}

}  // namespace

json::object record_object(const TlsaRecord& record) {
  return {{"usage", static_cast<unsigned>(record.parameters.usage)},
          {"selector", static_cast<unsigned>(record.parameters.selector)},
          {"matching_type", static_cast<unsigned>(record.parameters.matching_type)},
          {"data", to_hex(record.data)}};
}

std::string json_of(const Findings& findings) {
  json::array zones;
  for (const auto& plan : findings.plan.zones) zones.push_back(zone_object(findings, plan));
  json::object document{{"zones", std::move(zones)}};
  if (findings.evidence) {
    json::array endpoints;
    const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
    for (const auto& evidence : *findings.evidence) add_endpoints(endpoints, evidence, judge);
    document["endpoints"] = std::move(endpoints);
  }
  if (findings.blockers) {
    json::array blockers;
    for (const auto& wait : *findings.blockers) add_blockers(blockers, wait);
    document["blockers"] = std::move(blockers);
  }
  if (findings.dnssec) document["dnssec"] = text(*findings.dnssec);
  if (findings.remarks) add_remarks(document, *findings.remarks);
  if (!findings.troubles.empty()) {
    json::array errors;
    for (const auto& trouble : findings.troubles) errors.push_back(json::string(trouble.text()));
    document["errors"] = std::move(errors);
  }
  if (findings.diagnosis) add_diagnosis(document, *findings.diagnosis);
  document["changed"] = findings.changed;
  document["next_due"] = time_or_null(findings.plan.next_due);
  return json::serialize(document) + "\n";
}

}  // namespace tlsa_update::report
