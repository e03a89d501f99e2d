// The lines of named.conf and knot.conf that let one key change the TLSA records of some names, and nothing
// else. Text only. Never holds a secret: three dots stand in its place, and a comment names its file.
#pragma once

#include <string>
#include <vector>

#include "diagnosis.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::cli {

struct Grantee {
  Name key;
  dns::TsigAlgorithm algorithm = dns::TsigAlgorithm::hmac_sha256;
  std::string file;       // where its secret is
  bool over_tls = false;  // the primary is reached by TLS (RFC 7858)
};

// `owners`: where the records live, after CNAMEs.
[[nodiscard]] Grants grants_for(const Name& zone, const Grantee& grantee, std::vector<Name> owners);

}  // namespace tlsa_update::cli
