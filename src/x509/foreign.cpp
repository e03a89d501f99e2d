#include "foreign.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "pem.hpp"

namespace tlsa_update::x509 {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view start;
  Words what;
  Words advice;
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

// The beginning of the base64 of "-----BEGIN ", short enough to be shown, and of the base64 of DER.
constexpr std::string_view base64_of_pem = "LS0tLS1CRUd";
constexpr std::string_view base64_of_der = "MII";

bool is_base64(std::string_view text) {
  constexpr std::string_view characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// What stores of secrets hand out.
FileFault fault_of_json(std::string_view json) {
  if (holds(json, "\"Certificates\"") && holds(json, "\"domain\""))
    return FileFault(
        "is the JSON in which Traefik keeps its certificates, each in base64", {},
        "take one out of it: jq -r '.. | select(.domain?.main? == \"NAME\") | .certificate' FILE | "
        "base64 -d");
  if (holds(json, "\"tls.crt\""))
    return FileFault("is a Secret of Kubernetes as JSON, with its certificate in base64", {},
                     "take it out: jq -r '.data[\"tls.crt\"]' FILE | base64 -d");
  if (has_pem(json))
    return FileFault(holds(json, "\"lease_id\"") ? Words("is JSON as Vault gives it, with PEM in its strings")
                                                 : Words("is JSON with PEM in its strings"),
                     {},
                     "take the certificates out of it: "
                     "jq -r '.. | strings | select(contains(\"BEGIN CERT\"))' FILE");
  if (holds(json, base64_of_pem))
    return FileFault(
        "is JSON with the base64 of PEM in its strings", {},
        "take the first out of it: jq -r '.. | strings | select(startswith(\"LS0tLS1CRUd\"))' FILE | "
        "head -n 1 | base64 -d");
  return FileFault("is JSON without PEM in its strings");
}

FileFault fault_of_text(std::string_view text) {
  text = without_byte_order_mark(text);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with('{') || text.starts_with('[')) return fault_of_json(text);
  if (has_pem(text))
    return FileFault("a PEM block that does not begin its line is not read", {},
                     "BEGIN and END are lines of their own (RFC 7468 section 2)")
        .at(line_of_pem(text));
  if (text.starts_with(base64_of_pem) && is_base64(text))
    return FileFault("is the base64 of a PEM file", {}, "decode it: base64 -d FILE");
  if (text.starts_with(base64_of_der) && is_base64(text))
    return FileFault("is base64 without the BEGIN and END lines of PEM", {}, "decode it: base64 -d FILE");
  if (holds(text, base64_of_pem))
    return FileFault("is text with the base64 of PEM in it, as in a Secret of Kubernetes", {},
                     "take the first out of it: grep -o 'LS0tLS1CRUd[A-Za-z0-9+/=]*' FILE | head -n 1 | "
                     "base64 -d");
  return FileFault("is text without a PEM block");
}

}  // namespace

FileFault fault_of_foreign(ByteView file) {
  if (file.empty()) return FileFault("is empty");
  const auto text = as_text(file);
  for (const auto& [mark, what, advice] : signatures)
    if (text.starts_with(mark)) return FileFault(what, {}, advice);
  if (is_all_zero(file)) return FileFault("holds nothing but zero octets");
  if (is_text(text.substr(0, 512))) return fault_of_text(text);
  return FileFault("is neither PEM nor DER");
}

}  // namespace tlsa_update::x509
