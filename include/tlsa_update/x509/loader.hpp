// From the bytes of a file to the public facts of what it holds. Content decides, never the file's name.
// Private keys are read for their public half and wiped. Opens no file: the caller hands over bytes.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update::x509 {

struct Loaded {
  std::vector<Credential> credentials;  // one per leaf or bare key found in the file; never empty
  std::vector<std::string> notes;       // for people: "the key's SPKI differs from the certificate's ..."
  std::vector<Credential> strays;       // CA certificates that belong to none of the leaves beside them
  std::vector<Selected> keys;           // all keys, also those that a certificate holds, as it spells them
  bool has_unread_keys = false;         // encrypted, or of an unknown algorithm: passed over
};

// PEM with any mixture of blocks and junk, DER, PKCS#8/1 and SEC1 keys (also encrypted), public keys, CSRs,
// PKCS#12. The passphrase is taken octet for octet. A block that is cut or broken refuses the whole file. A
// key that cannot be read (encrypted without a passphrase, or of an algorithm that OpenSSL does not know) is
// passed over with a note if the file has a certificate. `source` goes into Credential::source and errors.
// Error bad_data, "FILE:LINE: ...", says what was found instead: empty, a CRL, a truncated block, wrong
// passphrase ...
[[nodiscard]] Result<Loaded> load(ByteView file, const std::string& source,
                                  const Secret* passphrase = nullptr);

// What several files bring to one command, chains before bare keys. Issuers of a leaf are looked for in all
// of them and in `others`. A bare key that a certificate holds adds no credential of its own; when the octets
// of the two SPKIs differ though the key is the same, the certificate's are used and a note says so. (Each
// file on its own has been through this in load.)
[[nodiscard]] Loaded together(std::vector<Loaded> loads, const std::vector<Credential>& others = {});

// Chain facts of DER certificates in any order, the first being the leaf when `first_is_leaf` (TLS).
[[nodiscard]] Result<Chain> chain_of(const std::vector<Bytes>& der_certificates, bool first_is_leaf);

}  // namespace tlsa_update::x509
