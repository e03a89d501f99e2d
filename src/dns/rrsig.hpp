// Does a signature hold? RRSIG verification (RFC 4035 section 5.3) by ldns, for one RRset, a set of keys and
// a time. Whether the keys are to be believed is for whoever fetched them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

// Nothing when at least one of `signatures` covers `rrset` (one owner, one type), was made by a zone key of
// `apex` among `keys` (DNSKEY records), verifies, and is neither expired nor of the future at `now` (seconds
// since 1970). Else what is wrong with the one that comes closest: in its time, but of no key, before
// expired, before early.
[[nodiscard]] std::optional<SignatureFault> signature_fault(const std::vector<Record>& rrset,
                                                            const std::vector<Record>& signatures,
                                                            const std::vector<Record>& keys, const Name& apex,
                                                            std::uint64_t now);

// RFC 4034 section 3.1, but for the signature itself.
struct Rrsig {
  std::uint16_t covered = 0;  // type
  std::size_t labels = 0;
  std::uint32_t expiration = 0;  // seconds since 1970, the low 32 bits
  std::uint32_t inception = 0;
  Name signer;
};

// Error protocol: too short for what it should hold.
[[nodiscard]] Result<Rrsig> rrsig_of(const Record& record);

// Type Covered, of the whole RDATA of an RRSIG; 0 when it is too short.
[[nodiscard]] std::uint16_t type_covered(ByteView rdata);

// A DNSKEY with the Zone Key flag, protocol 3 and not revoked (RFC 4034 section 2.1, RFC 5011 section 2.1).
[[nodiscard]] bool is_zone_key(const Record& key);

}  // namespace tlsa_update::dns
