// Our own DNSSEC validation by libunbound, which is loaded only when asked for (--trust-anchor).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

// DS and DNSKEY records in presentation form.
using TrustAnchors = std::vector<std::string>;

// Those of a zone file `text`; other records are passed over. Error bad_data: a line that is no record (its
// number; it is not shown, as a wrong file may hold a secret), or not one anchor.
[[nodiscard]] Result<TrustAnchors> parse_trust_anchors(std::string_view text, const std::string& file);

// Could `validate` do its work? Asks nobody. Errors: bad_data (the anchors), usage (a server that is not
// given by its address), internal (no libunbound here).
[[nodiscard]] Result<void> check_validation(const TrustAnchors& anchors,
                                            const std::vector<ServerName>& servers);

// Forwards to `servers` when there are any. Blocking. Errors: those of `check_validation`; no_answer: there
// is nothing to judge.
[[nodiscard]] Result<Dnssec> validate(const Question& question, const TrustAnchors& anchors,
                                      const std::vector<ServerName>& servers);

}  // namespace tlsa_update::dns
