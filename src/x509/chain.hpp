// From certificates in any order to chains: who signed whom, by the signatures themselves (RFC 5280 section
// 6.1.3), or by name and key identifier where OpenSSL cannot verify. Judges no validity and no trust.
#pragma once

#include <vector>

#include "certificate.hpp"

namespace tlsa_update::x509 {

struct Chains {
  std::vector<Chain> chains;        // one a leaf, in the order of the leaves in the file
  std::vector<Certificate> strays;  // CA certificates that belong to none of the chains
};

// A leaf is a certificate that issued none of the others. Each chain is its leaf, then everything above it
// that was given, nearest first, self-signed ones last; with cross-signing that is more than one way up.
// Duplicates count once. A CA certificate starts a chain only when there is no end-entity certificate at all.
// Linear in signatures verified: a file that would need far more of them than it has certificates is refused
// with bad_data.
[[nodiscard]] Result<Chains> chains_of(std::vector<ParsedCertificate> certificates);

// The chains of several files: each goes on with issuers from all of them and from `strays`. A CA certificate
// that turns out to stand above another credential is none of its own any more. If the order of the
// certificates cannot be found within the limit of chains_of, everything stays as it is.
void join_chains(std::vector<Credential>& credentials, const std::vector<Credential>& strays);

// The same for what a TLS peer sent: the first is the leaf (RFC 8446 section 4.4.2), whatever follows in any
// order; what is not above the leaf is left out. `certificates` is not empty.
[[nodiscard]] Result<Chain> chain_from_leaf(std::vector<ParsedCertificate> certificates);

}  // namespace tlsa_update::x509
