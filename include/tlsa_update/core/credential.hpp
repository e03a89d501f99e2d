// The public facts of certificates and keys, and the TLSA records that follow from them. Parsing and
// digests are x509's work; what is here needs no crypto, so the planner and its tests can make chains
// out of thin air. Private keys never get here.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

// One thing that a selector can select: the DER octets and their two digests (RFC 6698 section 2.1.3).
struct Selected {
  Bytes full;
  std::array<std::uint8_t, 32> sha2_256{};
  std::array<std::uint8_t, 64> sha2_512{};

  bool operator==(const Selected&) const = default;

  // The association data of this matching type; empty for one that is not assigned.
  [[nodiscard]] Bytes data(MatchingType matching_type) const;
};

enum class KeyType { rsa, rsa_pss, ecdsa, ed25519, ed448, other };
[[nodiscard]] std::string_view text(KeyType type);  // "rsa", "rsa-pss", "ecdsa", ...

struct Certificate {
  Selected certificate;  // selector 0
  Selected spki;         // selector 1: the octets as they stand in the certificate (RFC 6698 section 2.1.2)
  KeyType key_type = KeyType::other;
  std::string subject;  // for people, escaped
  std::string issuer;   // for people, escaped
  Time not_before{};
  Time not_after{};
  bool is_ca = false;
  bool is_self_signed = false;         // signature verified with its own key
  std::vector<std::string> dns_names;  // subjectAltName dNSName, else CN; A-labels, lower-case, "*." kept

  bool operator==(const Certificate&) const = default;
};

// Leaf first, then each certificate's issuer as far as the file or the peer gave it. Never empty.
using Chain = std::vector<Certificate>;

// What one --cert or --next brought: a chain, or only a public key (from a key file or CSR).
struct Credential {
  std::string source;  // path as given, "-", or "server:HOST:PORT"
  Chain chain;         // empty for a bare key
  std::optional<Selected> bare_key;
  KeyType key_type = KeyType::other;

  bool operator==(const Credential&) const = default;
};

// CA certificates that have signed no certificate of a server here: trust anchors, which nobody is presented
// with as a leaf. One that is self-signed and alone may be a server's own.
[[nodiscard]] bool holds_only_issuers(const Credential& credential);

enum class TaChoice { issuer, root, all };  // --ta

// The records of these parameters for this credential. Usage 3 and 1: one, of the leaf or the bare key.
// Usage 2 and 0: of the issuers by `ta`, where CA certificates alone are all issuers (a self-signed leaf
// alone: its own). Errors bad_data, each saying why: bare key with usage 0 or 2 or selector 0; CA
// certificates only for usage 3 or 1; no issuer in the files; root wanted but the files do not contain it.
[[nodiscard]] Result<TlsaRecords> records_of(const Credential& credential, TlsaParameters parameters,
                                             TaChoice ta);

// Does a client that is served this chain find a match (RFC 7671 section 5)? Usage 3 and 1: the leaf; 2 and
// 0: any certificate of the chain but the leaf, and the leaf when it is self-signed. Unknown parameters
// match nothing. Signatures and names are the probe's business.
[[nodiscard]] bool matches(const TlsaRecord& record, const Chain& chain);

// RFC 6125 / RFC 7672 section 3.2.3: `*` is the whole left-most label only.
[[nodiscard]] bool covers(const Certificate& leaf, const Name& host);

}  // namespace tlsa_update
