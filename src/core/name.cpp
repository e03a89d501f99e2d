#include "tlsa_update/core/name.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <optional>

#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update {
namespace {

constexpr std::size_t max_label = 63;    // RFC 1035 section 2.3.4
constexpr std::size_t max_name = 255;    // the same, in wire form with the root octet
constexpr std::size_t octets_told = 80;  // of a bad name in an error text

std::size_t length_octet(char c) { return static_cast<std::uint8_t>(c); }

tl::unexpected<Error> not_a_name(std::string what, std::string_view text) {
  return fail(ErrorCode::bad_data, std::move(what), printable(text, octets_told));
}

// The octet that an escape stands for, the backslash already taken off `rest` (RFC 1035 section 5.1); takes
// off what it used. Nothing when it is no escape.
std::optional<char> take_escape(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  if (!is_digit(rest[0])) {
    const char c = rest[0];
    rest.remove_prefix(1);
    return c;
  }
  if (rest.size() < 3 || !is_digit(rest[1]) || !is_digit(rest[2])) return std::nullopt;
  const int value = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (value > 255) return std::nullopt;
  rest.remove_prefix(3);
  return static_cast<char>(value);
}

// One label in presentation form.
void append_escaped(std::string& text, std::string_view label) {
  static constexpr std::string_view special = "\"$().;@\\";  // what a zone file reads otherwise
  for (const char c : label) {
    const auto octet = static_cast<std::uint8_t>(c);
    if (octet <= 0x20 || octet >= 0x7F) {
      text += {'\\', static_cast<char>('0' + octet / 100), static_cast<char>('0' + octet / 10 % 10),
               static_cast<char>('0' + octet % 10)};
    } else {
      if (special.find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.empty()) return not_a_name("the name is empty", text);
  if (text == ".") return Name{};
  std::string wire(1, '\0');  // the length octet of the label being read, then its octets
  wire.reserve(std::min(text.size() + 2, max_name + 1));
  std::size_t label_start = 0;
  for (std::string_view rest = text; !rest.empty();) {
    char c = rest[0];
    rest.remove_prefix(1);
    const bool is_dot = c == '.';
    if (c == '\\') {
      const auto escaped = take_escape(rest);
      if (!escaped)
        return not_a_name("a backslash is followed by neither a character nor three digits up to 255", text);
      c = *escaped;
    } else if (static_cast<std::uint8_t>(c) <= 0x20 || static_cast<std::uint8_t>(c) >= 0x7F) {
      return not_a_name("a name has a blank, control or non-ASCII octet that is not written as \\DDD", text);
    }
    if (is_dot) {
      if (wire.size() - label_start == 1) return not_a_name("the name has an empty label", text);
      label_start = wire.size();
      wire += '\0';
    } else {
      wire += lower(c);
      const std::size_t length = wire.size() - label_start - 1;
      if (length > max_label) return not_a_name("a label is over 63 octets (RFC 1035 section 2.3.4)", text);
      wire[label_start] = static_cast<char>(length);
    }
    if (wire.size() > max_name)
      return not_a_name("the name is over 255 octets (RFC 1035 section 2.3.4)", text);
  }
  if (wire.size() - label_start > 1) wire += '\0';  // there was no final dot
  if (wire.size() > max_name) return not_a_name("the name is over 255 octets (RFC 1035 section 2.3.4)", text);
  return Name(std::move(wire));
}

Result<Name> Name::from_wire(ByteView wire) {
  std::size_t at = 0;
  while (true) {
    if (at >= wire.size()) return fail(ErrorCode::bad_data, "the name is cut short");
    const std::size_t length = wire[at];
    // RFC 1035 section 4.1.4: the upper two bits tell a pointer; the other two patterns are not assigned.
    if (length > max_label)
      return fail(ErrorCode::bad_data, "the name is compressed or has a bad label type");
    at += 1 + length;
    if (at > max_name) return fail(ErrorCode::bad_data, "the name is over 255 octets");
    if (length == 0) break;
  }
  if (at != wire.size()) return fail(ErrorCode::bad_data, "octets follow the name");
  std::string copy(wire.begin(), wire.end());
  // Length octets are at most 63, below 'A': lowering the whole string leaves them alone.
  std::transform(copy.begin(), copy.end(), copy.begin(), lower);
  return Name(std::move(copy));
}

std::string Name::text() const {
  if (is_root()) return ".";
  std::string text;
  text.reserve(wire_.size());
  for (std::size_t at = 0; wire_[at] != '\0'; at += 1 + length_octet(wire_[at])) {
    append_escaped(text, std::string_view(wire_).substr(at + 1, length_octet(wire_[at])));
    text += '.';
  }
  return text;
}

std::string Name::host_text() const {
  auto host = text();
  if (host.size() > 1) host.pop_back();
  return host;
}

ByteView Name::wire() const { return as_bytes(wire_); }

std::size_t Name::label_count() const {
  std::size_t count = 0;
  for (std::size_t at = 0; wire_[at] != '\0'; at += 1 + length_octet(wire_[at])) ++count;
  return count;
}

bool Name::is_wildcard() const { return first_label() == "*"; }

bool Name::is_at_or_below(const Name& other) const {
  if (!wire_.ends_with(other.wire_)) return false;
  const std::size_t start = wire_.size() - other.wire_.size();
  std::size_t at = 0;  // equal octets are an ancestor only from the start of a label on
  while (at < start) at += 1 + length_octet(wire_[at]);
  return at == start;
}

std::string_view Name::first_label() const {
  return std::string_view(wire_).substr(1, length_octet(wire_[0]));
}

Name Name::parent() const { return is_root() ? Name{} : Name(wire_.substr(1 + length_octet(wire_[0]))); }

Result<Name> Name::child(std::string_view raw_label) const {
  if (raw_label.empty()) return not_a_name("the name has an empty label", text());
  if (raw_label.size() > max_label)
    return not_a_name("a label is over 63 octets (RFC 1035 section 2.3.4)", raw_label);
  if (1 + raw_label.size() + wire_.size() > max_name) {
    return not_a_name("the name with the label \"" + printable(raw_label) +
                          "\" in front is over 255 octets (RFC 1035 section 2.3.4)",
                      text());
  }
  std::string wire(1, static_cast<char>(raw_label.size()));
  wire.reserve(1 + raw_label.size() + wire_.size());
  for (const char c : raw_label) wire += lower(c);
  return Name(wire + wire_);
}

Name Name::wildcard() const { return Name("\1*" + parent().wire_); }

Result<Name> Name::rebased(const Name& from, const Name& to) const {
  assert(is_at_or_below(from));
  const std::string_view prefix = std::string_view(wire_).substr(0, wire_.size() - from.wire_.size());
  if (prefix.size() + to.wire_.size() > max_name) {
    // RFC 6672 section 2.2: the server answers YXDOMAIN then.
    return not_a_name("the name with " + from.text() + " replaced by " + to.text() + " is over 255 octets",
                      text());
  }
  return Name(std::string(prefix) + to.wire_);
}

}  // namespace tlsa_update
