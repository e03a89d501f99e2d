#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

bool serial_less(std::uint32_t a, std::uint32_t b) {
  // RFC 1982 section 3.2. Serials that are 2^31 apart have no order: neither is older.
  const std::uint32_t ahead = b - a;
  return ahead != 0 && ahead < 0x80000000U;
}

}  // namespace tlsa_update
