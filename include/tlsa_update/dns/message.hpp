// DNS messages (RFC 1035 section 4, RFC 2136 section 2): queries and UPDATEs to octets, answers from octets.
// Pure functions; IDs are given by the caller, signatures are tsig.hpp's. Repairs nothing: an answer that
// does not parse to its last octet is an error.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update::dns {

namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, mx = 15, aaaa = 28, srv = 33, dname = 39,
                               opt = 41, ds = 43, rrsig = 46, dnskey = 48, tlsa = 52, tsig = 250, axfr = 252,
                               any = 255;
}
namespace rcode {
inline constexpr std::uint16_t noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5,
                               yxdomain = 6, yxrrset = 7, nxrrset = 8, notauth = 9, notzone = 10,
                               badvers = 16;
}
[[nodiscard]] std::string rcode_text(std::uint16_t rcode);  // "NXRRSET", "RCODE23"
[[nodiscard]] std::string type_text(std::uint16_t type);    // "TLSA", "TYPE65534"

struct Question {
  // A constructor, as GCC 12 destroys an aggregate twice that is made in the arguments of a co_await.
  Question() = default;
  Question(Name what, std::uint16_t which) : name(std::move(what)), type(which) {}

  Name name;
  std::uint16_t type = 0;
  auto operator<=>(const Question&) const = default;
};

struct Record {
  Name owner;
  std::uint16_t type = 0;
  std::uint16_t rr_class = 1;
  std::uint32_t ttl = 0;
  Bytes rdata;  // wire form; names that may be compressed are uncompressed and in lower case
  bool operator==(const Record&) const = default;
};

struct QueryFlags {
  bool recursion_desired = false;  // false to authoritative servers, true to a resolver
  bool dnssec_ok = true;           // EDNS DO (RFC 3225)
  bool authentic_data = false;     // AD=1 in the query (RFC 6840 section 5.7)
  bool checking_disabled = false;
  bool edns = true;  // OPT with 1232 octets (RFC 6891 section 6.2.5)
};

[[nodiscard]] Bytes make_query(std::uint16_t id, const Question& question, const QueryFlags& flags);

// The change of one RRset, with all that was observed as its prerequisite (RFC 2136 sections 2.4.2, 2.4.3).
struct RrsetChange {
  Name owner;
  std::optional<Rrset> observed;  // none: must not exist
  TlsaRecords remove;             // class NONE, exact (2.5.4); first in the message
  TlsaRecords add;                // class IN with `ttl` (2.5.1)
  std::uint32_t ttl = 0;          // seconds, of what is added
  bool operator==(const RrsetChange&) const = default;
};

struct Update {
  Name zone;
  std::vector<RrsetChange> changes;
  bool operator==(const Update&) const = default;
};

// What an UPDATE may measure before it is signed: 65,535 octets (RFC 1035 section 4.2.2) less the longest
// TSIG RR.
inline constexpr std::size_t max_update_size = 65535 - 371;

// All removals stand before all additions (RFC 2136 section 3.4.2 applies them in order, some servers do
// not). Owners are compressed against the zone's name. Errors: bad_data when the message would exceed
// max_update_size, internal when an owner is not in the zone (section 2.3).
[[nodiscard]] Result<Bytes> make_update(std::uint16_t id, const Update& update);

struct Message {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;
  std::uint16_t rcode = 0;  // extended (RFC 6891 section 6.1.3)
  bool is_response = false, authoritative = false, truncated = false, recursion_available = false,
       authentic = false;
  std::vector<Question> questions;                    // Zone section of an UPDATE
  std::vector<Record> answer, authority, additional;  // without OPT and TSIG
  bool has_edns = false;
  std::optional<std::uint64_t> signed_at;  // seconds since 1970, by the server's clock, when a TSIG verified
};

// Error protocol: malformed, with what and at which octet. A header alone is a message (NSD answers so), also
// with TC set; octets behind the last record, two OPTs and a TSIG that is not last are not.
[[nodiscard]] Result<Message> parse_message(ByteView wire);

// RDATA readers; error protocol when malformed.
struct Soa {
  Name mname;
  std::uint32_t serial = 0, minimum = 0;
};
[[nodiscard]] Result<Soa> soa_of(const Record& record);
inline constexpr std::size_t max_aliases = 8;                // CNAMEs and DNAMEs in a row that are followed
[[nodiscard]] Result<Name> target_of(const Record& record);  // NS, CNAME, DNAME, MX exchange, SRV target
// The address in the RDATA of an A or AAAA record; nothing for other types and other lengths.
[[nodiscard]] std::optional<boost::asio::ip::address> address_in(std::uint16_t type, ByteView rdata);
[[nodiscard]] Result<boost::asio::ip::address> address_of(const Record& record);  // A, AAAA
// Those of one RRset in a section.
[[nodiscard]] std::vector<Record> records_at(const std::vector<Record>& section, const Name& owner,
                                             std::uint16_t type);

}  // namespace tlsa_update::dns
