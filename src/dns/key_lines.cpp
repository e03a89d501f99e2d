// The key formats that are read line by line.
#include <charconv>
#include <optional>
#include <utility>

#include "key_formats.hpp"
#include "ldns_record.hpp"
#include "text_lines.hpp"
#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update::dns {
namespace {

// "name: value" of a YAML line, comments off; quotes around the value are not part of it.
struct YamlField {
  std::string_view name, value;
};

std::string_view without_comment(std::string_view line) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') is_quoted = !is_quoted;
    if (line[i] == '#' && !is_quoted && (i == 0 || is_blank(line[i - 1]))) return line.substr(0, i);
  }
  return line;
}

YamlField yaml_field(std::string_view line) {
  const auto colon = std::min(line.find(':'), line.size());
  auto value = trimmed(line.substr(std::min(colon + 1, line.size())));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return {trimmed(line.substr(0, colon)), value};
}

// The DNSSEC algorithm numbers that dnssec-keygen and ldns-keygen gave to HMAC keys; not in any registry.
std::string_view hmac_of_number(std::string_view number) {
  static constexpr std::pair<std::string_view, std::string_view> numbers[] = {
      {"157", "hmac-md5"},    {"158", "hmac-sha1"},   {"159", "hmac-sha256"}, {"161", "hmac-sha1"},
      {"162", "hmac-sha224"}, {"163", "hmac-sha256"}, {"164", "hmac-sha384"}, {"165", "hmac-sha512"},
  };
  const auto* found =
      std::ranges::find(numbers, number, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(numbers) ? std::string_view{} : found->second;
}

// `number` is a word of the file: what no algorithm can be is not shown.
FileFault not_hmac(std::string_view number) {
  constexpr Words what = "this is not an HMAC key: its algorithm is {}";
  unsigned value = 256;
  std::from_chars(number.data(), number.data() + number.size(), value);
  if (!is_all_digits(number) || value > 255) return FileFault(what, {Fact::word({})});
  const auto* known = ldns_lookup_by_id(ldns_algorithms, static_cast<int>(value));
  const auto name = known != nullptr ? " (" + std::string(known->name) + ")" : std::string{};
  return FileFault(what, {Fact::not_of_file(std::to_string(value) + name)});
}

// "update.example." of "/etc/Kupdate.example.+163+00042.private".
std::optional<std::string_view> name_in_path(std::string_view path) {
  auto file = path.substr(path.rfind('/') + 1);
  const auto plus = file.find('+');
  if (!file.starts_with('K') || plus == std::string_view::npos || plus < 2) return std::nullopt;
  return file.substr(1, plus - 1);
}

// Nothing: not of the form [ALG:]NAME:BASE64.
std::optional<WrittenKey> colon_key(std::string_view line, std::size_t number) {
  if (std::ranges::any_of(line,
                          [](char c) { return is_blank(c) || c == '"' || c == '{' || c == '}' || c == ';'; }))
    return std::nullopt;
  const auto last = line.rfind(':');
  if (last == std::string_view::npos) return std::nullopt;
  WrittenKey key{number, line.substr(0, last), {}, line.substr(last + 1)};
  if (const auto first = key.name.find(':'); first != std::string_view::npos) {
    key.algorithm = key.name.substr(0, first);
    key.name.remove_prefix(first + 1);
    if (key.algorithm.empty() || key.name.find(':') != std::string_view::npos) return std::nullopt;
  }
  return key;
}

}  // namespace

WrittenKeys read_knot_section(std::string_view text, const std::string& /*path*/) {
  std::vector<WrittenKey> keys;
  std::optional<FileFault> fault;
  bool is_inside = false;
  for_each_line(text, [&](std::string_view whole, std::size_t number) {
    auto line = without_comment(whole);
    if (trimmed(line).empty()) return true;
    const bool begins_item = trimmed(line).starts_with('-');
    if (!is_blank(line[0]) && !begins_item) {  // a section
      is_inside = trimmed(line) == "key:";
      return true;
    }
    if (!is_inside) return true;
    line = trimmed(line);
    if (begins_item) {
      line = trimmed(line.substr(1));
      keys.push_back({number, {}, {}, {}});
    }
    const auto [field, value] = yaml_field(line);
    std::string_view WrittenKey::*const member = field == "id"          ? &WrittenKey::name
                                                 : field == "algorithm" ? &WrittenKey::algorithm
                                                                        : &WrittenKey::secret;
    const bool is_known = field == "id" || field == "algorithm" || field == "secret" || field == "comment";
    if (!is_known || keys.empty()) {
      fault = FileFault("expected `- id:`, `algorithm:` or `secret:` in this key section").at(number);
      return false;
    }
    if (field != "comment") keys.back().*member = value;
    return true;
  });
  if (fault) return tl::unexpected(*std::move(fault));
  return keys;
}

WrittenKeys read_private_file(std::string_view text, const std::string& path) {
  if (!trimmed(text).starts_with("Private-key-format:")) return std::vector<WrittenKey>{};
  const auto name = name_in_path(path);
  if (!name) {
    return wrong("a private key file does not hold the key's name", {},
                 "keep the name that dnssec-keygen gave it: Kname.+163+12345.private");
  }
  WrittenKey key{1, *name, {}, {}};
  std::optional<FileFault> fault;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    auto [field, value] = yaml_field(line);
    if (field == "Key") key.secret = value;
    if (field == "Algorithm") {
      const auto written = take_word(value);
      key.algorithm = hmac_of_number(written);
      if (key.algorithm.empty()) fault = not_hmac(written).at(number);
    }
    return true;
  });
  if (fault) return tl::unexpected(*std::move(fault));
  return std::vector{key};
}

WrittenKeys read_key_records(std::string_view text, const std::string& /*path*/) {
  std::vector<WrittenKey> keys;
  std::optional<FileFault> fault;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    line = trimmed(line.substr(0, line.find(';')));
    if (line.empty()) return true;
    WrittenKey key{number, take_word(line), {}, {}};
    auto word = take_word(line);
    while (is_all_digits(word) || equal_in_any_case(word, "IN")) word = take_word(line);  // TTL and class
    const auto flags = take_word(line), protocol = take_word(line);
    if (!equal_in_any_case(word, "KEY") || !is_all_digits(flags) || !is_all_digits(protocol)) {
      keys.clear();  // not a file of KEY records
      return false;
    }
    const auto written = take_word(line);
    key.algorithm = hmac_of_number(written);
    key.secret = line;
    if (key.algorithm.empty()) {
      fault = not_hmac(written).at(number);
      return false;
    }
    keys.push_back(key);
    return true;
  });
  if (fault) return tl::unexpected(*std::move(fault));
  return keys;
}

WrittenKeys read_colon_lines(std::string_view text, const std::string& /*path*/) {
  std::vector<WrittenKey> keys, in_comments;
  bool is_other = false;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    line = trimmed(line);
    if (line.empty()) return true;
    if (line.starts_with('#')) {
      const auto key = colon_key(trimmed(line.substr(1)), number);
      if (key && key->algorithm.starts_with("hmac-")) in_comments.push_back(*key);
      return true;
    }
    const auto key = colon_key(line, number);
    is_other = !key;
    if (key) keys.push_back(*key);
    return !is_other;
  });
  if (is_other) return std::vector<WrittenKey>{};
  return keys.empty() ? in_comments : keys;
}

}  // namespace tlsa_update::dns
