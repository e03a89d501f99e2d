#include <algorithm>
#include <array>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <cstdlib>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "config.hpp"
#include "options.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/state/files.hpp"
#include "version.hpp"

namespace tlsa_update::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* default_config = "/etc/tlsa-update/tlsa-update.conf";
constexpr const char* system_state = "/var/lib/tlsa-update";
constexpr std::size_t config_limit = 64U << 20;  // octets: a hundred thousand services

struct CommandWord {
  Command command;
  std::string_view word;
};
constexpr auto commands = std::to_array<CommandWord>({
    {Command::generate, "generate"},
    {Command::status, "status"},
    {Command::publish, "publish"},
    {Command::ready, "ready"},
    {Command::deploy, "deploy"},
    {Command::prune, "prune"},
    {Command::run, "run"},
    {Command::verify, "verify"},
    {Command::list, "list"},
    {Command::doctor, "doctor"},
});

std::optional<Command> command_named(std::string_view word) {
  const auto place = std::ranges::find(commands, word, &CommandWord::word);
  return place == commands.end() ? std::nullopt : std::optional(place->command);
}

bool takes(Command command, const Option& option) {
  return (option.commands & static_cast<unsigned>(command)) != 0;
}

tl::unexpected<Error> usage(const std::string& what, const std::string& advice) {
  return fail(ErrorCode::usage, what, {}, advice);
}

// Those that write down which name servers were out of reach.
bool remembers_servers(Command command) {
  return command == Command::ready || command == Command::deploy || command == Command::prune ||
         command == Command::run;
}

std::string see_help(Command command) { return "see tlsa-update " + std::string(text(command)) + " --help"; }

// Boost's what() puts the words of the command line into a template until no placeholder is left in it:
// without end for one that holds a placeholder, such as "--%original_token%".
std::string in_words(const po::error_with_option_name& error) {
  const std::string option = "option '" + error.get_option_name() + "'";
  if (dynamic_cast<const po::unknown_option*>(&error) != nullptr) return "unrecognised " + option;
  const auto* syntax = dynamic_cast<const po::invalid_syntax*>(&error);
  if (syntax != nullptr && syntax->kind() == po::invalid_syntax::missing_parameter)
    return option + " needs a value";
  if (syntax != nullptr && syntax->kind() == po::invalid_syntax::empty_adjacent_parameter)
    return option + " needs a value behind the equals sign";
  return option + " takes no value";
}

bool takes_next_word(std::string_view word) {
  if (!word.starts_with("--") || word.find('=') != std::string_view::npos) return false;
  const Option* option = find_option(word.substr(2));
  return option != nullptr && option->commands != 0 && option->argument != nullptr;
}

// Where the first word stands that is neither an option nor the value of one; at the end there is none.
std::size_t place_of_command(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].size() > 1 && words[i].front() == '-' && words[i] != "--")
    i += takes_next_word(words[i]) ? 2 : 1;
  return std::min(i, words.size());
}

// Without a command they are about the whole program.
std::optional<std::string> help_or_version(const std::vector<std::string>& before_command) {
  for (const auto& word : before_command) {
    if (word == "--help" || word == "-h") return help();
    if (word == "--version") return version();
  }
  return std::nullopt;
}

// A word that is no command may be the value of an option that is none: --servr 192.0.2.1 publish.
tl::unexpected<Error> no_command(const std::vector<std::string>& before, const std::string& word) {
  const std::string advice = "see tlsa-update --help";
  for (const auto& option : before) {
    const auto name = std::string_view(option).substr(0, option.find('='));
    if (name.starts_with("--") && name != "--verbose" && find_option(name.substr(2)) == nullptr)
      return usage("unrecognised option '" + printable(name) + "'", advice);
  }
  if (word.empty()) return usage("no command is given", advice);
  return usage("\"" + printable(word) + "\" is not a command", advice);
}

