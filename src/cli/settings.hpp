// What the administrator asked for, typed and checked: the command line on top of the configuration file.
// Holds no policy of its own and opens nothing but the configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::cli {

enum class Command : unsigned {
  generate = 1U << 0,
  status = 1U << 1,
  publish = 1U << 2,
  ready = 1U << 3,
  deploy = 1U << 4,
  prune = 1U << 5,
  run = 1U << 6,
  verify = 1U << 7,
  list = 1U << 8,
  doctor = 1U << 9,
};
[[nodiscard]] std::string_view text(Command command);

enum class Format { text, json, zone, rfc3597, nsupdate };

// The request, and how its outcome is shown.
struct Settings : rollover::Request {
  Command command = Command::status;
  Format format = Format::text;
  int verbosity = 0;
  bool quiet = false;
  std::string config_file;  // empty: there is none

  rollover::ServiceSettings defaults;  // command line, or the top of the configuration
  std::vector<std::string> arguments;  // NAMEs as given

  bool wait = false;

  bool monitor = false;
  std::string metrics;
  std::optional<int> warn_days;
  std::optional<int> critical_days;
};

// Either settings, or text to print before exiting with 0 (--help, --version).
struct Invocation {
  Settings settings;
  std::optional<std::string> print;
};

// Errors: usage (what, and how to see the help), configuration (file and line).
[[nodiscard]] Result<Invocation> parse_command_line(int argc, const char* const* argv);

}  // namespace tlsa_update::cli
