// The text of a configuration file: settings, or an error in one line that names the file and the place.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "config.hpp"

using namespace tlsa_update;
using namespace tlsa_update::cli;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Settings settings;
  const auto read = parse_config(std::string(data, data + size), "fuzz.conf", settings);
  if (read) {
    for (const auto& service : settings.services)
      if (service.label.empty()) std::abort();
    return 0;
  }
  const auto text = read.error().text();
  if (read.error().code != ErrorCode::configuration || !text.starts_with("fuzz.conf")) std::abort();
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) std::abort();
  return 0;
}
