// What is wrong with a file, in words that hold none of its text: a file that somebody gives by mistake may
// hold a secret. Whoever reads a file returns Parsed<T>; its faults are made of literals, numbers and Facts,
// and only in() makes an Error of them. So the next parser cannot leak what it reads.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update {

// "FILE:7", the form that editors jump to; the file alone for line 0. "-" is standard input.
[[nodiscard]] std::string place_in(const std::string& file, std::size_t line);

// A literal, which the compiler has seen. "{}" stands for a fact.
class Words {
 public:
  template <std::size_t N>
  consteval Words(const char (&literal)[N]) : text_(literal, N - 1) {}
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// What may stand among Words.
class Fact {
 public:
  Fact(std::size_t number) : text_(std::to_string(number)) {}
  Fact(Words words) : text_(words.text()) {}

  // A word of the file: shown only if it has at most 11 characters, all of them lower-case letters, digits
  // and hyphens, as names of options and algorithms have.
  [[nodiscard]] static Fact word(std::string_view of_file);

  // The label of a PEM block (RFC 7468 section 3): shown only if it is made of short words in capitals.
  [[nodiscard]] static Fact label(std::string_view of_file);

  // Text that no file wrote: OpenSSL's reason, the name of an algorithm or a domain name that was understood.
  [[nodiscard]] static Fact not_of_file(std::string text) {
    Fact fact;
    fact.text_ = std::move(text);
    return fact;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Fact() = default;
  std::string text_;
};

class FileFault {
 public:
  explicit FileFault(Words what, std::initializer_list<Fact> facts = {}, Words advice = "",
                     std::initializer_list<Fact> advised = {});

  // In this line, counted from 1.
  [[nodiscard]] FileFault at(std::size_t line) const;

  // Of a part of the file: "the CERTIFICATE block" and what is wrong with it.
  [[nodiscard]] FileFault of(Words part, std::initializer_list<Fact> facts = {}) const;

  // "PATH:LINE: what; advice".
  [[nodiscard]] Error in(const std::string& path, ErrorCode code = ErrorCode::bad_data) const;

 private:
  std::string what_, advice_;
  std::size_t line_ = 0;
};

template <class T>
using Parsed = tl::expected<T, FileFault>;

// Line 0: of the whole file.
[[nodiscard]] inline tl::unexpected<FileFault> wrong_at(std::size_t line, Words what,
                                                        std::initializer_list<Fact> facts = {},
                                                        Words advice = "") {
  return tl::unexpected<FileFault>(FileFault(what, facts, advice).at(line));
}

[[nodiscard]] inline tl::unexpected<FileFault> wrong(Words what, std::initializer_list<Fact> facts = {},
                                                     Words advice = "") {
  return wrong_at(0, what, facts, advice);
}

// `message` without what it quotes of `value`, if that looks like a secret: 16 characters of base64 in a row,
// of more than one kind.
[[nodiscard]] std::string without_secret(std::string message, std::string_view value);

// Does this look like the base64 of a secret rather than like a name?
[[nodiscard]] bool may_be_secret(std::string_view text);

// Editors of other systems begin a text with one (U+FEFF as UTF-8).
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);

// The same for a whole file, which must not be UTF-16, as other systems call "Unicode".
[[nodiscard]] Parsed<std::string_view> text_of(std::string_view file);

}  // namespace tlsa_update
