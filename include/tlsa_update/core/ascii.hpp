// Text of ASCII characters: letters in any case (RFC 4343), digits, blanks, words. No locale has a say, and
// no octet above 127 is any of these.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace tlsa_update {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

// In lower case.
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(), lower);
  return copy;
}

[[nodiscard]] inline bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// At least one character, and nothing but digits.
[[nodiscard]] inline bool is_all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// Without the blanks around it.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The first word; takes it and the blanks around it off `text`. Empty when there is none.
inline std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto end = std::ranges::find_if(text, is_blank);
  const std::string_view word(text.begin(), end);
  text = trimmed(text.substr(word.size()));
  return word;
}

// All of `text` as a number; nothing when it is none, or is too large.
template <std::unsigned_integral Number>
[[nodiscard]] std::optional<Number> number_of(std::string_view text, int base = 10) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace tlsa_update
