// The one table of options. The command line, the configuration file, --help and the shell completions all
// read it, so that they cannot disagree.
#pragma once

#include <span>
#include <string>

#include "settings.hpp"

namespace tlsa_update::cli {

// Where a setting lives, and so in which sections of the configuration it may stand.
enum class Place {
  command_line,  // only there
  settings,      // also at the top of the configuration
  server,        // also in [zone.NAME]
  service,       // also in [service.NAME]
};

struct Scope {
  Settings& settings;
  rollover::ServerSettings& server;
  rollover::ServiceSettings& service;
};

struct Option {
  const char* name;      // without the dashes
  const char* argument;  // placeholder; nullptr for a flag
  const char* help;
  unsigned commands;  // mask of Command
  Place place;
  Result<void> (*set)(Scope scope, const std::string& value);
  void (*reset)(Scope scope);  // repeatable options: forget the values of a weaker layer; else nullptr
  char letter = 0;             // "-q"; 0: none
};

[[nodiscard]] std::span<const Option> options();
[[nodiscard]] const Option* find_option(std::string_view name);

[[nodiscard]] std::string help();                 // the program
[[nodiscard]] std::string help(Command command);  // one command

}  // namespace tlsa_update::cli
