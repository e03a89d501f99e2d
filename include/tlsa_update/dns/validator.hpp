// Our own DNSSEC validation by libunbound, which is loaded only when asked for (--trust-anchor).
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

// `trust_anchor_file`: DS or DNSKEY records in zone-file form. Forwards to `servers` when there are any.
// Blocking. Errors: unreadable (the file), bad_data (no anchors in it), usage (a server that is not given by
// its address), internal (no libunbound here). Without an answer the verdict is unknown.
[[nodiscard]] Result<Dnssec> validate(const Question& question, const std::string& trust_anchor_file,
                                      const std::vector<ServerName>& servers);

}  // namespace tlsa_update::dns
