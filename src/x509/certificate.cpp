#include "certificate.hpp"

#include <algorithm>
#include <ctime>

#include <openssl/objects.h>
#include <openssl/sha.h>

#include "der.hpp"
#include "names.hpp"

namespace tlsa_update::x509 {
namespace {

Parsed<Time> time_of(const ASN1_TIME* time, Words which) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    forget_errors();
    return wrong("has a malformed {} time", {which});
  }
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

// basicConstraints decides (RFC 5280 section 4.2.1.9). A self-signed version 1 certificate, which has no
// extensions, has always counted as a CA.
bool is_ca(X509* x509) {
  const int verdict = X509_check_ca(x509);
  return verdict == 1 || verdict == 3;
}

bool is_self_signed(X509* x509) {
  if (X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) != 0) return false;
  EVP_PKEY* key = X509_get0_pubkey(x509);
  return key != nullptr && X509_verify(x509, key) == 1;
}

// EC keys may name, or spell out, a curve that this OpenSSL does not have; and RSA-PSS parameters may name
// a digest that it does not have.
bool is_decodable_in_principle(X509_PUBKEY* spki) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR* parameters = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, &parameters, spki);
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
    case NID_rsa:
    case NID_ED25519:
    case NID_ED448:
    case NID_X25519:
    case NID_X448:
      return true;
    case NID_X9_62_id_ecPublicKey: {
      int type = V_ASN1_UNDEF;
      const void* curve = nullptr;
      X509_ALGOR_get0(nullptr, &type, &curve, parameters);
      if (type != V_ASN1_OBJECT) return false;
      const int nid = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(curve));
      return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1;
    }
    default:
      return false;
  }
}

}  // namespace

Selected select(ByteView octets) {
  Selected selected;
  selected.full.assign(octets.begin(), octets.end());
  SHA256(octets.data(), octets.size(), selected.sha2_256.data());
  SHA512(octets.data(), octets.size(), selected.sha2_512.data());
  return selected;
}

KeyType key_type_of(X509_PUBKEY* spki) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, spki);
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
    case NID_rsa:  // OID 2.5.8.1.1, from X.500
      return KeyType::rsa;
    case NID_rsassaPss:
      return KeyType::rsa_pss;
    case NID_X9_62_id_ecPublicKey:
      return KeyType::ecdsa;
    case NID_ED25519:
      return KeyType::ed25519;
    case NID_ED448:
      return KeyType::ed448;
    default:
      return KeyType::other;
  }
}

Parsed<void> check_spki(X509_PUBKEY* spki, ByteView octets) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(spki, &encoded);
  const bool same = size > 0 && std::ranges::equal(octets, ByteView(encoded, static_cast<std::size_t>(size)));
  OPENSSL_free(encoded);
  if (!same) return wrong("has a public key that is not in DER: clients disagree about its digest");
  if (X509_PUBKEY_get0(spki) == nullptr && is_decodable_in_principle(spki))
    return wrong("has a broken public key ({})", {openssl_reason()});
  forget_errors();
  return {};
}

Parsed<ParsedCertificate> parse_certificate(ByteView der) {
  const auto element = first_element(der);
  if (!element) return tl::unexpected(element.error());
  if (element->whole.size() != der.size()) return wrong("is followed by other octets");

  const unsigned char* cursor = der.data();
  X509Ptr x509(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  const ByteView spki = spki_of_certificate(*element);
  if (!x509 || spki.empty()) return wrong("is broken ({})", {openssl_reason()});
  X509_PUBKEY* pubkey = X509_get_X509_PUBKEY(x509.get());
  if (const auto sound = check_spki(pubkey, spki); !sound) return tl::unexpected(sound.error());
  const auto not_before = time_of(X509_get0_notBefore(x509.get()), "notBefore");
  const auto not_after = time_of(X509_get0_notAfter(x509.get()), "notAfter");
  if (!not_before) return tl::unexpected(not_before.error());
  if (!not_after) return tl::unexpected(not_after.error());

  Certificate facts;
  facts.certificate = select(der);
  facts.spki = select(spki);
  facts.key_type = key_type_of(pubkey);
  facts.subject = text_of(X509_get_subject_name(x509.get()));
  facts.issuer = text_of(X509_get_issuer_name(x509.get()));
  facts.not_before = *not_before;
  facts.not_after = *not_after;
  facts.is_ca = is_ca(x509.get());
  facts.is_self_signed = is_self_signed(x509.get());
  facts.dns_names = dns_names_of(x509.get());
  forget_errors();
  return ParsedCertificate{std::move(facts), std::move(x509)};
}

}  // namespace tlsa_update::x509
