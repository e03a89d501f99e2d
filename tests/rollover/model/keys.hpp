// The certificates of the model: one RSA and one ECDSA key for each generation, and CAs that change less
// often. Made once; everything else in the model compares records by value.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/make_chain.hpp"

namespace tlsa_update::model {

struct Key {
  int generation = 0;
  KeyType type = KeyType::rsa;
  bool is_fit =
      true;  // false: its certificate is not what usages 0 to 2 ask for: for another name, or of the past
  auto operator<=>(const Key&) const = default;

  [[nodiscard]] std::string text() const {
    return (type == KeyType::rsa ? "R" : "E") + std::to_string(generation) + (is_fit ? "" : "!");
  }
};

using Keys = std::vector<Key>;  // what one server has: at most one of each type

inline std::shared_ptr<const Credential> credential_of(const Key& key) {
  static std::map<Key, std::shared_ptr<const Credential>> made;
  auto& credential = made[key];
  if (!credential) {
    Certificate leaf = testing::leaf(key.text());
    leaf.key_type = key.type;
    const auto issuer = testing::ca("CA " + std::to_string(key.generation / 2));
    credential = std::make_shared<const Credential>(testing::credential({leaf, issuer}, key.text()));
  }
  return credential;
}

inline TlsaRecord record_of(const Key& key, TlsaParameters parameters) {
  static std::map<std::pair<Key, TlsaParameters>, TlsaRecord> made;
  const auto [place, is_new] = made.try_emplace({key, parameters});
  if (is_new) place->second = records_of(*credential_of(key), parameters, TaChoice::issuer).value().front();
  return place->second;
}

inline bool is_fit(const Chain& chain) { return !chain.front().subject.ends_with('!'); }

// Would clients take this chain by this record alone?
inline bool is_accepted(const TlsaRecord& record, const Chain& chain) {
  return matches(record, chain) && (record.parameters.usage == Usage::dane_ee || is_fit(chain));
}

// For people: "3 1 1 of R4", or "3 1 1 of nobody".
inline std::string describe(const TlsaRecord& record) {
  std::string whose;
  for (int generation = 0; generation < 12; ++generation) {
    for (const auto type : {KeyType::rsa, KeyType::ecdsa}) {
      const Key key{generation, type};
      if (matches(record, credential_of(key)->chain)) whose += " " + key.text();
    }
  }
  return record.parameters.text() + " of" + (whose.empty() ? " nobody" : whose);
}

}  // namespace tlsa_update::model
