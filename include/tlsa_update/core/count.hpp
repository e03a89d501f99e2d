// Numbers and the nouns that go with them: "1 record", "2 records".
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace tlsa_update {

// The plural is `noun` and an s, unless `plural` gives it: count(2, "address", "addresses").
[[nodiscard]] inline std::string count(std::integral auto number, std::string_view noun,
                                       std::string_view plural = {}) {
  std::string text = std::to_string(number) + ' ';
  if (number == 1) return text.append(noun);
  return plural.empty() ? text.append(noun).append("s") : text.append(plural);
}

}  // namespace tlsa_update
