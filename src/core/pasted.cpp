#include "tlsa_update/core/pasted.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace {

using Texts = std::vector<std::string_view>;

constexpr std::size_t most_mistyped = 2;  // octets: two wrong digits, or two that changed places

tl::unexpected<Error> not_pasted(std::string what, std::string advice = {}) {
  return fail(ErrorCode::bad_data, std::move(what), {}, std::move(advice));
}

// RFC 1035 section 5.1: a comment goes from a semicolon to the end of its line.
std::string without_comments(std::string_view text) {
  std::string plain;
  bool is_comment = false;
  for (const char c : text) {
    is_comment = c == ';' || (is_comment && c != '\n');
    if (!is_comment) plain += c;
  }
  return plain;
}

Texts words_of(std::string_view text) {
  Texts words;
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) words.push_back(word);
  return words;
}

bool is_type(std::string_view word) {
  return equal_in_any_case(word, "tlsa") || equal_in_any_case(word, "type52");
}

// "[update add] [OWNER] [TTL] [IN]", as it stands before the type.
Result<std::optional<Name>> owner_in(Texts words) {
  if (words.size() >= 2 && equal_in_any_case(words[0], "update"))
    words.erase(words.begin(), words.begin() + 2);
  for (int fields = 0; fields < 2 && !words.empty(); ++fields) {
    if (equal_in_any_case(words.back(), "in") || is_digit(words.back().front())) words.pop_back();
  }
  if (words.empty()) return std::optional<Name>{};
  if (words.size() > 1) return not_pasted("what stands before TLSA is not OWNER TTL IN");
  auto owner = Name::parse(words.front());
  if (!owner) return not_pasted("the owner name cannot be read: " + owner.error().what);
  return std::optional<Name>{std::move(*owner)};
}

}  // namespace

Result<RecordAt> parse_pasted(std::string_view text) {
  const std::string plain = without_comments(text);
  const auto words = words_of(plain);
  const auto types = std::ranges::count_if(words, is_type);
  // An owner may be called as the type is.
  const bool is_owner = types == 2 && words.size() > 4 && is_type(words.front()) &&
                        std::any_of(words.begin() + 1, words.begin() + 4, is_type);
  if (types > 1 && !is_owner) return not_pasted("these are several records", "give one at a time");
  std::string rdata = plain;
  std::optional<Name> owner;
  if (types > 0) {
    const auto type = std::find_if(words.rbegin(), words.rend(), is_type);
    const auto found = owner_in({words.begin(), type.base() - 1});
    if (!found) return tl::unexpected(found.error());
    owner = *found;
    rdata.erase(0, static_cast<std::size_t>(type->data() + type->size() - plain.data()));
  }
  std::erase(rdata, ':');  // aa:bb:.., as OpenSSL prints digests
  auto record = parse_tlsa(rdata);
  if (!record) return tl::unexpected(record.error());
  if (const auto trouble = malformed(*record)) {
    return not_pasted("the record has " + *trouble, "no client could match it: copy the whole record");
  }
  return RecordAt{std::move(*record), std::move(owner)};
}

bool resembles(const TlsaRecord& one, const TlsaRecord& other) {
  if (one.data.size() != other.data.size()) return false;
  std::size_t different = 0;
  for (std::size_t i = 0; i < one.data.size(); ++i) different += one.data[i] == other.data[i] ? 0 : 1;
  return different <= most_mistyped;
}

}  // namespace tlsa_update
