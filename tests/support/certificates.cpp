#include "support/certificates.hpp"

#include <cstdlib>
#include <map>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tlsa_update::test {
namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test certificates: cannot ") + what);
}

template <class T>
Bytes der_by(int (*encode)(const T*, unsigned char**), const T* object) {
  unsigned char* octets = nullptr;
  const int size = encode(object, &octets);
  must(size > 0, "encode");
  Bytes der(octets, octets + size);
  OPENSSL_free(octets);
  return der;
}

Key owned(EVP_PKEY* key) {
  must(key != nullptr, "make a key");
  return {key, EVP_PKEY_free};
}

// DSA needs parameters first.
Key make_dsa_key(unsigned bits) {
  const std::shared_ptr<EVP_PKEY_CTX> parameters(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr),
                                                 EVP_PKEY_CTX_free);
  EVP_PKEY* raw = nullptr;
  must(EVP_PKEY_paramgen_init(parameters.get()) == 1 &&
           EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters.get(), static_cast<int>(bits)) == 1 &&
           EVP_PKEY_paramgen(parameters.get(), &raw) == 1,
       "make DSA parameters");
  const Key domain = owned(raw);
  const std::shared_ptr<EVP_PKEY_CTX> generator(EVP_PKEY_CTX_new_from_pkey(nullptr, domain.get(), nullptr),
                                                EVP_PKEY_CTX_free);
  raw = nullptr;
  must(EVP_PKEY_keygen_init(generator.get()) == 1 && EVP_PKEY_generate(generator.get(), &raw) == 1,
       "make a DSA key");
  return owned(raw);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::shared_ptr<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()),
                                                  X509_EXTENSION_free);
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

void add_names(X509* certificate, const std::vector<std::string>& dns_names) {
  if (dns_names.empty()) return;
  const std::shared_ptr<GENERAL_NAMES> names(GENERAL_NAMES_new(), GENERAL_NAMES_free);
  for (const auto& dns_name : dns_names) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, dns_name.data(), static_cast<int>(dns_name.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1, "add names");
}

void add_extensions(X509* certificate, X509* issuer, const Request& request) {
  add_extension(certificate, issuer, NID_basic_constraints, request.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
  if (!request.extended_key_usage.empty())
    add_extension(certificate, issuer, NID_ext_key_usage, request.extended_key_usage);
  if (!request.name_constraints.empty())
    add_extension(certificate, issuer, NID_name_constraints, request.name_constraints);
  add_names(certificate, request.dns_names);
}

// X509_set_pubkey would encode the key its own way.
void set_spki(X509* certificate, const Bytes& spki) {
  const unsigned char* cursor = spki.data();
  const std::shared_ptr<X509_PUBKEY> wanted(d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())),
                                            X509_PUBKEY_free);
  must(wanted != nullptr, "read the SPKI");
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int size = 0;
  X509_ALGOR* parameters = nullptr;
  X509_PUBKEY_get0_param(&algorithm, &key, &size, &parameters, wanted.get());
  X509_PUBKEY* place = X509_get_X509_PUBKEY(certificate);
  must(X509_PUBKEY_set0_param(
           place, OBJ_dup(algorithm), V_ASN1_UNDEF, nullptr,
           static_cast<unsigned char*>(OPENSSL_memdup(key, static_cast<std::size_t>(size))), size) == 1,
       "set the SPKI");
  X509_ALGOR* placed = nullptr;
  X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &placed, place);
  must(X509_ALGOR_copy(placed, parameters) == 1, "set the parameters");
}

void fill(X509* certificate, const Request& request) {
  must(X509_set_version(certificate, request.version - 1) == 1, "set the version");
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  must(ASN1_TIME_set_string(X509_getm_notBefore(certificate), request.not_before.c_str()) == 1 &&
           ASN1_TIME_set_string(X509_getm_notAfter(certificate), request.not_after.c_str()) == 1,
       "set the validity");
  const auto* name = reinterpret_cast<const unsigned char*>(request.common_name.c_str());
  must(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, name, -1,
                                  -1, 0) == 1 &&
           X509_set_pubkey(certificate, request.key.get()) == 1,
       "set the subject");
}

const EVP_MD* digest_for(const Key& key) {
  const int type = EVP_PKEY_get_base_id(key.get());
  return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
}

