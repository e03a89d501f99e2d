// Certificates and chains out of thin air: the octets are stand-ins, the facts are what a test says they are.
// Takes two names to be two keys and two certificates; knows nothing of DER or signatures.
#pragma once

#include <string>

#include "tlsa_update/core/credential.hpp"

namespace tlsa_update::testing {

// A stand-in for what a selector selects: unlike for every other text.
inline Selected selected(const std::string& text) {
  Selected made;
  made.full = {0x30, static_cast<std::uint8_t>(text.size())};
  made.full.insert(made.full.end(), text.begin(), text.end());
  for (std::size_t i = 0; i < made.sha2_512.size(); ++i) {
    made.sha2_512[i] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(text[i % text.size()]) + i);
  }
  for (std::size_t i = 0; i < made.sha2_256.size(); ++i) made.sha2_256[i] = made.sha2_512[i + 32];
  return made;
}

inline const Time issued = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
inline const Time noon = std::chrono::sys_days(std::chrono::year(2026) / 2 / 1) + std::chrono::hours(12);

// A certificate of a year for mail.example.com, issued by "CN=Issuing CA".
inline Certificate leaf(const std::string& name) {
  Certificate made;
  made.certificate = selected("certificate " + name);
  made.spki = selected("key " + name);
  made.key_type = KeyType::rsa;
  made.subject = "CN=" + name;
  made.issuer = "CN=Issuing CA";
  made.not_before = issued;
  made.not_after = issued + std::chrono::days(365);
  made.dns_names = {"mail.example.com"};
  return made;
}

inline Certificate ca(const std::string& name) {
  Certificate made = leaf(name);
  made.is_ca = true;
  made.issuer = "CN=Root";
  made.dns_names.clear();
  return made;
}

inline Certificate root(const std::string& name) {
  Certificate made = ca(name);
  made.is_self_signed = true;
  made.issuer = made.subject;
  return made;
}

inline Certificate self_signed(const std::string& name) {
  Certificate made = leaf(name);
  made.is_self_signed = true;
  made.issuer = made.subject;
  return made;
}

inline Credential credential(Chain chain, std::string source = "mail.pem") {
  Credential made;
  made.source = std::move(source);
  made.key_type = chain.front().key_type;
  made.chain = std::move(chain);
  return made;
}

inline Credential bare_key(const std::string& name) {
  Credential made;
  made.source = "mail.key";
  made.bare_key = selected("key " + name);
  made.key_type = KeyType::rsa;
  return made;
}

inline TlsaParameters parameters(const char* text) { return parse_parameters(text).value(); }

}  // namespace tlsa_update::testing
