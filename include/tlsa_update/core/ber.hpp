// The header of one element of BER in definite form with a one-octet tag (X.690 sections 8.1.2 and 8.1.3), as
// DER and LDAP (RFC 4511 section 5.1) have it.
#pragma once

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update {

struct BerHeader {
  enum class State {
    more,       // the octets end within the header
    whole,      // the fields below count
    malformed,  // a tag of several octets, the indefinite form, or a length of over four octets
  } state = State::more;
  std::uint8_t tag = 0;
  std::size_t size = 0;          // octets of tag and length
  std::size_t content_size = 0;  // octets

  // X.690 section 10.1: DER takes the shortest form of length.
  [[nodiscard]] bool is_shortest() const;
};

// Of the element at the front of `octets`.
[[nodiscard]] BerHeader ber_header(ByteView octets);

}  // namespace tlsa_update
