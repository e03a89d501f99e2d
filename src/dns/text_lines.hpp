// Text in lines and words, as views. Small enough to be read in place.
#pragma once

#include <algorithm>
#include <string_view>

namespace tlsa_update::dns {

// Calls `take(line, number)` for each line, without its end; numbers begin at 1. Stops when it returns false.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    if (!take(text.substr(0, end), number)) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace tlsa_update::dns
