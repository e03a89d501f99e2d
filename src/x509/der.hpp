// DER by its outside (X.690): tags, lengths, and from them what kind of thing an element is. Copies nothing
// and understands no values; that is OpenSSL's work. Here because a digest needs the octets as they stand in
// the file (RFC 6698 section 2.1.2), and because a file's kind shows in the shape of its first levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/file_fault.hpp"

namespace tlsa_update::x509 {

namespace tag {
inline constexpr std::uint8_t integer = 0x02, bit_string = 0x03, octet_string = 0x04, oid = 0x06,
                              utc_time = 0x17, generalized_time = 0x18, sequence = 0x30, context_0 = 0xA0;
}

struct Element {
  std::uint8_t tag = 0;
  ByteView whole;    // tag, length and content
  ByteView content;  // content alone
};

// Consecutive elements. Definite lengths and one-octet tags only; ends early at anything else.
class DerReader {
 public:
  explicit DerReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<Element> next();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

// The one element that `bytes` starts with. The fault tells a cut one ("is cut: 812 of 1204 octets")
// from what is not DER at all.
[[nodiscard]] Parsed<Element> first_element(ByteView bytes);

enum class Kind {
  certificate,            // RFC 5280
  request,                // PKCS#10, RFC 2986
  revocation_list,        // RFC 5280
  public_key,             // SubjectPublicKeyInfo, RFC 5280
  rsa_public_key,         // PKCS#1, RFC 8017
  private_key,            // PKCS#8, RFC 5958
  rsa_private_key,        // PKCS#1
  ec_private_key,         // SEC1, RFC 5915
  dsa_private_key,        // OpenSSL's own
  encrypted_private_key,  // PKCS#8, RFC 5958
  pkcs12,                 // RFC 7292
  pkcs7,                  // RFC 5652 and its ancestors
  unknown,
};

// By shape only: an element of a kind may still be broken inside.
[[nodiscard]] Kind kind_of(const Element& element);

// "a certificate", "a PKCS#12 container" ...
[[nodiscard]] std::string_view text(Kind kind);
[[nodiscard]] Fact fact(Kind kind);

// The SubjectPublicKeyInfo octets as they stand in a certificate (RFC 5280 section 4.1) or in a request
// (RFC 2986 section 4); empty when there are none.
[[nodiscard]] ByteView spki_of_certificate(const Element& certificate);
[[nodiscard]] ByteView spki_of_request(const Element& request);

}  // namespace tlsa_update::x509
