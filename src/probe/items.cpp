#include "items.hpp"

#include <algorithm>
#include <charconv>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/ber.hpp"

namespace tlsa_update::probe {
namespace {

// The n of "{n}" or "{n+}" at the end of a line, and the line without it.
std::optional<std::size_t> cut_literal_size(std::string& line) {
  if (!line.ends_with('}')) return std::nullopt;
  const auto brace = line.rfind('{');
  if (brace == std::string::npos) return std::nullopt;
  auto digits = std::string_view(line).substr(brace + 1);
  digits.remove_suffix(digits.ends_with("+}") ? 2 : 1);
  const auto size = number_of<std::size_t>(digits);
  if (size) line.resize(brace);
  return size;
}

// The content of the element at the front of `octets`, which is removed; nothing when it is not `tag` or cut.
std::optional<std::string_view> take_element(std::string_view& octets, unsigned tag) {
  const auto header = ber_header(as_bytes(octets));
  if (header.state != BerHeader::State::whole || header.tag != tag) return std::nullopt;
  if (octets.size() - header.size < header.content_size) return std::nullopt;
  const auto content = octets.substr(header.size, header.content_size);
  octets.remove_prefix(header.size + header.content_size);
  return content;
}

// INTEGER or ENUMERATED content that fits in 16 bits and is not negative.
std::optional<unsigned> small_integer(std::optional<std::string_view> content) {
  if (!content || content->empty() || content->size() > 2) return std::nullopt;
  if (static_cast<unsigned char>(content->front()) >= 0x80) return std::nullopt;
  unsigned value = 0;
  for (const char c : *content) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string_view word(std::string_view line, std::size_t index) {
  auto found = take_word(line);
  for (; index > 0; --index) found = take_word(line);
  return found;
}

bool has_word(std::string_view line, std::string_view wanted) {
  for (;;) {
    const auto found = take_word(line);
    if (found.empty()) return false;
    if (equal_in_any_case(found, wanted)) return true;
  }
}

Progress Line::take(std::string_view& input) {
  const auto end = input.find('\n');
  const auto part = input.substr(0, end);
  if (part.size() > max_line - text_.size()) {
    return malformed("sends a line of more than " + std::to_string(max_line) + " octets");
  }
  text_ += part;
  input.remove_prefix(part.size());
  if (end == std::string_view::npos) return Progress::more;
  input.remove_prefix(1);
  if (text_.ends_with('\r')) text_.pop_back();
  return Progress::whole;
}

Reply::Place Reply::place(std::string_view line) const {
  const auto digits = line.substr(0, 3);
  const bool has_code = digits.size() == 3 && std::ranges::all_of(digits, is_digit);
  const bool continues = has_code && line.substr(3).starts_with('-');
  const bool ends = has_code && (line.size() == 3 || line[3] == ' ');
  const bool is_ours = code_.empty() || digits == code_;
  if (ends && is_ours) return Place::last;
  if (continues && is_ours) return Place::inner;
  return style_ == Style::ftp && !code_.empty() ? Place::inner : Place::nowhere;
}

Progress Reply::take(std::string_view& input) {
  for (;;) {
    const auto progress = line_.take(input);
    if (progress == Progress::malformed) return malformed(line_.trouble());
    if (progress == Progress::more) return progress;
    lines_.push_back(line_.text());
    line_ = Line();
    const auto where = place(lines_.back());
    if (where == Place::nowhere) return malformed("says \"" + lines_.back() + "\", which is no reply");
    code_ = lines_.front().substr(0, 3);
    if (where == Place::last) return Progress::whole;
  }
}

bool Reply::offers(std::string_view keyword) const {
  return std::any_of(lines_.begin() + 1, lines_.end(), [&](std::string_view line) {
    return equal_in_any_case(word(line.substr(std::min<std::size_t>(4, line.size())), 0), keyword);
  });
}

Progress LiteralLine::take_literal(std::string_view& input) {
  const auto part = input.substr(0, literal_);
  text_ += part;
  literal_ -= part.size();
  input.remove_prefix(part.size());
  if (literal_ > 0) return Progress::more;
  text_ += '"';
  return Progress::whole;
}

Progress LiteralLine::take(std::string_view& input) {
  for (;;) {
    if (literal_ > 0 && take_literal(input) == Progress::more) return Progress::more;
    const auto progress = part_.take(input);
    if (progress == Progress::malformed) return malformed(part_.trouble());
    if (progress == Progress::more) return progress;
    auto line = part_.text();
    part_ = Line();
    const auto size = cut_literal_size(line);
    text_ += line;
    if (!size) return Progress::whole;
    if (*size > max_dialogue) return malformed("announces a literal of " + std::to_string(*size) + " octets");
    text_ += *size > 0 ? "\"" : "\"\"";
    literal_ = *size;
  }
}

Progress Tag::take(std::string_view& input) {
  while (!input.empty()) {
    const char c = input.front();
    input.remove_prefix(1);
    if (!inside_) {
      inside_ = c == '<';
      continue;
    }
    if (quote_ == 0 && c == '>') return Progress::whole;
    if (c == '<' || text_.size() == max_line) return malformed("sends a tag that does not end");
    if (quote_ == 0 && (c == '"' || c == '\'')) {
      quote_ = c;
    } else if (c == quote_) {
      quote_ = 0;
    }
    text_ += c;
    if (text_ == "!" ||
        (text_.starts_with('?') && !std::string_view("?xml").starts_with(text_.substr(0, 4)))) {
      return malformed("sends XML that XMPP does not allow");
    }
  }
  return Progress::more;
}

std::string_view Tag::name() const {
  auto name = std::string_view(text_).substr(closes() ? 1 : 0);
  name = name.substr(0, name.find_first_of(" \t\r\n/"));
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Progress Octet::take(std::string_view& input) {
  if (input.empty()) return Progress::more;
  value_ = input.front();
  input.remove_prefix(1);
  return Progress::whole;
}

Progress LdapMessage::take(std::string_view& input) {
  constexpr unsigned sequence = 0x30;
  auto header = ber_header(as_bytes(octets_));
  while (header.state == BerHeader::State::more) {
    if (input.empty()) return Progress::more;
    octets_ += input.front();
    input.remove_prefix(1);
    header = ber_header(as_bytes(octets_));
  }
  if (header.state == BerHeader::State::malformed || header.tag != sequence ||
      header.content_size > max_dialogue) {
    return malformed("sends what is no LDAP message");
  }
  const auto size = header.size + header.content_size;
  const auto part = input.substr(0, size - octets_.size());
  octets_ += part;
  input.remove_prefix(part.size());
  return octets_.size() == size ? Progress::whole : Progress::more;
}

// RFC 4511 section 4.12: LDAPMessage { messageID, [APPLICATION 24] { resultCode, matchedDN,
// diagnosticMessage, ...
std::optional<LdapMessage::ExtendedResponse> LdapMessage::extended_response(unsigned message_id) const {
  constexpr unsigned sequence = 0x30, integer = 0x02, enumerated = 0x0a, octet_string = 0x04, response = 0x78;
  std::string_view octets = octets_;
  auto message = take_element(octets, sequence);
  if (!message || small_integer(take_element(*message, integer)) != message_id) return std::nullopt;
  auto body = take_element(*message, response);
  if (!body) return std::nullopt;
  const auto code = small_integer(take_element(*body, enumerated));
  const auto matched_dn = take_element(*body, octet_string);
  const auto diagnostic = take_element(*body, octet_string);
  if (!code || !matched_dn || !diagnostic) return std::nullopt;
  return ExtendedResponse{*code, std::string(*diagnostic)};
}

}  // namespace tlsa_update::probe
