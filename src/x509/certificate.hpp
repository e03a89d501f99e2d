// One certificate: its public facts, and OpenSSL's view of it for chain building. A certificate whose key
// OpenSSL does not know still has its digests; one whose key is broken, or that is not DER, is refused,
// because clients would disagree about its octets.
#pragma once

#include "openssl.hpp"
#include "tlsa_update/core/credential.hpp"

namespace tlsa_update::x509 {

struct ParsedCertificate {
  Certificate facts;
  X509Ptr x509;
};

// Exactly one certificate, no octet more. Error bad_data; `where` is left to the caller.
[[nodiscard]] Parsed<ParsedCertificate> parse_certificate(ByteView der);

// Octets and digests of what a selector selects.
[[nodiscard]] Selected select(ByteView octets);

// Of the algorithm that a SubjectPublicKeyInfo names, whether or not OpenSSL can decode the key.
[[nodiscard]] KeyType key_type_of(X509_PUBKEY* spki);

// Refuses an SPKI that is not DER, and a key that OpenSSL should understand but cannot (a point that is not
// on the curve, a modulus that is no number). Unknown algorithms and parameters pass. Error bad_data.
[[nodiscard]] Parsed<void> check_spki(X509_PUBKEY* spki, ByteView octets);

}  // namespace tlsa_update::x509
