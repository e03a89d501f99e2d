// One TLSA owner as a primary holds it, and what follows for adding records there. Pure: queries
// (inquiry.hpp) and transfers both end in OwnerFacts, so that they cannot differ in what they conclude.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"

namespace tlsa_update::dns {

// Where the closest encloser of an owner lies (RFC 4592 section 3.3.1: its longest existing ancestor, or
// itself).
enum class Encloser {
  owner,       // the owner exists, if only because a name below it does
  below_host,  // between host and owner: "_tcp.host"
  host,        // the host exists
  above_host,  // neither exists
};

struct OwnerFacts {
  Name asked;
  Name owner;  // after CNAMEs and DNAMEs
  Encloser encloser = Encloser::owner;
  bool covered = false;           // not `owner`, and a wildcard at the closest encloser answers in its stead
  bool covered_by_alias = false;  // that wildcard holds a CNAME which is not followed: see is_followed()
  std::uint32_t alias_ttl = 0;    // of that CNAME
  std::optional<Rrset> answered = {};  // TLSA: the owner's own, or when covered the wildcard's, at the end of
                                       // its alias
  bool has_rrsig = false;
  bool mixed_ttl = false;
  bool below_cut = false;  // below a delegation inside the zone that was asked for (--zone)

  bool operator==(const OwnerFacts&) const = default;
};

// The view, with its hazards (RFC 4592 section 2.2.2, RFC 2136 section 7.18).
[[nodiscard]] OwnerView view_of(const OwnerFacts& facts);

// The TLSA base domain of an owner: without its leading "_" and "*" labels. Names that have none, such as the
// target of a CNAME, are their own.
[[nodiscard]] Name host_of(const Name& owner);

// Is a wildcard's CNAME at an owner with this closest encloser the way to its records? "*._tcp.host CNAME x"
// is: it speaks of this host's TLSA. "*.example.com CNAME www" is not: records at its target would be found
// at every name that the wildcard covers.
[[nodiscard]] inline bool is_followed(Encloser encloser) {
  return encloser == Encloser::owner || encloser == Encloser::below_host;
}

// Names whose existence decides on `owners` in a transfer of `apex`: they and their ancestors below the apex.
[[nodiscard]] std::set<Name> interesting_names(const std::vector<Name>& owners, const Name& apex);

// What a transfer, made with interesting_names(), tells of `asked`. Nothing when it cannot tell: an alias, or
// a name below a zone cut; those are to be asked about.
[[nodiscard]] std::optional<OwnerFacts> facts_of(const TransferredZone& zone, const Name& asked);

}  // namespace tlsa_update::dns
