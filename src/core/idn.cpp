#include <algorithm>
#include <cstdint>
#include <idn2.h>
#include <memory>

#include "tlsa_update/core/name.hpp"

namespace tlsa_update {
namespace {

struct Idn2Free {
  void operator()(std::uint8_t* text) const noexcept { idn2_free(text); }
};

constexpr std::size_t max_text = 1020;  // 4 times 255: no name is longer in UTF-8

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

bool is_ldh_or_dot(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

tl::unexpected<Error> bad_label(std::string_view label, const std::string& why) {
  return fail(ErrorCode::bad_data,
              "\"" + printable(label, 80) + "\" is not a valid internationalized label: " + why);
}

// One U-label, or several when the mapping finds ideographic full stops in it.
Result<std::string> to_a_label(std::string_view label) {
  if (label.find('\0') != std::string_view::npos) return bad_label(label, "it has a NUL octet");
  std::uint8_t* raw = nullptr;
  const std::string copy(label);
  const int status =
      idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(copy.c_str()), &raw, IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, Idn2Free> ascii(raw);
  if (status != IDN2_OK) return bad_label(label, idn2_strerror(status));
  std::string converted(reinterpret_cast<const char*>(ascii.get()));
  // STD 3, checked here because libidn2 drops what IDN2_USE_STD3_ASCII_RULES forbids instead of refusing it:
  // no mapping (of a fullwidth colon, say) may bring in a character that has a meaning in names.
  if (!std::all_of(converted.begin(), converted.end(), is_ldh_or_dot)) {
    return bad_label(label, "its ASCII characters are not all letters, digits and hyphens");
  }
  return converted;
}

}  // namespace

Result<std::string> to_ascii(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  if (text.size() > max_text) return fail(ErrorCode::bad_data, "the name is too long", printable(text, 80));
  std::string ascii;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('.', start), text.size());
    const auto label = text.substr(start, end - start);
    if (is_ascii(label)) {
      ascii += label;
    } else {
      const auto converted = to_a_label(label);
      if (!converted) return tl::unexpected(converted.error());
      ascii += *converted;
    }
    if (end < text.size()) ascii += '.';
    start = end + 1;
  }
  return ascii;
}

}  // namespace tlsa_update
