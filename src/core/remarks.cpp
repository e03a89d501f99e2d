// What is legal and still worth a warning, one function a rule.
#include <algorithm>
#include <array>
#include <set>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace {

using Credentials = std::vector<const Credential*>;

constexpr auto short_lived = std::chrono::days(100);  // ACME certificates of today live 90 days or less
constexpr std::uint32_t shortest_ttl = 300;           // RFC 6781 section 4.4.1

// CAs that sign with any of several intermediates, known from the issuer's name.
constexpr std::array<std::string_view, 4> acme_issuers{"Let's Encrypt", "ZeroSSL", "Google Trust Services",
                                                       "Buypass"};

struct Subject {
  const Credential& credential;
  const Certificate& leaf;
  TlsaParameters parameters;
  const std::optional<Service>& service;
  const std::optional<Name>& source_domain;
  Time now;
};

Remark on_leaf(RemarkKind kind, const Subject& subject) {
  return {.kind = kind,
          .source = subject.credential.source,
          .subject = subject.leaf.subject,
          .parameters = subject.parameters};
}

std::optional<std::string_view> acme_issuer(const Certificate& leaf) {
  for (const auto name : acme_issuers) {
    if (leaf.issuer.find(name) != std::string::npos) return name;
  }
  return std::nullopt;
}

// RFC 7671 section 5.1: with usage 3 clients MUST ignore the validity period; the other usages obey it.
void remark_validity(const Certificate& certificate, const Subject& subject, Remarks& remarks) {
  const auto remark = [&](RemarkKind kind, Time time) {
    remarks.push_back({.kind = kind,
                       .source = subject.credential.source,
                       .subject = certificate.subject,
                       .parameters = subject.parameters,
                       .time = time});
  };
  if (subject.now > certificate.not_after) {
    remark(RemarkKind::expired, certificate.not_after);
  } else if (subject.now < certificate.not_before) {
    remark(RemarkKind::not_yet_valid, certificate.not_before);
  }
}

// RFC 7671 section 5.1: names are ignored with usage 3. RFC 7672 section 3.2.2, RFC 7673 section 6: with the
// others the certificate names the TLSA base domain, or the domain that led there.
void remark_names(const Subject& subject, Remarks& remarks) {
  if (subject.parameters.usage == Usage::dane_ee || !subject.service) return;
  if (covers(subject.leaf, subject.service->host)) return;
  if (subject.source_domain && covers(subject.leaf, *subject.source_domain)) return;
  Remark remark = on_leaf(RemarkKind::other_names, subject);
  remark.names = subject.leaf.dns_names;
  remark.hosts = {subject.service->host};
  if (subject.source_domain) remark.hosts.push_back(*subject.source_domain);
  remarks.push_back(std::move(remark));
}

// RFC 7672 section 3.1.3: SMTP servers SHOULD NOT publish usages 0 and 1.
void remark_smtp(TlsaParameters parameters, const std::optional<Service>& service, Remarks& remarks) {
  const bool is_pkix = parameters.usage == Usage::pkix_ta || parameters.usage == Usage::pkix_ee;
  if (!is_pkix || !service || service->port != smtp_port || service->protocol != Protocol::tcp) return;
  remarks.push_back({.kind = RemarkKind::pkix_usage_for_smtp, .parameters = parameters});
}

void remark_parameters(TlsaParameters parameters, Remarks& remarks) {
  if (parameters.matching_type != MatchingType::full) return;
  remarks.push_back({.kind = RemarkKind::full_data, .parameters = parameters});
}

// A digest of the leaf as a whole lives as long as the leaf.
void remark_whole_leaf(const Subject& subject, Remarks& remarks) {
  if (!subject.parameters.of_end_entity() || subject.parameters.selector != Selector::cert) return;
  const auto lifetime = subject.leaf.not_after - subject.leaf.not_before;
  const auto issuer = acme_issuer(subject.leaf);
  if (lifetime > short_lived && !issuer) return;
  Remark remark = on_leaf(RemarkKind::changes_at_renewal, subject);
  remark.seconds = lifetime;
  if (lifetime > short_lived) remark.issuer = *issuer;
  remarks.push_back(std::move(remark));
}

// RFC 7671 section 5.2.1 has a CA in mind that keeps its certificate. Public CAs cross-sign and re-issue
// their intermediates with the same key.
void remark_anchor(const Subject& subject, Remarks& remarks) {
  const Chain& chain = subject.credential.chain;
  const bool is_its_own = chain.size() == 1 && subject.leaf.is_self_signed;
  if (subject.parameters.usage != Usage::dane_ta || is_its_own) return;
  const bool is_by_root =
      chain[std::min<std::size_t>(1, chain.size() - 1)].is_self_signed;  // a CA of one's own
  if (subject.parameters.selector == Selector::spki) {
    remarks.push_back(on_leaf(RemarkKind::anchor_by_key, subject));
  } else if (!is_by_root) {
    remarks.push_back(on_leaf(RemarkKind::anchor_by_certificate, subject));
  }
}

void remark_issuer(const Subject& subject, Remarks& remarks) {
  if (!subject.parameters.of_trust_anchor()) return;
  if (subject.credential.chain.size() == 1) {
    if (!subject.leaf.is_self_signed) return;
    remarks.push_back(on_leaf(RemarkKind::its_own_anchor, subject));
  } else if (const auto issuer = acme_issuer(subject.leaf)) {
    Remark remark = on_leaf(RemarkKind::one_of_several_issuers, subject);
    remark.issuer = *issuer;
    remark.names = {subject.leaf.issuer};
    remarks.push_back(std::move(remark));
  }
}

