#include "key_formats.hpp"
#include "text_lines.hpp"
#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update::dns {
namespace {

struct Token {
  enum class Kind { word, quoted, mark, end, unclosed } kind = Kind::end;
  std::string_view text;  // of `quoted` without its quotes; of `mark` one of { } ;
  std::size_t line = 0;

  [[nodiscard]] bool is_mark(char c) const { return kind == Kind::mark && text[0] == c; }
  [[nodiscard]] bool is_value() const { return kind == Kind::word || kind == Kind::quoted; }
  [[nodiscard]] bool is_word(std::string_view wanted) const {
    return kind == Kind::word && equal_in_any_case(text, wanted);
  }
};

// The words of a named.conf. What stands in quotes is one token, whatever looks like a comment inside: // is
// good base64.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  Token next() {
    using enum Token::Kind;
    if (!skip_blanks_and_comments()) return {unclosed, {}, line_};
    if (rest_.empty()) return {end, {}, line_};
    if (rest_[0] == '"') return quoted_token();
    if (is_mark(rest_[0])) return {mark, take(1), line_};
    std::size_t size = 0;
    while (size < rest_.size() && !ends_word(size)) ++size;
    return {word, take(size), line_};
  }

 private:
  static bool is_mark(char c) { return c == '{' || c == '}' || c == ';'; }

  [[nodiscard]] bool ends_word(std::size_t at) const {
    const char c = rest_[at];
    return is_blank(c) || is_mark(c) || c == '"' || c == '#' || rest_.substr(at, 2) == "//" ||
           rest_.substr(at, 2) == "/*";
  }

  Token quoted_token() {
    const std::size_t line = line_, close = rest_.find('"', 1);
    if (close == std::string_view::npos) return {Token::Kind::unclosed, {}, line};
    return {Token::Kind::quoted, take(close + 1).substr(1, close - 1), line};
  }

  // False: a comment that never ends.
  bool skip_blanks_and_comments() {
    while (!rest_.empty()) {
      const auto two = rest_.substr(0, 2);
      if (is_blank(rest_[0])) {
        take(1);
      } else if (rest_[0] == '#' || two == "//") {
        take(std::min(rest_.find('\n'), rest_.size()));
      } else if (two == "/*") {
        const auto close = rest_.find("*/", 2);
        if (close == std::string_view::npos) return false;
        take(close + 2);
      } else {
        break;
      }
    }
    return true;
  }

  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    line_ += static_cast<std::size_t>(std::ranges::count(taken, '\n'));
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

class ClauseReader {
 public:
  explicit ClauseReader(std::string_view text) : lexer_(text) {}

  WrittenKeys read() {
    std::vector<WrittenKey> keys;
    Token before_last, last;
    for (;;) {
      const Token token = lexer_.next();
      if (token.kind == Token::Kind::end) return keys;
      if (token.kind == Token::Kind::unclosed) return unclosed(token);
      // `key NAME;` elsewhere in a named.conf only refers to one.
      if (before_last.is_word("key") && last.is_value() && token.is_mark('{')) {
        WrittenKey key{before_last.line, last.text, {}, {}};
        if (auto body = read_body(key); !body) return tl::unexpected(body.error());
        keys.push_back(key);
      }
      before_last = std::exchange(last, token);
    }
  }

 private:
  // Behind the opening brace, through the closing one.
  Parsed<void> read_body(WrittenKey& key) {
    for (;;) {
      const Token token = lexer_.next();
      if (token.kind == Token::Kind::unclosed) return unclosed(token);
      if (token.is_mark('}')) break;
      if (!token.is_word("algorithm") && !token.is_word("secret"))
        return wrong_at(token.line, "expected `algorithm`, `secret` or `}` in this key clause");
      auto& field = token.is_word("secret") ? key.secret : key.algorithm;
      const Token value = lexer_.next();
      if (value.kind == Token::Kind::unclosed) return unclosed(value);
      if (!value.is_value() || !field.empty())
        return wrong_at(value.line, "expected one value behind `algorithm` and one behind `secret`");
      field = value.text;
      if (const Token mark = lexer_.next(); !mark.is_mark(';'))
        return wrong_at(mark.line, "expected `;` in this key clause");
    }
    return {};
  }

  [[nodiscard]] static tl::unexpected<FileFault> unclosed(const Token& token) {
    return wrong_at(token.line, "a quote or comment that begins here never ends");
  }

  Lexer lexer_;
};

}  // namespace

WrittenKeys read_bind_clauses(std::string_view text, const std::string& /*path*/) {
  return ClauseReader(text).read();
}

}  // namespace tlsa_update::dns
