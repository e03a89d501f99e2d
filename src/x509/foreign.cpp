#include "foreign.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace tlsa_update::x509 {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view start;
  const char* what;
  const char* advice;
};

constexpr Signature signatures[] = {
    {"ssh-"sv, "is an SSH public key", ""},
    {"ecdsa-sha2-"sv, "is an SSH public key", ""},
    {"---- BEGIN SSH2 "sv, "is an SSH public key", ""},
    {"PuTTY-User-Key-File"sv, "is a PuTTY private key", ""},
    {"\xFE\xED\xFE\xED"sv, "is a Java keystore", "convert it: keytool -importkeystore -deststoretype pkcs12"},
    {"\xFF\xFE"sv, "is UTF-16 text", "convert it: iconv -f utf-16 -t ascii"},
    {"\xFE\xFF"sv, "is UTF-16 text", "convert it: iconv -f utf-16 -t ascii"},
};

// Each octet equals the next: quick also for the huge file that a full disk or a lost power supply leaves.
bool is_all_zero(ByteView file) {
  return file[0] == 0 && std::memcmp(file.data(), file.data() + 1, file.size() - 1) == 0;
}

bool is_text(std::string_view start) {
  return std::ranges::none_of(start, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || octet == 0x7F;
  });
}

Error bad(std::string what, std::string advice = {}) {
  return {ErrorCode::bad_data, std::move(what), {}, std::move(advice)};
}

}  // namespace

Error error_of_foreign(ByteView file) {
  if (file.empty()) return bad("is empty");
  const std::string_view start(reinterpret_cast<const char*>(file.data()),
                               std::min<std::size_t>(file.size(), 512));
  for (const auto& [mark, what, advice] : signatures)
    if (start.starts_with(mark)) return bad(what, advice);
  if (is_all_zero(file)) return bad("holds nothing but zero octets");
  if (is_text(start)) return bad("is text without a PEM block");
  return bad("is neither PEM nor DER");
}

}  // namespace tlsa_update::x509
