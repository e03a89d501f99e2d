// The lines of named.conf and knot.conf that let one key change the TLSA records of some names, and nothing
// else, and the commands of PowerDNS, which has no such limit; with them those for AXFR, where it is needed.
// Text only. Never holds a secret: three dots stand in its place, and a comment names its file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/dns/tsig.hpp"
#include "tlsa_update/report/diagnosis.hpp"

namespace tlsa_update::doctor {

struct GrantedKey {
  Name name;
  dns::TsigAlgorithm algorithm = dns::TsigAlgorithm::hmac_sha256;
  std::string file;  // where its secret is
};

struct Grantee {
  GrantedKey writer;                 // of updates
  std::optional<GrantedKey> reader;  // of AXFR, perhaps the same; none: not needed
  bool over_tls = false;             // the primary is reached by TLS (RFC 7858)
};

// `owners`: where the records live, after CNAMEs.
[[nodiscard]] report::Grants grants_for(const Name& zone, const Grantee& grantee, std::vector<Name> owners);

}  // namespace tlsa_update::doctor
