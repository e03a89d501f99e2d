#include "tlsa_update/core/ber.hpp"

namespace tlsa_update {
namespace {

constexpr std::uint8_t long_tag = 0x1F, long_length = 0x80;
constexpr std::size_t most_length_octets = 4;  // no certificate, key or LDAP answer of ours comes near

}  // namespace

bool BerHeader::is_shortest() const {
  std::size_t needed = 2;
  if (content_size >= long_length) {
    for (auto left = content_size; left > 0; left >>= 8) ++needed;
  }
  return size == needed;
}

BerHeader ber_header(ByteView octets) {
  using State = BerHeader::State;
  if (octets.size() < 2) return {};
  const auto tag = octets[0];
  if ((tag & long_tag) == long_tag) return {State::malformed, tag};
  if (octets[1] < long_length) return {State::whole, tag, 2, octets[1]};
  const std::size_t count = octets[1] & 0x7FU;
  if (count == 0 || count > most_length_octets) return {State::malformed, tag};
  if (octets.size() < 2 + count) return {State::more, tag};
  std::size_t content_size = 0;
  for (const auto octet : octets.subspan(2, count)) content_size = content_size << 8 | octet;
  return {State::whole, tag, 2 + count, content_size};
}

}  // namespace tlsa_update