Issued sign(Request request, X509* issuer, const Key& issuer_key) {
  if (!request.key) request.key = make_key();
  const std::shared_ptr<X509> certificate(X509_new(), X509_free);
  fill(certificate.get(), request);
  X509* signer = issuer != nullptr ? issuer : certificate.get();
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1, "set the issuer");
  if (request.version == 3) add_extensions(certificate.get(), signer, request);
  if (!request.spki.empty()) set_spki(certificate.get(), request.spki);
  const Key& key = issuer_key ? issuer_key : request.key;
  must(X509_sign(certificate.get(), key.get(), digest_for(key)) > 0, "sign");
  return {der_by(i2d_X509, certificate.get()), request.key};
}

}  // namespace

Key make_key(const std::string& type) {
  const auto colon = type.find(':');
  const std::string name = type.substr(0, colon);
  if (colon == std::string::npos &&
      (name.starts_with("P-") || name.starts_with("secp") || name.starts_with("brain")))
    return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", name.c_str()));
  if (colon == std::string::npos) return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, name.c_str()));
  const std::size_t bits = std::strtoul(type.c_str() + colon + 1, nullptr, 10);
  if (name == "DSA") return make_dsa_key(static_cast<unsigned>(bits));
  if (name == "RSA") return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  const std::shared_ptr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, name.c_str(), nullptr),
                                              EVP_PKEY_CTX_free);
  EVP_PKEY* raw = nullptr;
  must(EVP_PKEY_keygen_init(context.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) == 1 &&
           EVP_PKEY_generate(context.get(), &raw) == 1,
       "make a key");
  return owned(raw);
}

Key shared_key(const std::string& type) {
  static std::map<std::string, Key> keys;
  auto& key = keys[type];
  if (!key) key = make_key(type);
  return key;
}

Bytes spki_of(const Key& key) { return der_by<EVP_PKEY>(i2d_PUBKEY, key.get()); }

Bytes private_der_of(const Key& key) {
  const std::shared_ptr<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key.get()), PKCS8_PRIV_KEY_INFO_free);
  return der_by<PKCS8_PRIV_KEY_INFO>(i2d_PKCS8_PRIV_KEY_INFO, info.get());
}

std::string pem(const std::string& label, ByteView der) {
  const std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio(out.get(), label.c_str(), "", der.data(), static_cast<long>(der.size()));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string private_pem_of(const Key& key) { return pem("PRIVATE KEY", private_der_of(key)); }

Bytes der(std::uint8_t tag, const std::vector<Bytes>& parts) {
  Bytes content;
  for (const auto& part : parts) content.insert(content.end(), part.begin(), part.end());
  Bytes element{tag};
  if (content.size() < 0x80) {
    element.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    element.insert(element.end(), {0x82, static_cast<std::uint8_t>(content.size() >> 8),
                                   static_cast<std::uint8_t>(content.size() & 0xFF)});
    if (content.size() < 0x100) element.erase(element.end() - 2), element[1] = 0x81;
  }
  element.insert(element.end(), content.begin(), content.end());
  return element;
}

Bytes request_of(const Key& key, const std::string& common_name) {
  const std::shared_ptr<X509_REQ> request(X509_REQ_new(), X509_REQ_free);
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
  must(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request.get()), NID_commonName, MBSTRING_UTF8,
                                  name, -1, -1, 0) == 1 &&
           X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
           X509_REQ_sign(request.get(), key.get(), digest_for(key)) > 0,
       "sign a request");
  return der_by<X509_REQ>(i2d_X509_REQ, request.get());
}

Issued self_signed(Request request) { return sign(std::move(request), nullptr, nullptr); }

Issued issued_by(const Issued& issuer, Request request) {
  const unsigned char* cursor = issuer.der.data();
  const std::shared_ptr<X509> parent(d2i_X509(nullptr, &cursor, static_cast<long>(issuer.der.size())),
                                     X509_free);
  return sign(std::move(request), parent.get(), issuer.key);
}

Family make_family(const std::string& host, const std::string& key) {
  Family family;
  family.root = self_signed({.common_name = "Root", .dns_names = {}, .is_ca = true});
  family.intermediate =
      issued_by(family.root, {.common_name = "Intermediate", .dns_names = {}, .is_ca = true});
  family.leaf =
      issued_by(family.intermediate, {.common_name = host, .dns_names = {host}, .key = make_key(key)});
  return family;
}

}  // namespace tlsa_update::test
