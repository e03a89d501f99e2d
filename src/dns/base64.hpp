// Base64 (RFC 4648 section 4), as secrets and pins are written.
#pragma once

#include <optional>
#include <string_view>

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update::dns {

// Blanks are skipped. Nothing on a foreign character, missing or misplaced padding. Makes no copy of what it
// decodes but the one it returns.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace tlsa_update::dns
