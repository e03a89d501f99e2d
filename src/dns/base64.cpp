#include "base64.hpp"

#include <string.h>  // explicit_bzero

namespace tlsa_update::dns {
namespace {

int digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool decode(std::string_view text, Bytes& bytes) {
  unsigned bits = 0, digits = 0, padding = 0;
  for (const char c : text) {
    if (is_blank(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = digit_value(c);
    if (value < 0 || padding > 0) return false;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
    // Of four digits all but the first complete an octet.
    switch (digits++ % 4) {
      case 1:
        bytes.push_back(static_cast<std::uint8_t>(bits >> 4));
        break;
      case 2:
        bytes.push_back(static_cast<std::uint8_t>(bits >> 2));
        break;
      case 3:
        bytes.push_back(static_cast<std::uint8_t>(bits));
        break;
      default:
        break;
    }
  }
  return digits % 4 != 1 && padding <= 2 && (digits + padding) % 4 == 0;
}

}  // namespace

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);  // never grows: what it left behind could not be wiped
  if (decode(text, bytes)) return bytes;
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
  return std::nullopt;
}

}  // namespace tlsa_update::dns
