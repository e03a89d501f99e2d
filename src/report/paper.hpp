// Text that grows piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tlsa_update::report {

struct Paper {
  std::string text;

  Paper& operator<<(std::string_view piece) {
    text += piece;
    return *this;
  }
  Paper& operator<<(std::uint32_t number) { return *this << std::to_string(number); }
};

}  // namespace tlsa_update::report
