#include "pem.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/base64.hpp"

namespace tlsa_update::x509 {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

// Lines without their ends and outer blanks, counted from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const auto end = rest_.find_first_of("\r\n");
    const auto line = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      rest_ = {};
    } else {
      rest_.remove_prefix(end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1));
    }
    return trimmed(without_byte_order_mark(line));  // files that were joined have marks in the middle
  }

  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// RFC 7468 section 2: the boundaries are lines of their own, and so are the lines of base64 between them.
struct Boundary {
  enum class Form { whole, unclosed, joined } form = Form::unclosed;
  std::string_view label;  // of a whole one
};

Boundary boundary_in(std::string_view line, std::string_view mark) {
  line.remove_prefix(mark.size());
  const auto close = line.find(dashes);
  if (close == std::string_view::npos) return {};
  const auto rest = line.substr(close + dashes.size());
  if (rest.empty()) return {Boundary::Form::whole, line.substr(0, close)};
  return {rest.find_first_not_of('-') == std::string_view::npos ? Boundary::Form::unclosed
                                                                : Boundary::Form::joined,
          {}};
}

// Where `line`, a part of a PEM, holds several lines that were joined to one.
FileFault lost_line_breaks(std::string_view line) {
  constexpr Words what = "the line breaks of this PEM are lost";
  if (line.find("\\n") != std::string_view::npos)
    return FileFault(what, {}, "put them back: sed 's/\\\\r//g; s/\\\\n/\\n/g'");
  return FileFault(what, {}, "put them back: sed -E 's/ *(-----(BEGIN|END) [A-Z0-9 ]+-----) */\\n\\1\\n/g'");
}

// Of a line inside a block or outside: holds it more than a boundary line may?
bool is_joined(std::string_view line) { return line.find(dashes) != std::string_view::npos; }

using LineSpan = std::span<const std::string_view>;

// RFC 1421 section 4.4: "Name: value" lines, closed by an empty one. Base64 holds no colon.
std::string take_headers(LineSpan& lines) {
  std::string headers;
  while (!lines.empty() && lines.front().find(':') != std::string_view::npos) {
    headers += std::string(lines.front()) + "\n";
    lines = lines.subspan(1);
  }
  return headers;
}

Parsed<PemBlock> decode(std::string_view label, std::size_t begin_line, LineSpan lines) {
  auto headers = take_headers(lines);
  std::size_t characters = 0;
  for (const auto line : lines) characters += line.size();
  if (characters == 0) return wrong("is empty");
  Base64Decoder decoder(characters);
  const bool is_base64 = std::ranges::all_of(lines, [&](auto line) { return decoder.take(line); });
  auto octets = is_base64 ? decoder.finish() : std::nullopt;
  if (!octets) return wrong("is not base64: it is cut or damaged");
  return PemBlock{std::string(label), begin_line, std::move(headers), std::move(*octets)};
}

// From the line after BEGIN through END.
Parsed<PemBlock> read_block(Lines& lines, std::string_view label) {
  const auto begin_line = lines.number();
  const auto in_block = [&](const FileFault& fault) {
    return tl::unexpected(fault.of("the {} block", {Fact::label(label)}).at(begin_line));
  };
  std::vector<std::string_view> body;
  while (const auto line = lines.next()) {
    const auto number = lines.number();
    if (line->starts_with(begin_mark))
      return in_block(FileFault("is cut: another block begins at line {}", {number}));
    if (!line->starts_with(end_mark)) {
      if (is_joined(*line)) return tl::unexpected(lost_line_breaks(*line).at(number));
      body.push_back(*line);
      continue;
    }
    const auto end = boundary_in(*line, end_mark);
    if (end.form == Boundary::Form::joined) return tl::unexpected(lost_line_breaks(*line).at(number));
    if (end.form != Boundary::Form::whole || end.label != label)
      return in_block(FileFault("is not closed by its END line at line {}", {number}));
    auto block = decode(label, begin_line, body);
    return block ? std::move(block) : in_block(block.error());
  }
  return in_block(FileFault("is cut: its END line is missing"));
}

}  // namespace

bool has_pem(std::string_view text) {
  return text.find(begin_mark) != std::string_view::npos || text.find(end_mark) != std::string_view::npos;
}

bool has_pem_line(std::string_view text) {
  Lines lines(text);
  while (const auto line = lines.next())
    if (line->starts_with(begin_mark) || line->starts_with(end_mark)) return true;
  return false;
}

std::size_t line_of_pem(std::string_view text) {
  Lines lines(text);
  for (auto line = lines.next(); line && !has_pem(*line);) line = lines.next();
  return lines.number();
}

Parsed<std::vector<PemBlock>> pem_blocks(std::string_view text) {
  std::vector<PemBlock> blocks;
  Lines lines(text);
  while (const auto line = lines.next()) {
    const auto number = lines.number();
    if (line->starts_with(end_mark)) return wrong_at(number, "a block without a BEGIN line ends here");
    if (!line->starts_with(begin_mark)) continue;
    const auto begin = boundary_in(*line, begin_mark);
    if (begin.form == Boundary::Form::joined) return tl::unexpected(lost_line_breaks(*line).at(number));
    if (begin.form != Boundary::Form::whole)
      return wrong_at(number, "this BEGIN line does not end in five hyphens");
    auto block = read_block(lines, begin.label);
    if (!block) return tl::unexpected(block.error());
    blocks.push_back(std::move(*block));
  }
  return blocks;
}

}  // namespace tlsa_update::x509
