#include "key.hpp"

#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "certificate.hpp"
#include "der.hpp"

namespace tlsa_update::x509 {
namespace {

using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Freer<ASN1_OBJECT_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using GroupPtr = std::unique_ptr<EC_GROUP, Freer<EC_GROUP_free>>;

tl::unexpected<FileFault> broken() { return wrong("is broken ({})", {openssl_reason()}); }

// SPKI as OpenSSL encodes it.
Parsed<PublicKey> public_part(const KeyPtr& key) {
  if (!key) return broken();
  unsigned char* octets = nullptr;
  const int size = i2d_PUBKEY(key.get(), &octets);
  if (size <= 0) return broken();
  auto result = key_of_spki({octets, static_cast<std::size_t>(size)});
  OPENSSL_free(octets);
  return result;
}

// The numbers of these names, one after the other; empty when the key has not all of them.
Bytes numbers_of(EVP_PKEY* key, std::initializer_list<const char*> names) {
  Bytes numbers;
  for (const char* name : names) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    const NumberPtr number(raw);
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), octets.data());
    numbers.insert(numbers.end(), octets.begin(), octets.end());
  }
  return numbers;
}

// Nothing: OpenSSL has it.
ObjectPtr unknown(const ASN1_OBJECT* algorithm) {
  std::array<char, 80> oid{};
  if (OBJ_obj2txt(oid.data(), oid.size(), algorithm, 1) <= 0) return nullptr;
  const ContextPtr known(EVP_PKEY_CTX_new_from_name(nullptr, oid.data(), nullptr));
  forget_errors();
  return ObjectPtr(known ? nullptr : OBJ_dup(algorithm));
}

ObjectPtr unknown_curve(const ASN1_OBJECT* curve) {
  const GroupPtr known(EC_GROUP_new_by_curve_name(OBJ_obj2nid(curve)));
  forget_errors();
  return ObjectPtr(known ? nullptr : OBJ_dup(curve));
}

ObjectPtr unknown_algorithm_of(const PKCS8_PRIV_KEY_INFO* info) {
  const X509_ALGOR* identifier = nullptr;
  if (PKCS8_pkey_get0(nullptr, nullptr, nullptr, &identifier, info) != 1) return nullptr;
  const ASN1_OBJECT* algorithm = nullptr;
  const void* parameters = nullptr;
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(&algorithm, &type, &parameters, identifier);
  const bool is_on_named_curve = OBJ_obj2nid(algorithm) == NID_X9_62_id_ecPublicKey && type == V_ASN1_OBJECT;
  return is_on_named_curve ? unknown_curve(static_cast<const ASN1_OBJECT*>(parameters)) : unknown(algorithm);
}

// RFC 5915 section 3: version, key, and the curve in the tag [0].
ObjectPtr unknown_curve_of(const Element& key) {
  DerReader fields(key.content);
  for (auto field = fields.next(); field; field = fields.next()) {
    if (field->tag != tag::context_0) continue;
    const unsigned char* cursor = field->content.data();
    const ObjectPtr curve(d2i_ASN1_OBJECT(nullptr, &cursor, static_cast<long>(field->content.size())));
    forget_errors();
    return curve ? unknown_curve(curve.get()) : nullptr;
  }
  return nullptr;
}

// Algorithms that are younger than the OpenSSL that this may run with (RFC 9881, RFC 9909).
std::string name_of(const std::string& oid) {
  constexpr std::string_view nist_signatures = "2.16.840.1.101.3.4.3.";
  if (oid == std::string(nist_signatures) + "17") return "ML-DSA-44";
  if (oid == std::string(nist_signatures) + "18") return "ML-DSA-65";
  if (oid == std::string(nist_signatures) + "19") return "ML-DSA-87";
  const auto number = oid.starts_with(nist_signatures) ? oid.substr(nist_signatures.size()) : "";
  return number.size() == 2 && number >= "20" && number <= "31" ? "SLH-DSA" : "";
}

