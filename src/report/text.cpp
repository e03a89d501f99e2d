// Findings for people: zone, server, RRset, then a line for each record with its state and the reason.

#include <algorithm>

#include "paper.hpp"
#include "tlsa_update/core/report.hpp"
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

// What was done to the record, or else what is to be said of it.
std::string verdict(const Findings& findings, const RrsetPlan& rrset, const Step& step) {
  if (findings.added.contains({rrset.owner, step.record})) return "added";
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
       gone != findings.removed.end() && gone->first == rrset.owner; ++gone)
    out << "    " << shortened(gone->second) << "\n      deleted\n";
}

void print_server(Paper& out, const ServerView& server) {
  out << "  " << printable(server.name) << " " << printable(server.address) << ": ";
  if (!server.reachable) {
    out << "unreachable: " << printable(server.trouble) << "\n";
    return;
  }
  out << "serial " << (server.serial ? std::to_string(*server.serial) : std::string("unknown"));
  const auto published = std::count_if(server.rrsets.begin(), server.rrsets.end(),
                                       [](const ServedRrset& served) { return served.rrset.has_value(); });
  out << ", " << std::to_string(published) << " of " << std::to_string(server.rrsets.size()) << " RRsets";
  if (!server.trouble.empty()) out << " (" << printable(server.trouble) << ")";
  out << "\n";
}

std::string_view outcome_text(const ServiceEvidence& evidence, const Presented& presented) {
  switch (presented.outcome) {
    case ProbeOutcome::served:
      if (!evidence.has_records) return "presents a certificate, and no TLSA record was read to match it";
      return presented.dane_ok ? "ok" : "mismatch";
    case ProbeOutcome::not_offered:
      return "not offered";
    case ProbeOutcome::unreachable:
      return "unreachable";
    case ProbeOutcome::no_tls:
      return "no TLS";
  }
  return "";
}

void print_endpoint(Paper& out, const ServiceEvidence& evidence, const Presented& presented) {
  const auto& service = evidence.service;
  out << service.host.text() << " " << presented.address << " port " << service.port << " "
      << text(presented.key_type) << ": " << outcome_text(evidence, presented);
  if (!presented.detail.empty()) out << " (" << printable(presented.detail) << ")";
  out << "\n";
}

void print_diagnosis(Paper& out, const Diagnosis& diagnosis) {
  for (const auto& check : diagnosis.checks) {
    out << (check.ok ? "ok    " : "FAIL  ") << check.check << ": " << printable(check.detail, 4000) << "\n";
    if (!check.advice.empty()) out << "      -> " << printable(check.advice, 4000) << "\n";
  }
  for (const auto& grant : diagnosis.grants) {
    out << "\n" << grant.zone.text() << " at a BIND primary, in named.conf:\n\n" << grant.bind;
    out << "\n" << grant.zone.text() << " at a Knot primary, in knot.conf:\n\n" << grant.knot;
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
          << (view->is_signed ? ", signed" : ", not signed") << "\n";
      for (const auto& server : view->servers) print_server(out, server);
    }
    for (const auto& rrset : plan.rrsets) print_rrset(out, findings, rrset);
  }
  if (findings.evidence) {
    for (const auto& evidence : *findings.evidence) {
      for (const auto& presented : evidence.presented) print_endpoint(out, evidence, presented);
    }
  }
  if (findings.dnssec) {
    const auto why = findings.no_verdict ? " (" + findings.no_verdict->text() + ")" : std::string{};
    out << "dnssec: " << text(*findings.dnssec) << why << "\n";
  }
  if (findings.plan.next_due) out << "next due " << rfc3339(*findings.plan.next_due) << "\n";
  return std::move(out.text);
}

}  // namespace tlsa_update::report
