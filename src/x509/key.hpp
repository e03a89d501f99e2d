// Keys to SubjectPublicKeyInfo, the only thing that ever leaves this file: of a private key the public half
// is computed and the rest is wiped with it. An SPKI that the file holds is taken as it stands; only from
// private keys and PKCS#1 it has to be encoded, and may then differ from the one in a certificate of the same
// key (together() in loader.hpp).
#pragma once

#include "decryption.hpp"
#include "openssl.hpp"
#include "tlsa_update/core/credential.hpp"

namespace tlsa_update::x509 {

struct PublicKey {
  Selected spki;
  KeyType type = KeyType::other;
};

// Each takes exactly one DER element.
[[nodiscard]] Parsed<PublicKey> key_of_spki(ByteView der);
[[nodiscard]] Parsed<PublicKey> key_of_rsa_public_key(ByteView der);  // PKCS#1, RFC 8017 appendix A.1.1
[[nodiscard]] Parsed<PublicKey> key_of_request(ByteView der);  // PKCS#10; its own signature is verified

// PKCS#8, PKCS#1, SEC1 and OpenSSL's DSA form.
[[nodiscard]] KeyResult<PublicKey> key_of_private_key(ByteView der);
[[nodiscard]] KeyResult<PublicKey> key_of_encrypted_key(ByteView der, const Passphrase& passphrase);
[[nodiscard]] KeyResult<PublicKey> key_of(const PKCS8_PRIV_KEY_INFO* info);

// The same for two SPKIs exactly when they spell one key, however they encode it. For an SPKI that OpenSSL
// cannot decode, its own octets.
[[nodiscard]] Bytes identity_of(const Selected& spki);

}  // namespace tlsa_update::x509
