#include "tlsa_update/core/file_fault.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

constexpr std::size_t shortest_quote = 12;                // a piece of a secret that tells too much
constexpr std::size_t longest_word = shortest_quote - 1;  // "CERTIFICATE"
constexpr std::size_t longest_label = 40;                 // "ENCRYPTED PRIVATE KEY"
constexpr std::size_t shortest_secret = 16;

constexpr std::string_view digits = "0123456789";
constexpr std::string_view lower_case = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper_case = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool holds(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

bool is_short_word(std::string_view text) {
  return !text.empty() && text.size() <= longest_word && std::ranges::all_of(text, [](char c) {
    return holds(lower_case, c) || holds(digits, c) || c == '-';
  });
}

// Words in capitals, one blank between two.
bool is_label(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    const bool is_gap = c == ' ';
    if (is_gap ? length == 0 : !holds(upper_case, c) && !holds(digits, c)) return false;
    length = is_gap ? 0 : length + 1;
    if (length > longest_word) return false;
  }
  return length > 0 && text.size() <= longest_label;
}

// Each "{}" is replaced by the next fact.
std::string filled(Words words, std::initializer_list<Fact> facts) {
  std::string text;
  auto rest = words.text();
  for (const auto& fact : facts) {
    const auto gap = std::min(rest.find("{}"), rest.size());
    text.append(rest.substr(0, gap)).append(fact.text());
    rest.remove_prefix(std::min(gap + 2, rest.size()));
  }
  return text.append(rest);
}

// Kinds of characters of base64 in the run that begins at `text`, and its length. A slash ends a run: file
// names are full of them.
struct Run {
  std::size_t length = 0;
  unsigned kinds = 0;
};

Run run_at(std::string_view text) {
  Run run;
  for (const char c : text) {
    const unsigned kind = holds(lower_case, c)   ? 1U
                          : holds(upper_case, c) ? 2U
                          : holds(digits, c)     ? 4U
                          : holds("+=", c)       ? 8U
                                                 : 0U;
    if (kind == 0) break;
    run.kinds |= kind;
    ++run.length;
  }
  return run;
}

// How much of the beginning of `text` stands anywhere in `value`.
std::size_t length_of_quote(std::string_view text, std::string_view value) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const auto rest = value.substr(at);
    const auto end = std::ranges::mismatch(text, rest).in1;
    longest = std::max(longest, static_cast<std::size_t>(end - text.begin()));
  }
  return longest;
}

}  // namespace

std::string place_in(const std::string& file, std::size_t line) {
  const std::string shown = file == "-" ? "standard input" : file;
  return line == 0 ? shown : shown + ":" + std::to_string(line);
}

Fact Fact::word(std::string_view of_file) {
  if (!is_short_word(of_file)) return {"(not shown: it may be a secret)"};
  return not_of_file("\"" + std::string(of_file) + "\"");
}

Fact Fact::label(std::string_view of_file) {
  if (!is_label(of_file)) return {"PEM"};
  return not_of_file(std::string(of_file));
}

FileFault::FileFault(Words what, std::initializer_list<Fact> facts, Words advice,
                     std::initializer_list<Fact> advised)
    : what_(filled(what, facts)), advice_(filled(advice, advised)) {}

FileFault FileFault::at(std::size_t line) const {
  FileFault fault = *this;
  fault.line_ = line;
  return fault;
}

FileFault FileFault::of(Words part, std::initializer_list<Fact> facts) const {
  FileFault fault = *this;
  fault.what_ = filled(part, facts) + " " + what_;
  return fault;
}

Error FileFault::in(const std::string& path, ErrorCode code) const {
  return {code, what_, place_in(path, line_), advice_};
}

bool may_be_secret(std::string_view text) {
  while (!text.empty()) {
    const auto run = run_at(text);
    const bool is_mixed = (run.kinds & (run.kinds - 1)) != 0;
    if (run.length >= shortest_secret && is_mixed) return true;
    text.remove_prefix(std::max<std::size_t>(run.length, 1));
  }
  return false;
}

std::string without_secret(std::string message, std::string_view value) {
  if (!may_be_secret(value)) return message;
  for (std::size_t at = 0; at < message.size(); ++at) {
    const auto length = length_of_quote(std::string_view(message).substr(at), value);
    if (length >= shortest_quote) message.replace(at, length, "...");
  }
  return message;
}

Parsed<std::string_view> text_of(std::string_view file) {
  if (file.starts_with("\xFF\xFE") || file.starts_with("\xFE\xFF"))
    return wrong("is UTF-16 text", {}, "convert it: iconv -f utf-16 -t utf-8");
  return without_byte_order_mark(file);
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

}  // namespace tlsa_update
