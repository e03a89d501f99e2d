// The configuration file: INI by Boost.Program_options, option names as on the command line, sections
// [zone.NAME] and [service.NAME]. Read once at start; an unknown key or a bad value is an error with its
// line.
#pragma once

#include "settings.hpp"

namespace tlsa_update::cli {

// Fills `settings` (defaults, primary, zones; services as configured). `text` is the file's content, `path`
// for errors. Error configuration: "FILE:N: ...", without the text of the line but for short words and values
// that cannot be secrets.
[[nodiscard]] Result<void> parse_config(const std::string& text, const std::string& path, Settings& settings);

}  // namespace tlsa_update::cli