// The credentials that a record of these parameters among `records` matches, by index.
std::set<std::size_t> covered(const Credentials& credentials, const TlsaRecords& records,
                              TlsaParameters parameters) {
  std::set<std::size_t> indices;
  for (std::size_t i = 0; i < credentials.size(); ++i) {
    const auto served = Served::of(*credentials[i]);
    const bool is_covered = std::any_of(records.begin(), records.end(), [&](const TlsaRecord& record) {
      return record.parameters == parameters && served.is_matched_by(record);
    });
    if (is_covered) indices.insert(i);
  }
  return indices;
}

bool is_rsa(KeyType type) { return type == KeyType::rsa || type == KeyType::rsa_pss; }

// Monitors take two end-entity records for a rollover under way.
void remark_key_pair(const Name& owner, const Credentials& credentials, const TlsaRecords& records,
                     TlsaParameters parameters, Remarks& remarks) {
  if (!parameters.of_end_entity()) return;
  const auto indices = covered(credentials, records, parameters);
  const auto any = [&](auto fits) {
    return std::any_of(indices.begin(), indices.end(),
                       [&](std::size_t i) { return fits(credentials[i]->key_type); });
  };
  if (!any(is_rsa) || !any([](KeyType type) { return type == KeyType::ecdsa; })) return;
  remarks.push_back({.kind = RemarkKind::two_kinds_of_keys, .owner = owner, .parameters = parameters});
}

// RFC 7671 section 9: a client uses the strongest digest only, so each digest has to cover every credential.
void remark_agility(const Name& owner, const Credentials& credentials, const TlsaRecords& records,
                    const std::set<TlsaParameters>& combinations, Remarks& remarks) {
  for (const auto& one : combinations) {
    for (const auto& other : combinations) {
      const bool is_pair = one.usage == other.usage && one.selector == other.selector &&
                           one.matching_type == MatchingType::sha2_256 &&
                           other.matching_type == MatchingType::sha2_512;
      if (!is_pair || covered(credentials, records, one) == covered(credentials, records, other)) continue;
      remarks.push_back(
          {.kind = RemarkKind::uneven_digests, .owner = owner, .parameters = one, .others = other});
    }
  }
}

// RFC 7671 section 5.2.2: a server MUST send the trust anchor itself; most leave a root out.
void remark_root(const Credentials& credentials, const TlsaRecords& records, Remarks& remarks) {
  for (const Credential* const credential : credentials) {
    if (credential->chain.size() < 2 || !credential->chain.back().is_self_signed) continue;
    const Chain root{credential->chain.back()};
    const bool is_anchor = std::any_of(records.begin(), records.end(), [&](const TlsaRecord& record) {
      return record.parameters.usage == Usage::dane_ta && matches(record, root);
    });
    if (!is_anchor) continue;
    const Remark remark{
        .kind = RemarkKind::root_as_anchor, .source = credential->source, .subject = root.front().subject};
    if (std::ranges::find(remarks, remark) == remarks.end()) remarks.push_back(remark);
  }
}

void remark_size(const Name& owner, const TlsaRecords& records, Remarks& remarks) {
  if (records.size() > most_records) {
    remarks.push_back({.kind = RemarkKind::many_records, .owner = owner, .count = records.size()});
  }
  constexpr std::size_t fixed = 12;       // a compressed owner, TYPE, CLASS, TTL, RDLENGTH
  constexpr std::size_t signature = 300;  // one RRSIG by a 2048-bit RSA key
  std::size_t octets = signature;
  for (const auto& record : records) octets += fixed + 3 + record.data.size();
  if (octets <= most_octets) return;
  remarks.push_back({.kind = RemarkKind::large_answer, .owner = owner, .count = octets});
}

void remark_ttl(const Name& owner, std::uint32_t ttl, Remarks& remarks) {
  if (ttl >= shortest_ttl && ttl <= longest_ttl) return;
  const auto kind = ttl > longest_ttl ? RemarkKind::long_ttl : RemarkKind::short_ttl;
  remarks.push_back({.kind = kind, .owner = owner, .seconds = Seconds{ttl}});
}

}  // namespace

Remarks remarks(const Credential& credential, TlsaParameters parameters,
                const std::optional<Service>& service, Time now, const std::optional<Name>& source_domain) {
  Remarks remarks;
  remark_smtp(parameters, service, remarks);
  remark_parameters(parameters, remarks);
  if (credential.chain.empty()) return remarks;  // a bare key has neither names nor dates
  const Subject subject{credential, credential.chain.front(), parameters, service, source_domain, now};
  const std::size_t concerned = parameters.of_trust_anchor() ? credential.chain.size() : 1;
  for (std::size_t i = 0; i < concerned; ++i) remark_validity(credential.chain[i], subject, remarks);
  remark_anchor(subject, remarks);
  if (holds_only_issuers(credential)) return remarks;
  remark_names(subject, remarks);
  remark_whole_leaf(subject, remarks);
  remark_issuer(subject, remarks);
  return remarks;
}

Remarks remarks(const Name& owner, const std::vector<const Credential*>& credentials,
                const TlsaRecords& records, std::uint32_t ttl) {
  if (records.empty()) return {{.kind = RemarkKind::last_record, .owner = owner}};
  Remarks remarks;
  std::set<TlsaParameters> combinations;
  for (const auto& record : records) combinations.insert(record.parameters);
  for (const auto& one : combinations) remark_key_pair(owner, credentials, records, one, remarks);
  remark_agility(owner, credentials, records, combinations, remarks);
  remark_root(credentials, records, remarks);
  remark_size(owner, records, remarks);
  remark_ttl(owner, ttl, remarks);
  return remarks;
}

}  // namespace tlsa_update
