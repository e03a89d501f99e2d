// Where the chain of trust enters a zone: the DS records that its parent publishes (RFC 4034 section 5), held
// against the zone's own keys. Verifies no signature; a resolver or the validator does.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

// Does one of these DS records stand for one of these DNSKEY records? Digests that are unknown here do not
// count.
[[nodiscard]] bool leads_to(const std::vector<Record>& ds, const std::vector<Record>& dnskeys);

// The DS records, by SHA-256 (RFC 4509), that the parent should publish for a zone with these DNSKEY records:
// of its secure entry points (RFC 4034 section 2.1.1), or of all its keys where none is marked as one.
[[nodiscard]] std::vector<Record> ds_for(const std::vector<Record>& dnskeys);

// "example.com. DS 12345 13 2 49fd46e6...", as it stands in a zone file.
[[nodiscard]] std::string ds_text(const Record& ds);

}  // namespace tlsa_update::dns
