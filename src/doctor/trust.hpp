// How far DNSSEC vouches for a zone (RFC 6698 section 4.1: clients use only what is secure): the verdict of a
// validator, the DS records of the parent, and the zone's own keys, as one Check of doctor.
#pragma once

#include <vector>

#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/report/diagnosis.hpp"

namespace tlsa_update::doctor {

struct Trust {
  dns::Dnssec verdict = dns::Dnssec::unknown;
  bool by_anchor = false;                    // whose verdict: our own validation, else a resolver's AD bit
  Result<std::vector<dns::Record>> ds = {};  // at the parent
  std::vector<dns::Record> dnskeys;          // at the primary; none: not known
};

// Check "chain-of-trust" of a signed zone.
[[nodiscard]] report::Check judge_trust(const Name& apex, const Trust& trust);

}  // namespace tlsa_update::doctor
