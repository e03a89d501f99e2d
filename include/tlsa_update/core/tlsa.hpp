// The TLSA record (RFC 6698 section 2) and its three parameters with the acronyms of RFC 7218. Holds
// any RDATA a zone may contain, also malformed ones; lint.hpp says what is wrong with them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"

namespace tlsa_update {

inline constexpr std::uint16_t tlsa_type = 52;  // RFC 6698 section 7.1

// A zone may hold any octet in these fields; the enumerators are the assigned ones (RFC 6698 section 7).
enum class Usage : std::uint8_t { pkix_ta = 0, pkix_ee = 1, dane_ta = 2, dane_ee = 3, priv_cert = 255 };
enum class Selector : std::uint8_t { cert = 0, spki = 1, priv_sel = 255 };
enum class MatchingType : std::uint8_t { full = 0, sha2_256 = 1, sha2_512 = 2, priv_match = 255 };

// What RFC 7671 section 8 calls a parameter combination.
struct TlsaParameters {
  Usage usage = Usage::dane_ee;
  Selector selector = Selector::spki;
  MatchingType matching_type = MatchingType::sha2_256;

  auto operator<=>(const TlsaParameters&) const = default;

  [[nodiscard]] bool of_end_entity() const { return usage == Usage::pkix_ee || usage == Usage::dane_ee; }
  [[nodiscard]] bool of_trust_anchor() const { return usage == Usage::pkix_ta || usage == Usage::dane_ta; }
  // Values that mean something to every client (RFC 6698 section 7): usage 0-3, selector 0-1, matching 0-2.
  [[nodiscard]] bool is_assigned() const {
    return usage <= Usage::dane_ee && selector <= Selector::spki && matching_type <= MatchingType::sha2_512;
  }
  [[nodiscard]] std::string text() const;        // "3 1 1"
  [[nodiscard]] std::string usage_text() const;  // "usage 3"
};

// "3 1 1", "311", "03 01 01", "DANE-EE SPKI SHA2-256" (any case; RFC 7218 acronyms). Only assigned values
// (usage 0-3, selector 0-1, matching type 0-2). Error bad_data says which field.
[[nodiscard]] Result<TlsaParameters> parse_parameters(std::string_view text);

struct TlsaRecord {
  TlsaParameters parameters;
  Bytes data;  // certificate association data: digest or DER

  auto operator<=>(const TlsaRecord&) const = default;

  [[nodiscard]] std::string text() const;  // presentation RDATA: "3 1 1 4648..." (RFC 6698 section 2.2)
  [[nodiscard]] Bytes rdata() const;       // wire RDATA
};

// Presentation RDATA: three fields then hex, blanks allowed inside, either case, surrounding
// parentheses and RFC 3597 "\# n hex" accepted (danetool, zone files). Error bad_data.
[[nodiscard]] Result<TlsaRecord> parse_tlsa(std::string_view text);

// Wire RDATA; at least three octets. Error bad_data.
[[nodiscard]] Result<TlsaRecord> tlsa_from_rdata(ByteView rdata);

using TlsaRecords = std::vector<TlsaRecord>;  // as a set: sorted, no duplicates

}  // namespace tlsa_update
