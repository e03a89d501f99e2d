// Self-checks of what is about to be published and remarks on what is wanted (RFC 6698, 7671, 7672; FACTS
// "The public world"). Refusals are errors; everything else is a Remark.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/remark.hpp"
#include "tlsa_update/core/service.hpp"

namespace tlsa_update {

constexpr std::size_t most_records = 12;      // Microsoft's senders could not process more (2024)
constexpr std::size_t most_octets = 1200;     // RFC 7671 section 10.1.1: what UDP carries unfragmented
constexpr std::uint32_t longest_ttl = 86400;  // seconds; RFC 7671 section 13: short, so that mistakes pass

// Before anything is published: digest length, digest of empty input, full data that is no DER, and `x 0 0`
// unless `force`. Error bad_data.
[[nodiscard]] Result<void> check(const TlsaRecord& record, bool force);

// Is this RDATA, found in a zone, usable at all? Nothing when it is, else what is wrong: "31 octets for
// SHA2-256".
[[nodiscard]] std::optional<std::string> malformed(const TlsaRecord& record);

// Warnings on one credential at one service: expiry where the usage cares, names, usage 0/1 on port 25 ...
// `source_domain`: whose MX or SRV record led to the host, a second name for certificates.
[[nodiscard]] Remarks remarks(const Credential& credential, TlsaParameters parameters,
                              const std::optional<Service>& service, Time now,
                              const std::optional<Name>& source_domain = std::nullopt);

// Warnings on the records wanted at one owner together, with the credentials (current and next) that they
// were made of: more than 12, an RSA and ECDSA pair, digests that cover different keys, size, TTL (seconds)
// ...
[[nodiscard]] Remarks remarks(const Name& owner, const std::vector<const Credential*>& credentials,
                              const TlsaRecords& records, std::uint32_t ttl);

}  // namespace tlsa_update
