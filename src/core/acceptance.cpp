#include "tlsa_update/core/acceptance.hpp"

#include <algorithm>

#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace {

bool matches_key(const TlsaRecord& record, const Selected& key) {
  return record.parameters.of_end_entity() && record.parameters.selector == Selector::spki &&
         !record.data.empty() && record.data == key.data(record.parameters.matching_type);
}

bool is_pkix(Usage usage) { return usage == Usage::pkix_ta || usage == Usage::pkix_ee; }

// RFC 6698 section 4.1: clients pass over what they cannot use.
TlsaRecords usable_by_clients(const TlsaRecords& rrset, const Served& served) {
  TlsaRecords usable;
  std::ranges::copy_if(rrset, std::back_inserter(usable), [&](const TlsaRecord& record) {
    return is_usable(record) && !(served.is_smtp && is_pkix(record.parameters.usage));
  });
  return usable;
}

// The record for which clients pass those of `parameters` over.
std::optional<TlsaRecord> stronger_than(TlsaParameters parameters, const TlsaRecords& usable) {
  if (parameters.matching_type != MatchingType::sha2_256) return std::nullopt;
  parameters.matching_type = MatchingType::sha2_512;
  const auto place = std::ranges::find(usable, parameters, &TlsaRecord::parameters);
  return place != usable.end() ? std::optional(*place) : std::nullopt;
}

// By this record alone. Without a judge dates count where `now` is given.
bool is_fit(const TlsaRecord& record, const Served& served, const std::optional<Time>& now) {
  if (!served.is_accepted_by(record)) return false;
  if (record.parameters.usage == Usage::dane_ee || served.chain == nullptr || served.judge != nullptr)
    return true;
  const auto& leaf = served.chain->front();
  return !now || (leaf.not_before <= *now && *now <= leaf.not_after);
}

// As far as the outcome of the handshake says.
Dane without_records(const Presented& presented) {
  switch (presented.outcome) {
    case ProbeOutcome::served:
      return Dane::no_records;
    case ProbeOutcome::not_offered:
      return Dane::not_offered;
    case ProbeOutcome::no_tls:
      return Dane::no_tls;
    case ProbeOutcome::unreachable:
      break;
  }
  return Dane::unreachable;
}

}  // namespace

Served Served::of(const Credential& given) {
  Served served;
  served.where = given.source;
  if (given.chain.empty()) {
    served.credential = &given;
  } else {
    served.chain = &given.chain;
  }
  return served;
}

Served Served::of(const ServiceEvidence& evidence, const Presented& presented, const ChainJudge* judge) {
  const auto& [host, port, protocol] = evidence.service;
  const auto& leaf = presented.chain.front();
  Served served;
  served.chain = &presented.chain;
  served.where = host.text() + " at " + presented.address;
  served.addresses = {presented.address};
  served.is_verified = presented.matched.has_value();
  served.is_refused = evidence.has_records && !presented.matched;
  served.names_fit = covers(leaf, host) || (evidence.source_domain && covers(leaf, *evidence.source_domain));
  served.is_smtp = port == smtp_port;
  served.judge = judge;
  served.names = {host};
  if (evidence.source_domain) served.names.push_back(*evidence.source_domain);
  return served;
}

bool Served::is_matched_by(const TlsaRecord& record) const {
  if (chain != nullptr) return matches(record, *chain);
  return credential != nullptr && credential->bare_key && matches_key(record, *credential->bare_key);
}

bool Served::is_matched_by_any(const TlsaRecords& records) const {
  return std::ranges::any_of(records, [&](const TlsaRecord& record) { return is_matched_by(record); });
}

std::optional<std::string> Served::refusal_by(const TlsaRecord& record) const {
  if (record.parameters.usage == Usage::dane_ee || chain == nullptr) return std::nullopt;
  if (judge != nullptr) return judge->refusal(*chain, record, names);
  return names_fit ? std::nullopt : std::optional<std::string>("the certificate is for other names");
}

