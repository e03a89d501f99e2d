// AXFR (RFC 5936) as a stream decoder: a pure function of messages, key and time. Verifies the TSIG of the
// stream (RFC 8945 section 5.3.1), walks the wire, and keeps only what is asked for; memory does not grow
// with the zone's other records. Any fault ends the transfer with nothing used. A connection that ends before
// next() said true is a fault as well, which the caller sees.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/message.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns {

// What a complete transfer left: the TLSA RRsets and what decides whether they are answered at all.
struct TransferredZone {
  Name apex;
  std::uint32_t serial = 0, soa_ttl = 0, soa_minimum = 0;
  bool is_signed = false;  // a DNSKEY at the apex
  std::map<Name, Rrset> tlsa;
  std::set<Name> mixed_ttl;           // TLSA owners whose TTLs differed; their Rrset has the lowest
  std::set<Name> signed_tlsa;         // TLSA owners with an RRSIG that covers TLSA
  std::map<Name, Name> cname, dname;  // owner to target
  std::set<Name> cuts;                // NS owners below the apex
  std::set<Name> wildcards;           // every "*." name that owns anything or has a name below it
  std::set<Name> existing;  // of `interesting`: the names that own anything, or have a name below them
  std::map<Name, std::vector<boost::asio::ip::address>> addresses;  // of `interesting`: their A records
  std::size_t out_of_zone = 0;   // records whose owner is not in the zone: ignored
  bool soa_ttls_differ = false;  // of the opening and the closing SOA
  std::size_t messages = 0, records = 0;
};

// Below a delegation or a DNAME, so never answered (RFC 2136 section 7.18, RFC 5936 section 3.5; a DNAME may
// stand at the apex: RFC 6672 section 2.3).
[[nodiscard]] bool is_occluded(const TransferredZone& zone, const Name& owner);

class RecordSieve;  // src/dns/record_sieve.hpp

class AxfrStream {
 public:
  // `id` and `request_mac`: of the request. `key`: what it was signed with, or null; must outlive the stream.
  // `interesting`: names whose existence matters (TLSA base domains); kept small.
  AxfrStream(Name zone, std::uint16_t id, const TsigKey* key, Bytes request_mac,
             std::set<Name> interesting = {});
  ~AxfrStream();
  AxfrStream(AxfrStream&&) noexcept;
  AxfrStream& operator=(AxfrStream&&) noexcept;

  // The server has signed other answers with the key: a refusal without a reason is not about the key then.
  void note_key_known() { is_key_known_ = true; }

  // true: complete, take result(). Errors: protocol (anything against the RFCs), refused (RCODE, or what the
  // TSIG error says), no_answer (SERVFAIL). After an error or completion every further message is an error.
  [[nodiscard]] Result<bool> next(ByteView message, std::uint64_t now);

  [[nodiscard]] const TransferredZone& result() const { return zone_; }  // empty until next() said true

 private:
  Result<bool> take(ByteView message, std::uint64_t now);
  [[nodiscard]] Error refusal(ByteView wire, const std::optional<TsigResult>& tsig, std::uint64_t now) const;

  Name apex_;
  std::uint16_t id_;
  const TsigKey* key_;
  bool is_key_known_ = false;
  std::optional<TsigStream> tsig_;
  std::unique_ptr<RecordSieve> sieve_;  // gone once the transfer has ended, either way
  std::size_t messages_ = 0;
  TransferredZone zone_;
};

}  // namespace tlsa_update::dns
