// What was observed in DNS, as the dns library read it: the primary, then every authoritative server.
// Observation only; what follows from it is the planner's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/tlsa.hpp"

namespace tlsa_update {

// A TLSA RRset (RFC 2181 section 5): one TTL, records as a set.
struct Rrset {
  std::uint32_t ttl = 0;  // seconds; the lowest where a server gave mixed ones
  TlsaRecords records;    // sorted, not empty
  bool operator==(const Rrset&) const = default;
};

// Why adding a record at an owner would break something or be without effect (invariant I10).
enum class Hazard {
  below_zone_cut,    // RFC 2136 section 7.18: stored, never answered
  below_dname,       // occluded by a DNAME of an ancestor that was not followed
  host_is_wildcard,  // the host exists only through a wildcard: the new owner would turn it into NODATA (RFC
                     // 4592 2.2.2)
  hides_wildcard,    // a wildcard now answers TLSA (or more) at this owner: the new name would hide it
};

// What a wildcard would answer at a name of its own once that name is gone (RFC 4592 section 3.3.1).
struct Uncovered {
  Name wildcard;
  std::optional<Rrset> rrset;  // none: the wildcard is an alias, and nobody here knows of what
  bool operator==(const Uncovered&) const = default;
};

// What a resolver, whose cache clients may share, gives for a name: the world's answer, at whatever end of
// aliases.
struct ResolvedRrset {
  std::string resolver;        // "192.0.2.53@53"
  std::optional<Rrset> rrset;  // nothing: it says that there is none
  bool operator==(const ResolvedRrset&) const = default;
};

// One TLSA owner as seen at the primary.
struct OwnerView {
  Name asked;                            // before CNAME and DNAME
  Name owner;                            // where the records live (RFC 6698 appendix A.2.1.1)
  std::optional<Rrset> rrset;            // the owner's own; a wildcard's answer is not
  bool has_rrsig = false;                // the RRset came with a signature over TLSA
  std::optional<Rrset> wildcard_answer;  // what a wildcard synthesises here, at the end of its alias too
  std::vector<Hazard> hazards;
  bool host_exists = true;  // the TLSA base domain owns or synthesises anything at all
  bool mixed_ttl = false;   // RFC 2181 section 5.2: a server fault worth a warning
  std::optional<std::uint32_t> wildcard_alias_ttl = {};  // of a wildcard's CNAME that answers here
  std::optional<Uncovered> uncovered = {};               // set for --unpublish alone
  std::optional<ResolvedRrset> resolved = {};  // nothing: no resolver is a witness, or none answered
  bool operator==(const OwnerView&) const = default;
};

// Why no signature over an RRset counts to those who validate (RFC 4035 section 5.3.1).
struct SignatureFault {
  enum class Kind {
    expired,     // `at`: when the last of them ended
    early,       // `at`: when the first of them begins
    unverified,  // no key of the zone made one over this data
  };
  Kind kind = Kind::unverified;
  std::optional<Time> at;
  bool operator==(const SignatureFault&) const = default;
};

// One authoritative server's answer for one owner.
struct ServedRrset {
  Name owner;
  std::optional<Rrset> rrset;
  bool has_rrsig = false;
  std::optional<bool> rrsig_valid;                 // against the zone's DNSKEY RRset, when that was checked
  std::optional<SignatureFault> rrsig_fault = {};  // why it is not valid
  std::optional<Rrset> wildcard_answer = {};       // instead of an RRset of the owner's own
  bool operator==(const ServedRrset&) const = default;
};

// One address of one authoritative server: of an NS that the primary, the resolver or the parent's servers
// name, or --nameserver.
struct ServerView {
  std::string name;     // "ns2.example.com."
  std::string address;  // "192.0.2.2@53"
  bool reachable = false;
  std::string trouble;  // why not, for people
  std::optional<std::uint32_t> serial;
  std::vector<ServedRrset> rrsets;
  std::string advice = {};                       // what to do about the trouble, where that is known
  std::optional<bool> is_signed = {};            // DNSKEY at the apex; nothing if it did not answer
  std::optional<SignatureFault> key_fault = {};  // of the DNSKEY RRset itself
  bool is_named_by_primary = true;               // or by --nameserver
  bool is_named_by_world = false;                // the resolver, or the parent's servers, gave this address
  bool operator==(const ServerView&) const = default;
};

struct ZoneView {
  Name apex;
  std::string server;  // the primary that was asked: "192.0.2.1@53"
  std::uint32_t serial = 0;
  std::uint32_t negative_ttl = 0;  // min(SOA TTL, SOA MINIMUM), RFC 2308 section 5
  bool is_signed = false;          // DNSKEY at the apex, at the primary
  std::vector<OwnerView> owners;
  std::vector<ServerView> servers;  // empty when only the primary was asked
  bool has_signer = false;          // behind an unsigned primary: the servers, or a validator, see it signed
  bool operator==(const ZoneView&) const = default;
};

// Is the zone signed to the world? The copy of a hidden primary may not be, and a signer stand behind it.
[[nodiscard]] inline bool is_signed_to_clients(const ZoneView& zone) {
  return zone.is_signed || zone.has_signer;
}

// Signed, as far as that was checked.
[[nodiscard]] inline bool has_good_signature(const ServedRrset& served) {
  return served.has_rrsig && served.rrsig_valid.value_or(true);
}

// What a client that asks one server may miss of a record (invariant I8).
enum class Lack { nothing, record, signature };

// Does this server give the record, signed if the zone is? `served`: its answer for the record's owner;
// nullptr: it gave none.
[[nodiscard]] Lack lack_of(const TlsaRecord& record, const ZoneView& zone, const ServerView& server,
                           const ServedRrset* served);

// RFC 1982: is serial a older than b?
[[nodiscard]] bool serial_less(std::uint32_t a, std::uint32_t b);

}  // namespace tlsa_update