bool Served::is_accepted_by(const TlsaRecord& record) const {
  return is_matched_by(record) && !refusal_by(record);
}

bool Served::is_accepted_by_any(const TlsaRecords& records) const {
  return std::ranges::any_of(records, [&](const TlsaRecord& record) { return is_accepted_by(record); });
}

const Selected& key_of(const Credential& credential) {
  return credential.bare_key ? *credential.bare_key : credential.chain.front().spki;
}

bool is_usable(const TlsaRecord& record) { return record.parameters.is_assigned() && !malformed(record); }

Acceptance accept(const TlsaRecords& rrset, const Served& served, std::optional<Time> now) {
  const auto usable = usable_by_clients(rrset, served);
  Acceptance acceptance;
  acceptance.has_usable = !usable.empty();
  for (const auto& record : usable) {
    if (!is_fit(record, served, now)) {
      if (acceptance.refusal.empty() && served.is_matched_by(record))
        acceptance.refusal = served.refusal_by(record).value_or("");
      continue;
    }
    const auto stronger = stronger_than(record.parameters, usable);
    // Without a judge there is OpenSSL's verdict on the whole RRset, for the usages that have a path.
    const bool is_refused =
        served.judge == nullptr && served.is_refused && record.parameters.usage != Usage::dane_ee;
    if (!stronger && !is_refused) return {record, std::nullopt, std::nullopt, true, {}};
    if (!stronger || acceptance.unused) continue;
    acceptance.unused = record.parameters;
    acceptance.stronger = stronger;
  }
  return acceptance;
}

EndpointJudge::EndpointJudge(const std::vector<ZoneView>& zones, const ChainJudge* judge,
                             bool counts_resolvers)
    : judge_(judge) {
  for (const auto& zone : zones) {
    std::map<Name, std::vector<const Name*>> asked_of;  // several names may lead to one owner by CNAME
    for (const auto& view : zone.owners) {
      asked_of[view.owner].push_back(&view.asked);
      const auto& rrset = view.rrset ? view.rrset : view.wildcard_answer;
      if (rrset) by_asked_[view.asked].push_back({{}, zone.server, &*rrset});
    }
    for (const auto& server : zone.servers) {
      for (const auto& answer : server.rrsets) {
        if (!answer.rrset) continue;
        const auto names = asked_of.find(answer.owner);
        if (names == asked_of.end()) continue;
        for (const Name* asked : names->second)
          by_asked_[*asked].push_back({server.name, server.address, &*answer.rrset});
      }
    }
    for (const auto& view : zone.owners) {
      if (!counts_resolvers || !view.resolved || !view.resolved->rrset) continue;
      by_asked_[view.asked].push_back({"resolver", view.resolved->resolver, &*view.resolved->rrset});
    }
  }
}

EndpointVerdict EndpointJudge::on(const ServiceEvidence& evidence, const Presented& presented) const {
  EndpointVerdict verdict;
  verdict.dane = without_records(presented);
  if (verdict.dane != Dane::no_records || presented.chain.empty()) return verdict;
  const auto owner = evidence.service.owner();
  const auto held = owner ? by_asked_.find(*owner) : by_asked_.end();
  if (held == by_asked_.end()) return verdict;
  const auto served = Served::of(evidence, presented, judge_);
  for (const auto& [server, address, rrset] : held->second) {
    auto acceptance = accept(rrset->records, served);
    if (!acceptance.is_given()) {
      verdict.refusals.push_back({server, address, std::move(acceptance)});
    } else if (server.empty()) {
      verdict.matched = acceptance.by;
    }
  }
  verdict.dane = verdict.refusals.empty() ? Dane::ok : Dane::mismatch;
  if (presented.matched && verdict.matched) verdict.matched = presented.matched;  // the one that OpenSSL took
  return verdict;
}

}  // namespace tlsa_update
