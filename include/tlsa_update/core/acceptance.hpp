// The one judge: does a client that holds this RRset accept this chain? Every command, report and metric asks
// here. Judges RRsets and chains; knows no clock and no ownership. Names, dates, purpose and the path, which
// count for usages 0 to 2, are OpenSSL's verdict on each record alone (ChainJudge), for what is served as for
// what is to be served.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/chain_judge.hpp"
#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/tlsa.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

// Something that clients are, or may be, presented with: a chain that a probe met, or a given credential.
struct Served {
  const Chain* chain = nullptr;
  const Credential* credential = nullptr;  // instead of a chain: a bare key
  std::string where;                       // "mail.example.com at 192.0.2.9"
  std::vector<std::string> addresses;      // of all that present it
  bool is_verified = false;                // OpenSSL accepted it by the published records
  bool is_refused = false;                 // OpenSSL accepted it by none of them
  bool names_fit = true;                   // the leaf is for the host, or for the domain that leads to it
  bool is_smtp = false;
  const ChainJudge* judge = nullptr;  // none: names and dates of the leaf are all that counts
  std::vector<Name> names = {};       // by which clients come; for the judge

  [[nodiscard]] static Served of(const Credential& given);
  [[nodiscard]] static Served of(const ServiceEvidence& evidence, const Presented& presented,
                                 const ChainJudge* judge = nullptr);

  // By its data alone. Whether clients look at the record is for accept() to say.
  [[nodiscard]] bool is_matched_by(const TlsaRecord& record) const;
  [[nodiscard]] bool is_matched_by_any(const TlsaRecords& records) const;

  // Why a client that finds this record, which matches, refuses the chain all the same; nothing when it does
  // not.
  [[nodiscard]] std::optional<std::string> refusal_by(const TlsaRecord& record) const;
  // By this record alone.
  [[nodiscard]] bool is_accepted_by(const TlsaRecord& record) const;
  [[nodiscard]] bool is_accepted_by_any(const TlsaRecords& records) const;
};

// The public key, which tells one credential from every other.
[[nodiscard]] const Selected& key_of(const Credential& credential);

// Can a client make anything of it? Others are as good as absent (RFC 7671 section 4, RFC 6698 section 4.1).
[[nodiscard]] bool is_usable(const TlsaRecord& record);

// Why clients accept a chain by an RRset, or why not.
struct Acceptance {
  std::optional<TlsaRecord> by;          // they do, by this record; of several the first
  std::optional<TlsaParameters> unused;  // no `by`: a record of these would do, and clients pass it over ...
  std::optional<TlsaRecord> stronger;    // ... since this one is there (digest agility)
  bool has_usable = false;               // false: there is nothing that a client could use
  std::string refusal = {};  // no `by`: why OpenSSL does not accept the chain, where a record matches
  bool operator==(const Acceptance&) const = default;

  [[nodiscard]] bool is_given() const { return by.has_value(); }
};

// RFC 7671 section 9: of the records that share usage and selector a client uses those of the strongest
// digest, and those of matching type 0. With usages 0 to 2 names count too (section 5.2), and SMTP clients
// take no record of usages 0 and 1 (RFC 7672 section 3.1.3). With `now` dates count for usages 0 to 2.
[[nodiscard]] Acceptance accept(const TlsaRecords& rrset, const Served& served,
                                std::optional<Time> now = std::nullopt);

// What clients of one address make of what it presents.
enum class Dane {
  ok,
  mismatch,     // some RRset of the name that they may be given does not accept the chain
  unreachable,  // no connection, or the dialogue broke off
  no_tls,       // the service talks and offers no TLS
  not_offered,  // TLS, and no certificate of this kind: nothing to judge
  no_records,   // a chain, and no RRset to judge it by
};

[[nodiscard]] std::string_view text(Dane dane);  // a fixed word for json: "no-tls"

// An RRset that does not accept a chain, and whose it is.
struct Refusal {
  std::string server;   // "ns2.example.com."; "resolver"; empty for the primary
  std::string address;  // "192.0.2.2@53"
  Acceptance acceptance;
  bool operator==(const Refusal&) const = default;
};

struct EndpointVerdict {
  Dane dane = Dane::no_records;
  std::optional<TlsaRecord> matched;  // the record at the primary by which clients accept the chain
  std::vector<Refusal> refusals;      // the primary's first
  bool operator==(const EndpointVerdict&) const = default;
};

// Borrows the zones, which were observed along with the evidence. Set up in n log n of their names.
class EndpointJudge {
 public:
  explicit EndpointJudge(const std::vector<ZoneView>& zones, const ChainJudge* judge = nullptr,
                         bool counts_resolvers = true);

  // By the worst RRset of the service's name: the primary's, that of any authoritative server, or a
  // resolver's, since clients may be given each of them.
  [[nodiscard]] EndpointVerdict on(const ServiceEvidence& evidence, const Presented& presented) const;

 private:
  struct Held {
    std::string server;  // as in Refusal
    std::string address;
    const Rrset* rrset;
  };
  const ChainJudge* judge_;
  std::map<Name, std::vector<Held>> by_asked_;
};

}  // namespace tlsa_update
