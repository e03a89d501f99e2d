#include "config.hpp"

#include <algorithm>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "options.hpp"
#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/rollover/names.hpp"

namespace tlsa_update::cli {
namespace {

namespace po = boost::program_options;

enum class Section { top, zone, service };

bool may_stand_in(const Option& option, Section kind) {
  switch (kind) {
    case Section::top:
      return option.place != Place::command_line && std::string_view(option.name) != "name";
    case Section::zone:
      return option.place == Place::server;
    case Section::service:
      return option.place == Place::service;
  }
  return false;
}

// Made once: a file may have a hundred thousand sections.
const po::options_description& keys_of(Section kind) {
  static std::map<Section, po::options_description> known;
  const auto [place, is_new] = known.try_emplace(kind);
  for (const auto& option : options()) {
    if (is_new && may_stand_in(option, kind))
      place->second.add_options()(option.name, po::value<std::string>());
  }
  return place->second;
}

// Without a comment. "#" begins one wherever it stands (Boost.Program_options), so a value that seems to hold
// one would be cut in silence.
struct Content {
  std::string_view text;
  bool is_cut = false;
};

Content content_of(std::string_view line) {
  const auto hash = std::min(line.find('#'), line.size());
  const auto before = line.substr(0, hash);
  const auto text = trimmed(before);
  const bool touches = hash < line.size() && hash > 0 && before.back() != ' ' && before.back() != '\t';
  return {text, touches && !text.empty() && text.front() != '['};
}

// How many letters have to be changed, put in or left out to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({change, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

// The option that a mistyped key is near to.
const Option* option_near(std::string_view key) {
  constexpr std::size_t near = 2, longest = 24;
  const Option* nearest = nullptr;
  std::size_t least = near + 1;
  if (key.size() > longest) return nullptr;
  for (const auto& option : options()) {
    const auto far = distance(key, option.name);
    if (far < least && far < key.size() / 2) nearest = &option;
    least = std::min(least, far);
  }
  return nearest;
}

// Reads the file a line at a time, because Boost.Program_options does not tell the line of what it refuses.
class Reader {
 public:
  Reader(const std::string& path, Settings& settings) : path_(path), settings_(settings) {}

  Result<void> read(const std::string& text) {
    const auto utf8 = text_of(text);
    if (!utf8) return tl::unexpected(utf8.error().in(path_, ErrorCode::configuration));
    std::istringstream lines{std::string(*utf8)};
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      const auto content = content_of(line);
      if (content.text.starts_with('[')) {
        if (auto complete = leave(); !complete) return complete;
      }
      if (auto taken = take(content); !taken)
        return tl::unexpected(taken.error().at(number_).in(path_, ErrorCode::configuration));
    }
    return leave();
  }

 private:
  // The section that ends here.
  [[nodiscard]] Result<void> leave() const {
    if (section_ != Section::service || !settings_.services.back().names.empty()) return {};
    const auto& service = settings_.services.back();
    const FileFault fault("the service {} has no name", {Fact::word(service.label)},
                          "add name = mail.example.com:25, or another NAME of tlsa-update(1)");
    return tl::unexpected(fault.at(service.line).in(path_, ErrorCode::configuration));
  }

  Parsed<void> take(const Content& content) {
    if (content.text.empty()) return {};
    if (content.is_cut)
      return wrong("# begins a comment here, so this value ends before it", {},
                   "put a blank before a comment; a port is written HOST@PORT");
    return content.text.front() == '[' ? enter(content.text) : assign(std::string(content.text));
  }

  Parsed<void> enter(std::string_view content) {
    if (content.back() != ']')
      return wrong("this section is not closed by ]", {}, "sections are [zone.NAME] and [service.NAME]");
    const auto inner = trimmed(content.substr(1, content.size() - 2));
    const auto dot = inner.find('.');
    const auto kind = inner.substr(0, dot);
    const auto name = dot == std::string_view::npos ? std::string_view{} : inner.substr(dot + 1);
    seen_.clear();
    if (kind == "zone" && !name.empty()) return enter_zone(std::string(name));
    if (kind == "service" && !name.empty()) return enter_service(std::string(name));
    return wrong("this is not a section", {}, "sections are [zone.NAME] and [service.NAME]");
  }

