// What is legal and still worth a warning, one function a rule.
#include <algorithm>
#include <array>
#include <set>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace {

using Remarks = std::vector<std::string>;
using Credentials = std::vector<const Credential*>;

constexpr auto short_lived = std::chrono::days(100);  // ACME certificates of today live 90 days or less
constexpr std::size_t most_records = 12;              // Microsoft's senders could not process more (2024)
constexpr std::size_t most_octets = 1200;     // RFC 7671 section 10.1.1: what UDP carries unfragmented
constexpr std::uint32_t longest_ttl = 86400;  // RFC 7671 section 13: short, so that mistakes pass
constexpr std::uint32_t shortest_ttl = 300;   // RFC 6781 section 4.4.1

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

std::optional<std::string_view> acme_issuer(const Certificate& leaf) {
  for (const auto name : acme_issuers) {
    if (leaf.issuer.find(name) != std::string::npos) return name;
  }
  return std::nullopt;
}

// RFC 7671 section 5.1: with usage 3 clients MUST ignore the validity period; the other usages obey it.
void remark_validity(const Certificate& certificate, const Subject& subject, Remarks& remarks) {
  std::string what;
  if (subject.now > certificate.not_after) {
    what = "expired at " + rfc3339(certificate.not_after);
  } else if (subject.now < certificate.not_before) {
    what = "is not valid before " + rfc3339(certificate.not_before);
  } else {
    return;
  }
  const bool is_ignored = subject.parameters.usage == Usage::dane_ee;
  remarks.push_back("the certificate " + certificate.subject + " in " + subject.credential.source + " " +
                    what +
                    (is_ignored ? ", which DANE clients ignore with usage 3 (RFC 7671 section 5.1)"
                                : ", and clients refuse it with " + subject.parameters.usage_text()));
}

// RFC 7671 section 5.1: names are ignored with usage 3. RFC 7672 section 3.2.2, RFC 7673 section 6: with the
// others the certificate names the TLSA base domain, or the domain that led there.
void remark_names(const Subject& subject, Remarks& remarks) {
  if (subject.parameters.usage == Usage::dane_ee || !subject.service) return;
  if (covers(subject.leaf, subject.service->host)) return;
  if (subject.source_domain && covers(subject.leaf, *subject.source_domain)) return;
  const auto domain = subject.source_domain ? " or " + subject.source_domain->text() : std::string{};
  std::string named;
  for (const auto& name : subject.leaf.dns_names) named += (named.empty() ? "" : ", ") + name;
  remarks.push_back(
      "the certificate " + subject.leaf.subject + " in " + subject.credential.source + " is for " +
      (named.empty() ? "no host name at all" : printable(named, 200)) + " and not for " +
      subject.service->host.text() + domain + ", and clients check names with " +
      subject.parameters.usage_text() +
      " (the mail or service domain would do as well: RFC 7672 section 3.2.2, RFC 7673 section 6)");
}

// RFC 7672 section 3.1.3: SMTP servers SHOULD NOT publish usages 0 and 1.
void remark_smtp(TlsaParameters parameters, const std::optional<Service>& service, Remarks& remarks) {
  const bool is_pkix = parameters.usage == Usage::pkix_ta || parameters.usage == Usage::pkix_ee;
  if (!is_pkix || !service || service->port != 25 || service->protocol != Protocol::tcp) return;
  remarks.push_back(parameters.usage_text() + " on port 25 is unusable for many mail servers; use " +
                    (parameters.of_end_entity() ? "usage 3" : "usage 2") + " (RFC 7672 section 3.1.3)");
}

void remark_parameters(TlsaParameters parameters, Remarks& remarks) {
  if (parameters.matching_type == MatchingType::full) {
    remarks.push_back(
        "matching type 0 puts whole keys or certificates into DNS and is not recommended; "
        "use matching type 1 (RFC 7671 section 10.1.2)");
  }
}

// A digest of the leaf as a whole lives as long as the leaf.
void remark_whole_leaf(const Subject& subject, Remarks& remarks) {
  if (!subject.parameters.of_end_entity() || subject.parameters.selector != Selector::cert) return;
  const auto lifetime = subject.leaf.not_after - subject.leaf.not_before;
  const auto issuer = acme_issuer(subject.leaf);
  if (lifetime > short_lived && !issuer) return;
  const std::string parameters = subject.parameters.text();
  remarks.push_back(parameters + " changes at every renewal even with the same key, and the certificate " +
                    subject.leaf.subject + " in " + subject.credential.source + " is renewed often (" +
                    (lifetime > short_lived ? "issued by " + std::string(*issuer)
                                            : "it lives " + human_duration(lifetime)) +
                    "); selector 1 stays as long as the key does");
}

// RFC 7671 section 5.2.1 has a CA in mind that keeps its certificate. Public CAs cross-sign and re-issue
// their intermediates with the same key.
void remark_anchor(const Subject& subject, Remarks& remarks) {
  const Chain& chain = subject.credential.chain;
  const bool is_its_own = chain.size() == 1 && subject.leaf.is_self_signed;
  if (subject.parameters.usage != Usage::dane_ta || is_its_own) return;
  const bool is_by_root =
      chain[std::min<std::size_t>(1, chain.size() - 1)].is_self_signed;  // a CA of one's own
  const std::string combination = subject.parameters.text();
  if (subject.parameters.selector == Selector::spki) {
    remarks.push_back(
        combination +
        " matches every certificate of the CA's key: right for a public CA, which signs the same "
        "key anew; for a CA of your own, 2 0 1 keeps also the limits that its certificate sets "
        "(RFC 7671 section 5.2.1)");
  } else if (!is_by_root) {
    remarks.push_back(
        combination +
        " matches this one CA certificate: right for a CA of your own (RFC 7671 section 5.2.1); a "
        "public CA re-issues and cross-signs certificates of the same key, and then nothing "
        "matches, so use 2 1 1 there");
  }
}

