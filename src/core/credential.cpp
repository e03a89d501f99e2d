#include "tlsa_update/core/credential.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace tlsa_update {
namespace {

tl::unexpected<Error> bad(const Credential& credential, std::string what, std::string advice) {
  return fail(ErrorCode::bad_data, std::move(what), credential.source, std::move(advice));
}

// What the selector selects of this certificate; nothing for a selector that is not assigned.
const Selected* selected(const Certificate& certificate, Selector selector) {
  switch (selector) {
    case Selector::cert:
      return &certificate.certificate;
    case Selector::spki:
      return &certificate.spki;
    case Selector::priv_sel:
      break;
  }
  return nullptr;
}

// Association data of these parameters for this certificate; empty where one is not assigned.
Bytes data_of(const Certificate& certificate, TlsaParameters parameters) {
  const Selected* const part = selected(certificate, parameters.selector);
  return part == nullptr ? Bytes{} : part->data(parameters.matching_type);
}

bool is_match(const TlsaRecord& record, const Certificate& certificate) {
  return !record.data.empty() && record.data == data_of(certificate, record.parameters);
}

Result<TlsaRecords> records_of_bare_key(const Credential& credential, TlsaParameters parameters) {
  assert(credential.bare_key);
  if (parameters.of_trust_anchor()) {
    return bad(credential,
               "a key alone gives no record of " + parameters.usage_text() +
                   ", which names the CA certificate that signed the server's certificate (RFC 6698 section "
                   "2.1.1)",
               "give the certificate with its chain (fullchain.pem), or use --tlsa \"3 1 1\"");
  }
  if (parameters.selector != Selector::spki) {
    return bad(
        credential,
        "a key alone gives no record of selector 0, which is the whole certificate (RFC 6698 section 2.1.2)",
        "give the certificate, or use selector 1: --tlsa \"3 1 1\"");
  }
  return TlsaRecords{{parameters, credential.bare_key->data(parameters.matching_type)}};
}

// The certificates that a record of usage 2 or 0 is made of.
Result<Chain> trust_anchors(const Credential& credential, TlsaParameters parameters, TaChoice ta) {
  const Chain& chain = credential.chain;
  if (chain.size() == 1 && chain.front().is_self_signed)
    return chain;  // RFC 7671 section 5.2: its own issuer
  if (chain.size() == 1 && !chain.front().is_ca) {
    return bad(credential,
               "no issuer is in the files given, and " + parameters.usage_text() + " names the issuer of " +
                   chain.front().subject + " (RFC 6698 section 2.1.1)",
               "give its chain as well (fullchain.pem or chain.pem), or use --tlsa \"3 1 1\"");
  }
  const Chain issuers(chain.begin() + (holds_only_issuers(credential) ? 0 : 1), chain.end());
  const auto no_ca = std::find_if(issuers.begin(), issuers.end(),
                                  [](const Certificate& one) { return !one.is_ca && !one.is_self_signed; });
  if (no_ca != issuers.end()) {
    return bad(credential, no_ca->subject + " stands as an issuer but is no CA certificate",
               "no client would accept the chain: ask the CA for the right one");
  }
  switch (ta) {
    case TaChoice::issuer:
      return Chain{issuers.front()};
    case TaChoice::all:
      return issuers;
    case TaChoice::root:
      break;
  }
  if (issuers.back().is_self_signed) return Chain{issuers.back()};
  return bad(
      credential,
      "the root is wanted, and the files given do not contain it: the last certificate is of " +
          issuers.back().issuer,
      "append the root certificate, which the server must then send as well (RFC 7671 section 5.2.2), or "
      "use --ta issuer");
}

}  // namespace

Bytes Selected::data(MatchingType matching_type) const {
  switch (matching_type) {
    case MatchingType::full:
      return full;
    case MatchingType::sha2_256:
      return {sha2_256.begin(), sha2_256.end()};
    case MatchingType::sha2_512:
      return {sha2_512.begin(), sha2_512.end()};
    case MatchingType::priv_match:
      break;
  }
  return {};
}

std::string_view text(KeyType type) {
  static constexpr std::array<std::string_view, 6> words{"rsa",     "rsa-pss", "ecdsa",
                                                         "ed25519", "ed448",   "other"};
  return words.at(static_cast<std::size_t>(type));
}

bool holds_only_issuers(const Credential& credential) {
  const Chain& chain = credential.chain;
  return !chain.empty() && chain.front().is_ca && !(chain.size() == 1 && chain.front().is_self_signed);
}

Result<TlsaRecords> records_of(const Credential& credential, TlsaParameters parameters, TaChoice ta) {
  if (!parameters.is_assigned()) {
    return bad(credential, "the parameters " + parameters.text() + " are not assigned",
               "use --tlsa \"3 1 1\"");
  }
  if (credential.chain.empty()) return records_of_bare_key(credential, parameters);
  const Certificate& leaf = credential.chain.front();
  if (parameters.of_end_entity() && holds_only_issuers(credential)) {
    return bad(
        credential,
        "the file holds CA certificates only: " + leaf.subject + " is a CA certificate, not the server's own",
        "give the server's certificate (fullchain.pem, not chain.pem), and CA certificates that may sign "
        "next "
        "as --issuer");
  }
  auto certificates =
      parameters.of_end_entity() ? Result<Chain>(Chain{leaf}) : trust_anchors(credential, parameters, ta);
  if (!certificates) return tl::unexpected(certificates.error());
  TlsaRecords records;
  for (const auto& certificate : *certificates)
    records.push_back({parameters, data_of(certificate, parameters)});
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());
  return records;
}

bool matches(const TlsaRecord& record, const Chain& chain) {
  if (chain.empty()) return false;
  const Certificate& leaf = chain.front();
  if (record.parameters.of_end_entity()) return is_match(record, leaf);
  if (!record.parameters.of_trust_anchor()) return false;
  // RFC 7671 section 5.2: the trust anchor is an issuer; a self-signed leaf is its own.
  return (leaf.is_self_signed && is_match(record, leaf)) ||
         std::any_of(chain.begin() + 1, chain.end(),
                     [&](const Certificate& issuer) { return is_match(record, issuer); });
}

bool covers(const Certificate& leaf, const Name& host) {
  return std::any_of(leaf.dns_names.begin(), leaf.dns_names.end(), [&](const std::string& text) {
    const auto name = Name::parse(text);
    if (!name) return false;
    // RFC 7672 section 3.2.3: the asterisk is the whole first label and stands for exactly one. Below a
    // top-level domain (*.com) OpenSSL obeys none.
    if (name->is_wildcard() && name->label_count() > 2)
      return name->parent() == host.parent() && !host.is_root();
    return *name == host;
  });
}

}  // namespace tlsa_update
