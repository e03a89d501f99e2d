// Hosts of MX and SRV records may be somebody else's, such as a backup MX of a provider.
#pragma once

#include <optional>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update {

// What is known of a host that the records of a domain lead to.
struct HostWitness {
  bool is_in_domain = false;     // at or below the domain whose records led to it
  bool has_own_section = false;  // a [zone.NAME] section covers it
  bool has_server = false;       // --server names the primary
  std::optional<Error> refusal;  // why the primary did not find the zone of the host; nothing: it did
  std::optional<ResolvedRrset> resolved;  // its TLSA RRset, as the resolver gives it; nothing: not known
};

// One of the records matches a certificate or key of `desired`, be it given or installed.
[[nodiscard]] bool tells_of(const TlsaRecords& records, const Desired& desired);

// No host is taken for foreign on the word of the primary alone: a key that is mistyped makes it refuse, and
// a deployment that leaves our own host out is an outage. So clients must also find no record there that
// tells of what is deployed here: then no deployment here can break that host.
[[nodiscard]] bool is_foreign(const HostWitness& host, const std::vector<Desired>& desired);

}  // namespace tlsa_update
