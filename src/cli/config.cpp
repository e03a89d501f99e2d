#include "config.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <map>
#include <set>
#include <sstream>

#include "names.hpp"
#include "options.hpp"

namespace tlsa_update::cli {
namespace {

namespace po = boost::program_options;

struct Section {
  enum class Kind { top, zone, service } kind = Kind::top;
  std::string name;
};

bool may_stand_in(const Option& option, Section::Kind kind) {
  switch (kind) {
    case Section::Kind::top:
      return option.place != Place::command_line && std::string_view(option.name) != "name";
    case Section::Kind::zone:
      return option.place == Place::server;
    case Section::Kind::service:
      return option.place == Place::service;
  }
  return false;
}

// Made once: a file may have a hundred thousand sections.
const po::options_description& keys_of(Section::Kind kind) {
  static std::map<Section::Kind, po::options_description> known;
  const auto [place, is_new] = known.try_emplace(kind);
  for (const auto& option : options()) {
    if (is_new && may_stand_in(option, kind))
      place->second.add_options()(option.name, po::value<std::string>());
  }
  return place->second;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// What is no word may be a secret that got into the wrong file: it is not quoted.
bool is_word(std::string_view key) {
  constexpr std::size_t longest = 24;
  return key.size() <= longest &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyz-_ ") == std::string_view::npos;
}

// Reads the file a line at a time, because Boost.Program_options does not tell the line of what it refuses.
class Reader {
 public:
  Reader(const std::string& path, Settings& settings) : path_(path), settings_(settings) {}

  Result<void> read(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      const std::string before_comment = line.substr(0, line.find('#'));
      const auto content = trimmed(before_comment);
      if (content.empty()) continue;
      const auto done = content.front() == '[' ? enter(content) : assign(std::string(content));
      if (!done) return done;
    }
    return {};
  }

 private:
  [[nodiscard]] tl::unexpected<Error> bad(const std::string& what, const std::string& advice = {}) const {
    return fail(ErrorCode::configuration, what, path_ + " line " + std::to_string(number_), advice);
  }

  Result<void> enter(std::string_view content) {
    const auto inner =
        content.back() == ']' ? trimmed(content.substr(1, content.size() - 2)) : std::string_view{};
    const auto dot = inner.find('.');
    const auto kind = inner.substr(0, dot);
    const auto name = dot == std::string_view::npos ? std::string_view{} : inner.substr(dot + 1);
    seen_.clear();
    if (kind == "zone" && !name.empty()) return enter_zone(std::string(name));
    if (kind == "service" && !name.empty()) return enter_service(std::string(name));
    return bad("\"" + printable(content) + "\" is not a section",
               "sections are [zone.NAME] and [service.NAME]");
  }

  Result<void> enter_zone(const std::string& text) {
    const auto zone = parse_zone(text);
    if (!zone) return bad(zone.error().what);
    const auto [place, is_new] = settings_.zones.emplace(*zone, settings_.primary);
    if (!is_new) return bad("the section [zone." + text + "] stands here a second time");
    section_ = {Section::Kind::zone, text};
    zone_ = &place->second;
    return {};
  }

  Result<void> enter_service(const std::string& label) {
    if (!labels_.insert(label).second)
      return bad("the section [service." + label + "] stands here a second time");
    section_ = {Section::Kind::service, label};
    settings_.services.push_back(settings_.defaults);
    settings_.services.back().label = label;
    return {};
  }

  Result<void> assign(const std::string& line) {
    po::parsed_options parsed(nullptr);
    try {
      std::istringstream one(line);
      parsed = po::parse_config_file(one, keys_of(section_.kind));
    } catch (const po::error&) {  // its what() is not safe to call: see command_line.cpp
      return refuse(line);
    }
    for (const auto& given : parsed.options) {
      const Option* option = find_option(given.string_key);
      const bool is_first = seen_.insert(option->name).second;
      if (!is_first && option->reset == nullptr)
        return bad(std::string(option->name) + " stands here a second time");
      if (is_first && option->reset != nullptr) option->reset(scope());
      const auto done = option->set(scope(), given.value.empty() ? std::string{} : given.value.front());
      if (!done) return bad(std::string(option->name) + ": " + done.error().what, done.error().advice);
    }
    return {};
  }

  // Boost knows only that the key is not one of this section; we know more.
  Result<void> refuse(const std::string& line) const {
    const std::string key(trimmed(line.substr(0, line.find('='))));
    const Option* option = find_option(key);
    const bool has_value = line.find('=') != std::string::npos;
    if (!has_value && (option == nullptr || may_stand_in(*option, section_.kind)))
      return bad("this line is not KEY = VALUE");
    if (option == nullptr) {
      return bad("unknown key" + (is_word(key) ? " \"" + key + '"' : std::string{}),
                 "keys are named as the options in tlsa-update(1)");
    }
    switch (option->place) {
      case Place::command_line:
        return bad(key + " is for the command line only");
      case Place::settings:
        return bad(key + " stands at the top of the file, before any section");
      case Place::server:
        return bad(key + " stands at the top or in a [zone.NAME] section");
      case Place::service:
        return bad(key + " stands in a [service.NAME] section");
    }
    return bad("this line cannot be read");
  }

  Scope scope() {
    ServerSettings& server = section_.kind == Section::Kind::zone ? *zone_ : settings_.primary;
    ServiceSettings& service =
        section_.kind == Section::Kind::service ? settings_.services.back() : settings_.defaults;
    return {settings_, server, service};
  }

  const std::string& path_;
  Settings& settings_;
  std::size_t number_ = 0;
  Section section_;
  ServerSettings* zone_ = nullptr;
  std::set<std::string> seen_;    // keys of this section
  std::set<std::string> labels_;  // of all services
};

}  // namespace

Result<void> parse_config(const std::string& text, const std::string& path, Settings& settings) {
  return Reader(path, settings).read(text);
}

}  // namespace tlsa_update::cli
