// The two words that a TLSA owner begins with, without their underscores (RFC 6698 section 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tlsa_update/core/service.hpp"

namespace tlsa_update {

// 1..65535 in decimal without leading zeros, and nothing else.
[[nodiscard]] std::optional<std::uint16_t> port_number(std::string_view digits);

// "tcp", "udp", "sctp" or "dccp", in lower case.
[[nodiscard]] std::optional<Protocol> protocol_of(std::string_view word);

}  // namespace tlsa_update
