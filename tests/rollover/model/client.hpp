// Clients as RFC 7671 describes them: which records they look at, and whether a chain passes. The judge of
// the model, written without a line of the planner.
#pragma once

#include <algorithm>
#include <vector>

#include "rollover/model/keys.hpp"
#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update::model {

struct Client {
  const char* name;
  std::vector<Usage> usages;           // that it can make anything of
  std::vector<MatchingType> strength;  // digests that it knows, the strongest first
};

inline const std::vector<Client>& clients() {
  using enum Usage;
  using enum MatchingType;
  static const std::vector<Client> all{
      {"Postfix, SHA2-512 first", {dane_ta, dane_ee}, {sha2_512, sha2_256}},
      {"Postfix, SHA2-256 first", {dane_ta, dane_ee}, {sha2_256, sha2_512}},
      {"knows SHA2-256 only", {dane_ta, dane_ee}, {sha2_256}},
      {"knows end entities only", {dane_ee}, {sha2_512, sha2_256}},
      {"knows trust anchors only", {dane_ta}, {sha2_256, sha2_512}},
      {"validates by PKIX as well", {pkix_ta, pkix_ee, dane_ta, dane_ee}, {sha2_512, sha2_256}},
  };
  return all;
}

// RFC 7671 section 9, digest agility: of one usage and selector, only the strongest digest counts.
inline bool is_outranked(const TlsaRecord& record, const TlsaRecords& usable, const Client& client) {
  const auto rank = [&](const TlsaRecord& one) {
    return std::ranges::find(client.strength, one.parameters.matching_type) - client.strength.begin();
  };
  return std::ranges::any_of(usable, [&](const TlsaRecord& other) {
    return other.parameters.usage == record.parameters.usage &&
           other.parameters.selector == record.parameters.selector && rank(other) < rank(record);
  });
}

// Without any usable record there is no DANE, and nothing to fail (RFC 7672 section 2.1).
inline bool accepts(const Client& client, const Rrset& rrset, const Chain& chain) {
  TlsaRecords usable;
  std::ranges::copy_if(rrset.records, std::back_inserter(usable), [&](const TlsaRecord& record) {
    const bool is_digest =
        record.data.size() == (record.parameters.matching_type == MatchingType::sha2_256 ? 32U : 64U);
    return is_digest && std::ranges::find(client.usages, record.parameters.usage) != client.usages.end() &&
           std::ranges::find(client.strength, record.parameters.matching_type) != client.strength.end();
  });
  if (usable.empty()) return true;
  return std::ranges::any_of(usable, [&](const TlsaRecord& record) {
    return !is_outranked(record, usable, client) && is_accepted(record, chain);
  });
}

}  // namespace tlsa_update::model