  // Each section once: the line of the first of its name.
  Parsed<void> begin(Section kind, const std::string& name) {
    const auto [first, is_new] = sections_.try_emplace({kind, name}, number_);
    if (!is_new) return wrong("this section is defined twice; first in line {}", {first->second});
    section_ = kind;
    return {};
  }

  Parsed<void> enter_zone(const std::string& text) {
    const auto zone = rollover::parse_zone(text);
    if (!zone) return wrong("{}", {Fact::not_of_file(without_secret(zone.error().what, text))});
    if (auto begun = begin(Section::zone, zone->text()); !begun) return begun;
    const auto place = settings_.zones.emplace(*zone, settings_.primary).first;
    zone_ = &place->second;
    return {};
  }

  Parsed<void> enter_service(const std::string& label) {
    if (auto begun = begin(Section::service, label); !begun) return begun;
    settings_.services.push_back(settings_.defaults);
    settings_.services.back().label = label;
    settings_.services.back().line = number_;
    settings_.services.back().configuration = std::filesystem::absolute(path_).lexically_normal().string();
    return {};
  }

  Parsed<void> assign(const std::string& line) {
    po::parsed_options parsed(nullptr);
    try {
      std::istringstream one(line);
      parsed = po::parse_config_file(one, keys_of(section_));
    } catch (const po::error&) {  // its what() is not safe to call: see command_line.cpp
      return refuse(line);
    }
    for (const auto& given : parsed.options) {
      const Option* option = find_option(given.string_key);
      const bool is_first = seen_.insert(option->name).second;
      const auto name = Fact::not_of_file(option->name);
      if (!is_first && option->reset == nullptr) return wrong("{} is defined twice here", {name});
      if (is_first && option->reset != nullptr) option->reset(scope());
      const auto value = given.value.empty() ? std::string{} : given.value.front();
      if (const auto done = option->set(scope(), value); !done)
        return refuse_value(name, value, done.error());
    }
    return {};
  }

  // The table of options speaks to the command line too, and quotes what it was given.
  [[nodiscard]] static tl::unexpected<FileFault> refuse_value(const Fact& name, const std::string& value,
                                                              const Error& why) {
    const auto what = Fact::not_of_file(without_secret(why.what, value));
    const auto advice = Fact::not_of_file(without_secret(why.advice, value));
    return tl::unexpected<FileFault>(FileFault("{}: {}", {name, what}, "{}", {advice}));
  }

  // Boost knows only that the key is not one of this section; we know more.
  [[nodiscard]] Parsed<void> refuse(const std::string& line) const {
    const std::string key(trimmed(line.substr(0, line.find('='))));
    const Option* option = find_option(key);
    const bool has_value = line.find('=') != std::string::npos;
    if (!has_value && (option == nullptr || may_stand_in(*option, section_)))
      return wrong("this line is not KEY = VALUE");
    if (option == nullptr) return refuse_key(key);
    const auto name = Fact::not_of_file(option->name);
    switch (option->place) {
      case Place::command_line:
        return wrong("{} is for the command line only", {name});
      case Place::settings:
        return wrong("{} stands at the top of the file, before any section", {name});
      case Place::server:
        return wrong("{} stands at the top or in a [zone.NAME] section", {name});
      case Place::service:
        return wrong("{} stands in a [service.NAME] section", {name});
    }
    return wrong("this line cannot be read");
  }

  [[nodiscard]] static tl::unexpected<FileFault> refuse_key(const std::string& key) {
    const auto shown = Fact::word(key);
    if (const Option* near = option_near(key))
      return wrong("unknown key {}; did you mean {}?", {shown, Fact::not_of_file(near->name)});
    return wrong("unknown key {}", {shown}, "keys are named as the options in tlsa-update(1)");
  }

  Scope scope() {
    rollover::ServerSettings& server = section_ == Section::zone ? *zone_ : settings_.primary;
    rollover::ServiceSettings& service =
        section_ == Section::service ? settings_.services.back() : settings_.defaults;
    return {settings_, server, service};
  }

  const std::string& path_;
  Settings& settings_;
  std::size_t number_ = 0;
  Section section_ = Section::top;
  rollover::ServerSettings* zone_ = nullptr;
  std::set<std::string> seen_;                                       // keys of this section
  std::map<std::pair<Section, std::string>, std::size_t> sections_;  // the line of each
};

}  // namespace

Result<void> parse_config(const std::string& text, const std::string& path, Settings& settings) {
  return Reader(path, settings).read(text);
}

}  // namespace tlsa_update::cli
