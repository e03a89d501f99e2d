// The TSIG RR of a message (RFC 8945 section 4.2) as it stands in the octets. Finds and checks its form;
// verifies nothing.
#pragma once

#include "tlsa_update/dns/tsig.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {

namespace tsig_error {  // RFC 8945 section 3
inline constexpr std::uint16_t badsig = 16, badkey = 17, badtime = 18, badtrunc = 22;
}

struct TsigRecord {
  std::size_t at = 0;  // where the RR begins: all before it is what was signed
  Name key_name, algorithm;
  std::uint64_t time_signed = 0;  // seconds since 1970, 48 bits
  std::uint16_t fudge = 0;
  Bytes mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  Bytes other;
};

struct TsigSearch {
  enum class Outcome { absent, found, malformed } outcome = Outcome::malformed;
  TsigRecord record;
};

// Walks every record: TSIG must be the last one of the additional section and the only one, of class ANY and
// TTL 0 (sections 4.2, 5.2).
[[nodiscard]] TsigSearch find_tsig(ByteView message);

// Appends the TSIG RR to `message` and counts it in ARCOUNT.
[[nodiscard]] Bytes with_tsig(ByteView message, const TsigRecord& record);

// What the MAC covers of the RR: all variables (section 4.3.3), or of later messages of a stream only the
// timers (section 5.3.1).
[[nodiscard]] Bytes tsig_variables(const TsigRecord& record);
[[nodiscard]] Bytes tsig_timers(const TsigRecord& record);

}  // namespace tlsa_update::dns
