// Keys and certificates for tests, made on the spot: no file in the tree expires. A family is a root, an
// intermediate and a leaf; everything else is built one certificate at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update::test {

using Key = std::shared_ptr<EVP_PKEY>;

// "P-256", "P-384", "P-521", "secp256k1", "RSA:2048", "RSA-PSS:2048", "ED25519", "ED448", "X25519",
// "DSA:2048". RSA and DSA take long to make: share them within a test program (shared_key).
[[nodiscard]] Key make_key(const std::string& type = "P-256");
[[nodiscard]] Key shared_key(const std::string& type);  // one of each type a program

[[nodiscard]] Bytes spki_of(const Key& key);         // SubjectPublicKeyInfo as OpenSSL encodes it
[[nodiscard]] Bytes private_der_of(const Key& key);  // PKCS#8, not encrypted
[[nodiscard]] std::string pem(const std::string& label, ByteView der);
[[nodiscard]] std::string private_pem_of(const Key& key);

// One DER element of these parts, for SPKIs that no library writes.
[[nodiscard]] Bytes der(std::uint8_t tag, const std::vector<Bytes>& parts);

struct Issued {
  Bytes der;
  Key key;
  [[nodiscard]] std::string pem() const { return test::pem("CERTIFICATE", der); }
};

struct Request {
  std::string common_name;
  std::vector<std::string> dns_names;  // subjectAltName, octet for octet
  bool is_ca = false;
  std::string not_before = "20260101000000Z";  // any ASN.1 time
  std::string not_after = "20360101000000Z";
  Key key = nullptr;  // a new P-256 key when absent
  int version = 3;    // 1: no extensions at all
  Bytes spki = {};    // SubjectPublicKeyInfo to put in instead of the key's own, octet for octet
  std::string extended_key_usage = {};  // "clientAuth"
  std::string name_constraints = {};    // "critical,permitted;DNS:example.org"
};

// Signed with its own key.
[[nodiscard]] Issued self_signed(Request request);

// Signed by `issuer` in the name that `issuer` has as its subject, with both key identifiers.
[[nodiscard]] Issued issued_by(const Issued& issuer, Request request);

// PKCS#10, signed with its own key.
[[nodiscard]] Bytes request_of(const Key& key, const std::string& common_name);

struct Family {
  Issued root, intermediate, leaf;
};
[[nodiscard]] Family make_family(const std::string& host = "mail.example.com",
                                 const std::string& key = "P-256");

}  // namespace tlsa_update::test