tl::unexpected<KeyFault> not_known(const ObjectPtr& algorithm) {
  std::array<char, 80> oid{};
  OBJ_obj2txt(oid.data(), oid.size(), algorithm.get(), 1);
  const int nid = OBJ_obj2nid(algorithm.get());
  const std::string name = nid != NID_undef ? OBJ_nid2ln(nid) : name_of(oid.data());
  const auto text = name.empty() ? std::string(oid.data()) : name + " (" + oid.data() + ")";
  return out_of_reach("is of an algorithm that this OpenSSL does not know: {}", {Fact::not_of_file(text)});
}

KeyResult<PublicKey> lift(Parsed<PublicKey> key) {
  if (!key) return tl::unexpected(key.error());
  return *std::move(key);
}

}  // namespace

Parsed<PublicKey> key_of_spki(ByteView der) {
  const unsigned char* cursor = der.data();
  const PubkeyPtr pubkey(d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
  if (!pubkey) return broken();
  if (const auto sound = check_spki(pubkey.get(), der); !sound) return tl::unexpected(sound.error());
  return PublicKey{select(der), key_type_of(pubkey.get())};
}

Parsed<PublicKey> key_of_rsa_public_key(ByteView der) {
  const unsigned char* cursor = der.data();
  return public_part(KeyPtr(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &cursor, static_cast<long>(der.size()))));
}

Parsed<PublicKey> key_of_request(ByteView der) {
  const unsigned char* cursor = der.data();
  const RequestPtr request(d2i_X509_REQ(nullptr, &cursor, static_cast<long>(der.size())));
  if (!request) return broken();
  const auto element = first_element(der);
  if (!element) return tl::unexpected(element.error());
  auto key = key_of_spki(spki_of_request(*element));
  // What was damaged on its way shows here. A key that OpenSSL does not know cannot be asked.
  EVP_PKEY* const signer = X509_REQ_get0_pubkey(request.get());
  if (key && signer != nullptr && X509_REQ_verify(request.get(), signer) == 0)
    return wrong("is damaged: its own signature does not verify");
  forget_errors();
  return key;
}

KeyResult<PublicKey> key_of(const PKCS8_PRIV_KEY_INFO* info) {
  const KeyPtr key(info != nullptr ? EVP_PKCS82PKEY(info) : nullptr);
  if (!key && info != nullptr)
    if (const auto unknown = unknown_algorithm_of(info)) return not_known(unknown);
  return lift(public_part(key));
}

KeyResult<PublicKey> key_of_private_key(ByteView der) {
  const auto element = first_element(der);
  if (!element) return tl::unexpected(element.error());
  const unsigned char* cursor = der.data();
  const long size = static_cast<long>(der.size());
  switch (kind_of(*element)) {
    case Kind::private_key: {
      const KeyInfoPtr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, size));
      return info ? key_of(info.get()) : KeyResult<PublicKey>(broken());
    }
    case Kind::rsa_private_key:
      return lift(public_part(KeyPtr(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &cursor, size))));
    case Kind::ec_private_key:
      if (const auto curve = unknown_curve_of(*element)) return not_known(curve);
      return lift(public_part(KeyPtr(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &cursor, size))));
    case Kind::dsa_private_key:
      return lift(public_part(KeyPtr(d2i_PrivateKey(EVP_PKEY_DSA, nullptr, &cursor, size))));
    default:
      return wrong("is not a private key");
  }
}

KeyResult<PublicKey> key_of_encrypted_key(ByteView der, const Passphrase& passphrase) {
  const unsigned char* cursor = der.data();
  const EncryptedPtr encrypted(d2i_X509_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  if (!encrypted) return broken();
  const auto info = decrypt_private_key(encrypted.get(), passphrase);
  if (!info) return tl::unexpected(info.error());
  return key_of(info->get());
}

Bytes identity_of(const Selected& spki) {
  const unsigned char* cursor = spki.full.data();
  const KeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.full.size())));
  Bytes identity;
  switch (key ? EVP_PKEY_get_base_id(key.get()) : EVP_PKEY_NONE) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:  // the same numbers may serve under either name
      identity = numbers_of(key.get(), {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E});
      break;
    case EVP_PKEY_EC:  // points may be compressed, curves spelt out
      identity = numbers_of(key.get(), {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y});
      break;
    default:
      break;
  }
  forget_errors();
  return identity.empty() ? spki.full : identity;
}

}  // namespace tlsa_update::x509