// Boost splits the words; what they mean is the table's business.
Result<std::vector<po::option>> split(Command command, const std::vector<std::string>& words) {
  po::options_description known;
  known.add_options()("help,h", "")("version", "")("verbose,v", "")("arguments",
                                                                    po::value<std::vector<std::string>>());
  for (const auto& option : options()) {
    if (option.commands == 0) continue;
    std::string name = option.name;
    if (option.letter != 0) name += std::string(",") + option.letter;
    if (option.argument == nullptr) {
      known.add_options()(name.c_str(), "");
    } else {
      known.add_options()(name.c_str(), po::value<std::string>());
    }
  }
  po::positional_options_description positional;
  positional.add("arguments", -1);
  try {
    namespace style = po::command_line_style;
    return po::command_line_parser(words)
        .options(known)
        .positional(positional)
        .style(style::unix_style & ~style::allow_guessing)
        .run()
        .options;
  } catch (const po::error_with_option_name& error) {
    return usage(in_words(error), see_help(command));
  } catch (const po::error& error) {
    return usage(error.what(), see_help(command));
  }
}

// The command line wins over every section that may hold the option.
Result<void> apply(const Option& option, const std::string& value, bool is_first, Settings& settings) {
  const auto set = [&](rollover::ServerSettings& server, rollover::ServiceSettings& service) -> Result<void> {
    const Scope scope{settings, server, service};
    if (is_first && option.reset != nullptr) option.reset(scope);
    return option.set(scope, value);
  };
  auto done = set(settings.primary, settings.defaults);
  if (option.place == Place::server) {
    for (auto& [name, server] : settings.zones) {
      if (done) done = set(server, settings.defaults);
    }
  }
  if (option.place == Place::service) {
    for (auto& service : settings.services) {
      if (done) done = set(settings.primary, service);
    }
  }
  return done;
}

Result<void> read_config(Settings& settings) {
  const bool is_default = settings.config_file.empty();
  const std::string path = is_default ? default_config : settings.config_file;
  if (is_default && !state::file_exists(path)) return {};
  const auto content = state::read_file(path, config_limit);
  if (!content) return tl::unexpected(content.error());
  settings.config_file = path;
  return parse_config(std::string(content->begin(), content->end()), path, settings);
}

Result<void> apply_all(const std::vector<po::option>& given, Settings& settings) {
  std::set<std::string> seen;
  for (const auto& word : given) {
    const std::string value = word.value.empty() ? std::string{} : word.value.front();
    if (word.string_key == "verbose") {
      ++settings.verbosity;
    } else if (word.string_key == "arguments") {
      settings.arguments.insert(settings.arguments.end(), word.value.begin(), word.value.end());
    } else if (const Option* option = find_option(word.string_key); option != nullptr) {
      if (!takes(settings.command, *option)) {
        return usage("--" + word.string_key + " is not an option of " + std::string(text(settings.command)),
                     see_help(settings.command));
      }
      // Of a single option the last one counts: a wrapper sets one, the person who calls it another.
      const bool is_first = seen.insert(option->name).second;
      const auto done = apply(*option, value, is_first, settings);
      if (!done) return usage("--" + word.string_key + ": " + done.error().what, done.error().advice);
    }
  }
  return {};
}

// A service whose certificate line was forgotten must not look as if nothing were wanted of it. Monitoring
// needs none.
Result<void> check_configured(const Settings& settings) {
  const auto command = static_cast<unsigned>(settings.command);
  constexpr auto looking = static_cast<unsigned>(Command::verify) | static_cast<unsigned>(Command::list) |
                           static_cast<unsigned>(Command::doctor);
  if ((command & looking) != 0) return {};
  for (const auto& service : settings.services) {
    if (!service.certs.empty() || !service.nexts.empty() || !service.from_servers.empty() ||
        !service.issuers.empty())
      continue;
    const FileFault fault("the service {} has no certificate or key", {Fact::word(service.label)},
                          "add cert = FILE, next = FILE, issuer = FILE or from-server = HOST:PORT");
    return tl::unexpected(fault.at(service.line).in(settings.config_file, ErrorCode::configuration));
  }
  return {};
}