void remark_issuer(const Subject& subject, Remarks& remarks) {
  if (!subject.parameters.of_trust_anchor()) return;
  if (subject.credential.chain.size() == 1) {
    if (!subject.leaf.is_self_signed) return;
    remarks.push_back(
        "the certificate " + subject.leaf.subject + " in " + subject.credential.source +
        " is self-signed, so " + subject.parameters.usage_text() +
        " is its own digest and changes with it; 3 1 1 says the same and stays as long as the key");
  } else if (const auto issuer = acme_issuer(subject.leaf)) {
    remarks.push_back(std::string(*issuer) + " picks one of several issuers for each certificate (now " +
                      subject.leaf.issuer + "), so the next renewal can match no record of " +
                      subject.parameters.usage_text() + "; publish every candidate, or use 3 1 1");
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

// Monitors take two end-entity records for a rollover under way: say what these are.
void remark_key_pair(const std::string& owner, const Credentials& credentials, const TlsaRecords& records,
                     TlsaParameters parameters, Remarks& remarks) {
  if (!parameters.of_end_entity()) return;
  const auto indices = covered(credentials, records, parameters);
  const auto any = [&](auto fits) {
    return std::any_of(indices.begin(), indices.end(),
                       [&](std::size_t i) { return fits(credentials[i]->key_type); });
  };
  if (!any(is_rsa) || !any([](KeyType type) { return type == KeyType::ecdsa; })) return;
  remarks.push_back("the " + parameters.text() + " records at " + owner +
                    " are of an RSA and an ECDSA key: where a server presents both side by side this is no "
                    "rollover, though monitors may take it for one");
}

// RFC 7671 section 9: a client uses the strongest digest only, so each digest has to cover every credential.
void remark_agility(const std::string& owner, const Credentials& credentials, const TlsaRecords& records,
                    const std::set<TlsaParameters>& combinations, Remarks& remarks) {
  for (const auto& one : combinations) {
    for (const auto& other : combinations) {
      const bool is_pair = one.usage == other.usage && one.selector == other.selector &&
                           one.matching_type == MatchingType::sha2_256 &&
                           other.matching_type == MatchingType::sha2_512;
      if (!is_pair || covered(credentials, records, one) == covered(credentials, records, other)) continue;
      remarks.push_back("the " + one.text() + " and the " + other.text() + " records at " + owner +
                        " cover different keys, and a client may use only one of the two digests (RFC 7671 "
                        "section 9)");
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
    remarks.push_back("the trust anchor " + root.front().subject + " of " + credential->source +
                      " is a root, which the server has to send with its chain (RFC 7671 section 5.2.2)");
  }
}

void remark_size(const std::string& owner, const TlsaRecords& records, Remarks& remarks) {
  if (records.size() > most_records) {
    remarks.push_back(std::to_string(records.size()) + " records at " + owner + " are more than the " +
                      std::to_string(most_records) + " that large senders can process");
  }
  constexpr std::size_t fixed = 12;       // a compressed owner, TYPE, CLASS, TTL, RDLENGTH
  constexpr std::size_t signature = 300;  // one RRSIG by a 2048-bit RSA key
  std::size_t octets = signature;
  for (const auto& record : records) octets += fixed + 3 + record.data.size();
  if (octets <= most_octets) return;
  remarks.push_back("an answer with the records at " + owner + " has about " + std::to_string(octets) +
                    " octets, more than the " + std::to_string(most_octets) +
                    " that pass everywhere by UDP (RFC 7671 section 10.1.1)");
}

void remark_ttl(const std::string& owner, std::uint32_t ttl, Remarks& remarks) {
  const std::string text = "the TTL of " + std::to_string(ttl) + " s at " + owner;
  if (ttl > longest_ttl) {
    remarks.push_back(text +
                      " is over a day: every rollover and every repair waits for twice as long (RFC 7671 "
                      "section 13)");
  }
  if (ttl < shortest_ttl) {
    remarks.push_back(text +
                      " is under 5 minutes: resolvers ask often, and a short failure of the name servers "
                      "is an outage (RFC 6781 section 4.4.1)");
  }
}

}  // namespace

std::vector<std::string> remarks(const Credential& credential, TlsaParameters parameters,
                                 const std::optional<Service>& service, Time now,
                                 const std::optional<Name>& source_domain) {
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

std::vector<std::string> remarks(const Name& owner, const std::vector<const Credential*>& credentials,
                                 const TlsaRecords& records, std::uint32_t ttl) {
  Remarks remarks;
  const std::string at = owner.text();
  std::set<TlsaParameters> combinations;
  for (const auto& record : records) combinations.insert(record.parameters);
  for (const auto& one : combinations) remark_key_pair(at, credentials, records, one, remarks);
  remark_agility(at, credentials, records, combinations, remarks);
  remark_root(credentials, records, remarks);
  remark_size(at, records, remarks);
  remark_ttl(at, ttl, remarks);
  return remarks;
}

}  // namespace tlsa_update
