// What peers say before TLS, piece by piece: lines, replies, lines with literals, XML tags, BER messages.
// Each is read once from front to back however the octets arrive, and none is longer than its bound.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "talk.hpp"

namespace tlsa_update::probe {

inline constexpr std::size_t max_line = 4096;       // octets, also of a tag
inline constexpr std::size_t max_dialogue = 65536;  // octets from the peer, first to last

// Words stand between spaces; an index beyond the last gives an empty one.
[[nodiscard]] std::string_view word(std::string_view line, std::size_t index);
[[nodiscard]] bool has_word(std::string_view line, std::string_view wanted);

// Up to LF, without it and without a CR before it.
class Line final : public Item {
 public:
  Progress take(std::string_view& input) override;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A reply of three digits and text, over several lines when a hyphen follows the digits. SMTP repeats the
// code on each line (RFC 5321 section 4.2.1); FTP only has to on the last (RFC 959 section 4.2).
class Reply final : public Item {
 public:
  enum class Style { smtp, ftp };
  explicit Reply(Style style) : style_(style) {}

  Progress take(std::string_view& input) override;
  [[nodiscard]] bool is(std::string_view code) const { return code_ == code; }
  [[nodiscard]] bool is_transient() const { return code_.starts_with('4'); }  // RFC 5321 section 4.2.1
  [[nodiscard]] bool offers(std::string_view keyword) const;  // EHLO: first word of a line but the first
  [[nodiscard]] const std::string& text() const { return lines_.back(); }

 private:
  enum class Place { inner, last, nowhere };
  [[nodiscard]] Place place(std::string_view line) const;

  Style style_;
  Line line_;
  std::string code_;
  std::vector<std::string> lines_;
};

// A line of IMAP or ManageSieve, in which {n} or {n+} at the end announces n octets and then more of the line
// (RFC 9051 section 4.3, RFC 5804 section 4). A literal comes out as a quoted string.
class LiteralLine final : public Item {
 public:
  Progress take(std::string_view& input) override;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Progress take_literal(std::string_view& input);

  Line part_;
  std::string text_;
  std::size_t literal_ = 0;  // octets of the literal yet to come
};

// An XML tag with whatever text stands before it. Comments, processing instructions and document types are
// malformed, as XMPP wants it (RFC 6120 section 11.1); the XML declaration is not.
class Tag final : public Item {
 public:
  Progress take(std::string_view& input) override;
  [[nodiscard]] std::string_view name() const;  // without its prefix
  [[nodiscard]] bool is_declaration() const { return text_.starts_with('?'); }
  [[nodiscard]] bool closes() const { return text_.starts_with('/'); }      // </name>
  [[nodiscard]] bool stands_alone() const { return text_.ends_with('/'); }  // <name/>

 private:
  std::string text_;  // between the angle brackets
  bool inside_ = false;
  char quote_ = 0;
};

// A single octet.
class Octet final : public Item {
 public:
  Progress take(std::string_view& input) override;
  [[nodiscard]] char value() const { return value_; }

 private:
  char value_ = 0;
};

// One LDAPMessage: a SEQUENCE of definite length (RFC 4511 section 5.1).
class LdapMessage final : public Item {
 public:
  Progress take(std::string_view& input) override;

  struct ExtendedResponse {
    unsigned result_code = 0;
    std::string diagnostic;
  };
  // Nothing when it is another message, or none.
  [[nodiscard]] std::optional<ExtendedResponse> extended_response(unsigned message_id) const;

 private:
  std::string octets_;
};

}  // namespace tlsa_update::probe
