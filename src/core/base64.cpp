#include "tlsa_update/core/base64.hpp"

#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

bool Base64Decoder::take(std::string_view text) {
  for (const char c : text) {
    if (is_blank(c)) continue;
    if (c == '=') {
      if (++padding_ > 2) return false;
      continue;
    }
    const int value = base64_value(c);
    if (value < 0 || padding_ != 0) return false;
    bits_ = bits_ << 6 | static_cast<unsigned>(value);
    if (++digits_ % 4 == 0) flush(3);
  }
  return true;
}

std::optional<Secret> Base64Decoder::finish() {
  const auto over = digits_ % 4;
  if (over == 1 || (over == 0 ? padding_ != 0 : padding_ != 4 - over)) return std::nullopt;
  if (over != 0) {
    bits_ <<= 6 * (4 - over);
    flush(over - 1);
  }
  return Secret(std::exchange(octets_, {}));
}

void Base64Decoder::flush(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) octets_.push_back(static_cast<std::uint8_t>(bits_ >> (16 - 8 * i)));
  bits_ = 0;
}

std::optional<Secret> from_base64(std::string_view text) {
  Base64Decoder decoder(text.size());
  if (!decoder.take(text)) return std::nullopt;
  return decoder.finish();
}

}  // namespace tlsa_update
