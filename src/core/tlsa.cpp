#include "tlsa_update/core/tlsa.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/count.hpp"

namespace tlsa_update {
namespace {

constexpr std::size_t longest_rdata = 65535;  // RFC 1035 section 3.2.1: RDLENGTH is 16 bits

struct Acronym {
  std::string_view text;
  std::uint8_t value;
};

// One of the three fields: what it is called, its acronyms (RFC 7218 section 2), and the values that are
// assigned and mean something to every client (RFC 6698 section 7).
struct Field {
  std::string_view name;
  std::array<Acronym, 5> acronyms;
  std::uint8_t highest;
  std::string_view choices;
};

constexpr Field usage_field{
    "certificate usage",
    {{{"PKIX-TA", 0}, {"PKIX-EE", 1}, {"DANE-TA", 2}, {"DANE-EE", 3}, {"PrivCert", 255}}},
    3,
    "0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE"};
constexpr Field selector_field{
    "selector", {{{"Cert", 0}, {"SPKI", 1}, {"PrivSel", 255}}}, 1, "0 Cert, 1 SPKI"};
constexpr Field matching_field{"matching type",
                               {{{"Full", 0}, {"SHA2-256", 1}, {"SHA2-512", 2}, {"PrivMatch", 255}}},
                               2,
                               "0 Full, 1 SHA2-256, 2 SHA2-512"};
constexpr std::array fields{usage_field, selector_field, matching_field};

// Decimal, leading zeros allowed (danetool prints "03 01 01"), or an acronym in any case.
std::optional<std::uint8_t> octet_of(std::string_view word, const Field& field) {
  for (const auto& acronym : field.acronyms) {
    if (!acronym.text.empty() && equal_in_any_case(word, acronym.text)) return acronym.value;
  }
  if (!is_all_digits(word)) return std::nullopt;
  unsigned value = 0;
  for (const char c : word) {
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 255) return std::nullopt;
  }
  return static_cast<std::uint8_t>(value);
}

tl::unexpected<Error> not_a_record(std::string what, std::string_view text, std::string advice = {}) {
  return fail(ErrorCode::bad_data, std::move(what), "TLSA \"" + printable(text, 80) + "\"",
              std::move(advice));
}

TlsaParameters parameters_of(std::uint8_t usage, std::uint8_t selector, std::uint8_t matching_type) {
  return {static_cast<Usage>(usage), static_cast<Selector>(selector),
          static_cast<MatchingType>(matching_type)};
}

// The presentation form without the parentheses that zone files use to go on over lines.
Result<std::string> without_parentheses(std::string_view text) {
  std::string plain(text);
  int open = 0;
  for (char& c : plain) {
    if (c != '(' && c != ')') continue;
    open += c == '(' ? 1 : -1;
    if (open < 0 || open > 1) break;
    c = ' ';
  }
  if (open != 0) return not_a_record("the parentheses do not pair", text);
  return plain;
}

// RFC 3597 section 5: \# LENGTH HEX, the "\#" already taken.
Result<TlsaRecord> parse_generic(std::string_view rest, std::string_view text) {
  const auto length = take_word(rest);
  const auto rdata = from_hex(rest);
  if (length.size() > 5 || !is_all_digits(length) || !rdata) {
    return not_a_record("the generic form is \\# LENGTH HEX (RFC 3597 section 5)", text);
  }
  if (std::stoul(std::string(length)) != rdata->size()) {
    return not_a_record("\\# says " + count(std::stol(std::string(length)), "octet") + " and " +
                            std::to_string(rdata->size()) + " follow",
                        text);
  }
  return tlsa_from_rdata(*rdata);
}

}  // namespace

std::string TlsaParameters::usage_text() const {
  return "usage " + std::to_string(static_cast<unsigned>(usage));
}

std::string TlsaParameters::text() const {
  return std::to_string(static_cast<unsigned>(usage)) + ' ' +
         std::to_string(static_cast<unsigned>(selector)) + ' ' +
         std::to_string(static_cast<unsigned>(matching_type));
}

Result<TlsaParameters> parse_parameters(std::string_view text) {
  std::array<std::string_view, 3> words;
  std::string_view rest = text;
  for (auto& word : words) word = take_word(rest);
  // "311": three digits in one word.
  if (words[0].size() == 3 && words[1].empty() && is_all_digits(words[0])) {
    words = {words[0].substr(0, 1), words[0].substr(1, 1), words[0].substr(2, 1)};
  }
  if (words[2].empty() || !take_word(rest).empty()) {
    return not_a_record("the parameters are three fields: certificate usage, selector and matching type",
                        text, "write \"3 1 1\", \"311\" or \"DANE-EE SPKI SHA2-256\"");
  }
  std::array<std::uint8_t, 3> values{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto value = octet_of(words[i], fields[i]);
    if (!value || *value > fields[i].highest) {
      return not_a_record(
          std::string(fields[i].name) + " \"" + printable(words[i], 40) + "\" is not assigned", text,
          "use one of " + std::string(fields[i].choices));
    }
    values[i] = *value;
  }
  return parameters_of(values[0], values[1], values[2]);
}

std::string TlsaRecord::text() const {
  // RFC 6698 section 2.2 has no form for no data at all; RFC 3597 section 5 has.
  if (data.empty()) return "\\# 3 " + to_hex(rdata());
  return parameters.text() + ' ' + to_hex(data);
}

Bytes TlsaRecord::rdata() const {
  Bytes wire{static_cast<std::uint8_t>(parameters.usage), static_cast<std::uint8_t>(parameters.selector),
             static_cast<std::uint8_t>(parameters.matching_type)};
  wire.insert(wire.end(), data.begin(), data.end());
  return wire;
}

Result<TlsaRecord> parse_tlsa(std::string_view text) {
  const auto plain = without_parentheses(text);
  if (!plain) return tl::unexpected(plain.error());
  std::string_view rest = *plain;
  std::array<std::uint8_t, 3> values{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto word = take_word(rest);
    if (i == 0 && word == "\\#") return parse_generic(rest, text);
    const auto value = octet_of(word, fields[i]);
    if (!value) {
      return not_a_record(
          std::string(fields[i].name) + " \"" + printable(word, 40) + "\" is not a number from 0 to 255",
          text, "write the record as \"3 1 1 HEX\"");
    }
    values[i] = *value;
  }
  auto data = from_hex(rest);
  if (!data) return not_a_record("the association data is not an even number of hexadecimal digits", text);
  if (data->empty())
    return not_a_record("the record has no association data", text, "write it as \"3 1 1 HEX\"");
  if (data->size() > longest_rdata - 3) return not_a_record("the record is over 65535 octets", text);
  return TlsaRecord{parameters_of(values[0], values[1], values[2]), std::move(*data)};
}

Result<TlsaRecord> tlsa_from_rdata(ByteView rdata) {
  if (rdata.size() < 3) {
    return fail(ErrorCode::bad_data, "TLSA RDATA of " + count(rdata.size(), "octet") +
                                         ": three fields come first (RFC 6698 section 2.1)");
  }
  if (rdata.size() > longest_rdata) return fail(ErrorCode::bad_data, "TLSA RDATA of over 65535 octets");
  return TlsaRecord{parameters_of(rdata[0], rdata[1], rdata[2]), Bytes(rdata.begin() + 3, rdata.end())};
}

}  // namespace tlsa_update
