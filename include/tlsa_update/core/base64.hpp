// Base64 (RFC 4648 section 4), as secrets, keys and pins are written.
#pragma once

#include <string_view>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update {

// Fed piece by piece. Blanks are skipped. Makes no copy of what it decodes but the one that it gives.
class Base64Decoder {
 public:
  // `most_characters`: in all pieces together.
  explicit Base64Decoder(std::size_t most_characters) { octets_.reserve(most_characters / 4 * 3 + 3); }
  Base64Decoder(const Base64Decoder&) = delete;
  Base64Decoder& operator=(const Base64Decoder&) = delete;
  ~Base64Decoder() { Secret(std::move(octets_)); }

  // false: a character that base64 does not have, or one after the padding.
  [[nodiscard]] bool take(std::string_view text);

  // The octets, once all was taken. Nothing if the last four characters are not complete.
  [[nodiscard]] std::optional<Secret> finish();

 private:
  void flush(std::size_t count);

  Bytes octets_;
  unsigned bits_ = 0;
  std::size_t digits_ = 0;
  std::size_t padding_ = 0;
};

// All at once.
[[nodiscard]] std::optional<Secret> from_base64(std::string_view text);

}  // namespace tlsa_update
