#include "tlsa_update/core/error.hpp"

#include <array>
#include <cstdint>

namespace tlsa_update {
namespace {

// The order of severity in which several troubles fold into one exit status, most severe first.
constexpr std::array severity{
    ErrorCode::internal,   ErrorCode::configuration, ErrorCode::usage,       ErrorCode::bad_data,
    ErrorCode::unreadable, ErrorCode::unsafe,        ErrorCode::protocol,    ErrorCode::refused,
    ErrorCode::no_answer,  ErrorCode::not_yet,       ErrorCode::differences,
};

std::size_t rank(ErrorCode code) {
  std::size_t place = 0;
  while (place < severity.size() && severity[place] != code) ++place;
  return place;
}

// Octets of the well-formed UTF-8 sequence at the front of `text` (Unicode 15, table 3-7); 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(i < text.size() ? text[i] : 0); };
  const auto in = [&](std::size_t i, int low, int high) { return octet(i) >= low && octet(i) <= high; };
  const auto tail = [&](std::size_t i) { return in(i, 0x80, 0xBF); };
  const int lead = octet(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead == 0xE0) return in(1, 0xA0, 0xBF) && tail(2) ? 3 : 0;
  if (lead == 0xED) return in(1, 0x80, 0x9F) && tail(2) ? 3 : 0;
  if (lead >= 0xE1 && lead <= 0xEF) return tail(1) && tail(2) ? 3 : 0;
  if (lead == 0xF0) return in(1, 0x90, 0xBF) && tail(2) && tail(3) ? 4 : 0;
  if (lead >= 0xF1 && lead <= 0xF3) return tail(1) && tail(2) && tail(3) ? 4 : 0;
  if (lead == 0xF4) return in(1, 0x80, 0x8F) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

// C0, DEL, and C1 (U+0080 to U+009F, as UTF-8 C2 80 to C2 9F), which some terminals obey as well.
bool is_control(std::string_view sequence) {
  const auto first = static_cast<std::uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<std::uint8_t>(sequence[1]) < 0xA0;
}

}  // namespace

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::differences:
      return 1;
    case ErrorCode::unsafe:
      return 2;
    case ErrorCode::usage:
      return 64;
    case ErrorCode::bad_data:
      return 65;
    case ErrorCode::unreadable:
      return 66;
    case ErrorCode::no_answer:
      return 69;
    case ErrorCode::internal:
      return 70;
    case ErrorCode::not_yet:
      return 75;
    case ErrorCode::protocol:
      return 76;
    case ErrorCode::refused:
      return 77;
    case ErrorCode::configuration:
      return 78;
  }
  return 70;
}

ErrorCode more_severe(ErrorCode a, ErrorCode b) { return rank(a) <= rank(b) ? a : b; }

std::string Error::text() const {
  std::string line;
  if (!where.empty()) line = printable(where) + ": ";
  line += printable(what, 1000);
  if (!advice.empty()) line += "; " + printable(advice, 1000);
  return line;
}

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    if (out.size() >= limit) return out + "...";
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text.substr(0, length))) {
      const auto octet = static_cast<std::uint8_t>(text[0]);
      out += {'\\', 'x', digits[octet >> 4], digits[octet & 15]};
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace tlsa_update