// Which services this run is about: those named, all configured ones when nothing is named, and the one that
// the command line itself describes.
Result<void> choose_services(Settings& settings, std::vector<rollover::ServiceSettings> configured) {
  std::vector<rollover::ServiceSettings> chosen;
  rollover::ServiceSettings own = settings.defaults;
  if (settings.command ==
      Command::list) {  // its arguments are zones; what is configured says what they should hold
    settings.services.push_back(own);
    return {};
  }
  for (const auto& argument : settings.arguments) {
    const auto service = std::find_if(settings.services.begin(), settings.services.end(),
                                      [&](const auto& candidate) { return candidate.label == argument; });
    if (service != settings.services.end()) {
      chosen.push_back(*service);
    } else {
      own.names.push_back({argument});
    }
  }
  const bool has_more = !settings.names_from.empty() && settings.command == Command::generate;
  if (!settings.names_from.empty() && !has_more) {
    auto names = state::read_names(settings.names_from);
    if (!names) return tl::unexpected(names.error());
    std::move(names->begin(), names->end(), std::back_inserter(own.names));
  }
  const bool names_nothing = settings.arguments.empty() && settings.names_from.empty();
  if (names_nothing && settings.command != Command::generate) chosen = settings.services;
  const bool stands_alone = settings.command == Command::generate || settings.command == Command::doctor;
  std::set<std::string> labels;
  for (const auto& one : chosen) labels.insert(one.label);
  std::erase_if(configured, [&](const rollover::ServiceSettings& one) {
    return stands_alone || labels.contains(one.label);
  });
  settings.others = std::move(configured);
  if (!own.names.empty() || has_more || (chosen.empty() && stands_alone)) chosen.push_back(own);
  if (chosen.empty()) {
    return usage("no NAME such as mail.example.com:25 is given and no service is configured",
                 see_help(settings.command));
  }
  settings.services = std::move(chosen);
  return {};
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// systemd's StateDirectory= (systemd.exec(5): a list); the system's, for root and its keeper; else the user's
// own (XDG Base Directory).
std::string default_state_directory() {
  const std::string systemd = from_environment("STATE_DIRECTORY");
  if (!systemd.empty()) return systemd.substr(0, systemd.find(':'));
  struct stat facts {};
  const bool is_keeper = ::stat(system_state, &facts) == 0 && facts.st_uid == ::geteuid();
  const std::string home = from_environment("HOME");
  if (::geteuid() == 0 || is_keeper || home.empty()) return system_state;
  const std::string xdg = from_environment("XDG_STATE_HOME");
  return (xdg.starts_with('/') ? xdg : home + "/.local/state") + "/tlsa-update";
}

}  // namespace

std::string_view text(Command command) {
  const auto place = std::ranges::find(commands, command, &CommandWord::command);
  return place == commands.end() ? std::string_view() : place->word;
}

Result<Invocation> parse_command_line(int argc, const char* const* argv) {
  Invocation invocation;
  std::vector<std::string> words(argv + 1, argv + argc);
  // Options may stand before the command.
  const auto place = words.begin() + static_cast<std::ptrdiff_t>(place_of_command(words));
  const std::vector<std::string> before(words.begin(), place);
  const std::string first = place == words.end() ? std::string{} : *place;
  if (first == "help") return Invocation{{}, help()};
  const auto command = command_named(first);
  if (!command) {
    if (auto text = help_or_version(before)) return Invocation{{}, std::move(text)};
    return no_command(before, first);
  }
  words.erase(place);

  Settings& settings = invocation.settings;
  settings.command = *command;
  settings.state_directory = default_state_directory();
  const auto given = split(*command, words);
  if (!given) return tl::unexpected(given.error());
  for (const auto& word : *given) {
    if (word.string_key == "help") return Invocation{{}, help(*command)};
    if (word.string_key == "version") return Invocation{{}, version()};
    if (word.string_key == "config" && !word.value.empty()) settings.config_file = word.value.front();
  }
  if (*command != Command::generate || !settings.config_file.empty()) {
    if (const auto done = read_config(settings); !done) return tl::unexpected(done.error());
  }
  auto configured = settings.services;  // the command line's options are not meant for what it does not name
  if (const auto done = apply_all(*given, settings); !done) return tl::unexpected(done.error());
  if (const auto done = check_configured(settings); !done) return tl::unexpected(done.error());
  if (const auto done = choose_services(settings, std::move(configured)); !done)
    return tl::unexpected(done.error());
  settings.is_patient = remembers_servers(*command) && !settings.dry_run;
  settings.looks_as_client = *command == Command::verify;
  return invocation;
}

}  // namespace tlsa_update::cli
