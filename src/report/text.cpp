// Findings for people: zone, server, RRset, then a line for each record with its state and the reason.

#include <algorithm>
#include <set>

#include "paper.hpp"
#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"
#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::report {
namespace {

constexpr std::size_t digest_shown = 64;  // hex digits of association data on one line

std::string shortened(const TlsaRecord& record) {
  std::string text = record.text();
  const std::size_t limit = record.parameters.text().size() + 1 + 2 * digest_shown;
  if (text.size() > limit) text = text.substr(0, limit) + "...";
  return text;
}

// The change that was made to the record, or else its state and the reason.
std::string verdict(const Findings& findings, const RrsetPlan& rrset, const Step& step) {
  if (const auto added = findings.added.find({rrset.owner, step.record}); added != findings.added.end()) {
    const bool is_plain = added->second == Reason::missing;
    return is_plain ? "added" : "added, " + std::string(meaning(added->second));
  }
  if (step.state == RecordState::foreign && !findings.has_ledger)
    return "unknown: whose it is, is in the ledger, which this user may not read";
  std::string out(text(step.state));
  if (step.action != Action::none) out += ", " + std::string(text(step.action));
  return out + ": " + detail(step, rrset);
}

void print_rrset(Paper& out, const Findings& findings, const RrsetPlan& rrset) {
  out << "  " << rrset.owner.text() << " TTL " << rrset.ttl;
  if (rrset.asked != rrset.owner) out << " (alias of " << rrset.asked.text() << ")";
  if (rrset.moves_ttl && rrset.observed) out << " (now " << rrset.observed->ttl << ")";
  out << "\n";
  if (rrset.refused) out << "    refused: " << refusal(*rrset.refused, rrset.owner).text() << "\n";
  for (const auto& step : rrset.steps) {
    out << "    " << shortened(step.record) << "\n      " << verdict(findings, rrset, step);
    if (!step.credential.empty()) out << " [" << printable(step.credential) << "]";
    out << "\n";
  }
  for (auto gone = findings.removed.lower_bound({rrset.owner, {}});
       gone != findings.removed.end() && gone->first.first == rrset.owner; ++gone)
    out << "    " << shortened(gone->first.second) << "\n      deleted\n";
}

void print_server(Paper& out, const ZoneView& zone, const ServerView& server,
                  const std::vector<ServerFault>& faults) {
  out << "  " << printable(server.name) << " " << printable(server.address) << ": ";
  if (!server.reachable) {
    out << "unreachable: " << printable(server.trouble);
    if (!server.advice.empty()) out << "; " << server.advice;
    out << "\n";
    return;
  }
  out << "serial " << (server.serial ? std::to_string(*server.serial) : std::string("unknown"));
  std::set<Name> wrong;
  for (const auto& fault : faults) {
    if (fault.kind > ServerFault::Kind::older_serial) wrong.insert(fault.owner);
  }
  const auto right = std::ranges::count_if(server.rrsets, [&](const ServedRrset& served) {
    return served.rrset && !wrong.contains(served.owner);
  });
  out << ", " << std::to_string(right) << " of " << count(server.rrsets.size(), "RRset");
  if (!server.trouble.empty()) out << " (" << printable(server.trouble) << ")";
  out << "\n";
  for (const auto& fault : faults) out << "    " << printable(trouble(fault, zone, server).what) << "\n";
}

void print_servers(Paper& out, const ZoneView& zone) {
  const auto faults = faults_of(zone);
  for (std::size_t i = 0; i < faults.size(); ++i) print_server(out, zone, zone.servers[i], faults[i]);
}

std::string_view signing_text(const ZoneView& zone) {
  if (zone.is_signed) return ", signed";
  return zone.has_signer ? ", signed behind the primary" : ", not signed";
}

std::string_view outcome_text(Dane dane) {
  switch (dane) {
    case Dane::no_records:
      return "presents a certificate, and no TLSA record was read to match it";
    case Dane::not_offered:
      return "not offered";
    case Dane::no_tls:
      return "no TLS";
    case Dane::ok:
    case Dane::mismatch:
    case Dane::unreachable:
      break;
  }
  return text(dane);
}

void print_endpoint(Paper& out, const ServiceEvidence& evidence, const Presented& presented,
                    const EndpointJudge& judge) {
  const auto& service = evidence.service;
  const auto verdict = judge.on(evidence, presented);
  out << service.host.text() << " " << presented.address << " port " << service.port << " "
      << text(presented.key_type) << ": " << outcome_text(verdict.dane);
  const auto why = detail(verdict, presented);
  if (!why.empty()) out << " (" << printable(why) << ")";
  out << "\n";
}

void print_blocker(Paper& out, const Wait& wait) {
  out << "not ready: " << wait.owner.text() << ": " << printable(detail(wait), 4000);
  for (const auto& [server, address, since] : wait.places) {
    out << (&wait.places.front().address == &address ? " [" : ", ") << printable(server)
        << (server.empty() ? "" : " ") << printable(address);
  }
  out << (wait.places.empty() ? "" : "]") << " (ends by: " << text(wait.ends) << ")\n";
}

void print_diagnosis(Paper& out, const Diagnosis& diagnosis) {
  for (const auto& check : diagnosis.checks) {
    out << (check.ok ? "ok    " : "FAIL  ") << check.check << ": " << printable(check.detail, 4000) << "\n";
    if (!check.advice.empty()) out << "      -> " << printable(check.advice, 4000) << "\n";
  }
  for (const auto& grant : diagnosis.grants) {
    out << "\n" << grant.zone.text() << " at a BIND primary, in named.conf:\n\n" << grant.bind;
    out << "\n" << grant.zone.text() << " at a Knot primary, in knot.conf:\n\n" << grant.knot;
    out << "\n" << grant.zone.text() << " at a PowerDNS primary, in a shell there:\n\n" << grant.powerdns;
  }
}

}  // namespace

std::string text_of(const Findings& findings) {
  Paper out;
  if (findings.diagnosis) {
    print_diagnosis(out, *findings.diagnosis);
    return out.text;
  }
  for (const auto& plan : findings.plan.zones) {
    if (const auto* const view = view_of(findings, plan)) {
      out << view->apex.text() << " at " << printable(view->server) << ", serial " << view->serial
          << signing_text(*view) << "\n";
      print_servers(out, *view);
    }
    for (const auto& rrset : plan.rrsets) print_rrset(out, findings, rrset);
  }
  if (findings.evidence) {
    const EndpointJudge judge(findings.zones, findings.judge.get(), findings.counts_resolvers);
    for (const auto& evidence : *findings.evidence) {
      for (const auto& presented : evidence.presented) print_endpoint(out, evidence, presented, judge);
    }
  }
  if (findings.dnssec) {
    const auto why = findings.no_verdict ? " (" + findings.no_verdict->text() + ")" : std::string{};
    out << "dnssec: " << text(*findings.dnssec) << why << "\n";
  }
  if (findings.blockers) {
    for (const auto& wait : *findings.blockers) print_blocker(out, wait);
  }
  if (findings.plan.next_due) out << "next due " << rfc3339(*findings.plan.next_due) << "\n";
  return std::move(out.text);
}

}  // namespace tlsa_update::report
