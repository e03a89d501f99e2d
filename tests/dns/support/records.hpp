// Resource records from their presentation form, for tests that read like zone files.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns::test {

// A name that is known to be good: name("mx.example").
[[nodiscard]] Name name(std::string_view text);

// One line of a zone file with owner, TTL and type; class IN is understood: "mx.example. 300 A 192.0.2.1".
[[nodiscard]] Record rr(std::string_view line);
[[nodiscard]] std::vector<Record> rrs(std::initializer_list<std::string_view> lines);

// A signature over `covered` with the Labels field of RFC 4034 section 3.1.3; it verifies nowhere.
[[nodiscard]] Record rrsig(const Name& owner, std::uint16_t covered, std::size_t labels, const Name& signer,
                           std::uint32_t ttl = 300);

// "3 1 1 aa" each.
[[nodiscard]] TlsaRecords tlsa(std::initializer_list<std::string_view> records);
[[nodiscard]] Rrset rrset(std::uint32_t ttl, std::initializer_list<std::string_view> records);

}  // namespace tlsa_update::dns::test
