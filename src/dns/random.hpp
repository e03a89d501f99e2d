// Numbers that nobody outside can guess (RFC 5452 section 9.2), from the kernel.
#pragma once

#include <cstdint>

namespace tlsa_update::dns {

[[nodiscard]] std::uint16_t random_number();

}  // namespace tlsa_update::dns
