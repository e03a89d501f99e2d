// Octet strings and their hexadecimal form. Knows nothing of DNS.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsa_update {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// The same octets as text, and back.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Lower-case hexadecimal, two digits an octet.
[[nodiscard]] std::string to_hex(ByteView bytes);

// Either case; blanks between digits are skipped (RFC 6698 section 2.2). Nothing on an odd count or
// any other character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

}  // namespace tlsa_update
