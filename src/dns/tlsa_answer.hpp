// What one answer to a question about a TLSA owner says, as a pure function of the message. Judges only this
// one answer: whether a wildcard gave it, where it does not tell, takes further questions (inquiry.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

struct TlsaAnswer {
  enum class Kind {
    data,       // TLSA records, the owner's own or a wildcard's
    no_data,    // NOERROR without TLSA: the name exists, or a wildcard covers it
    no_name,    // NXDOMAIN: the name does not exist and no wildcard covers it (RFC 4592 section 2.2.1)
    alias,      // a CNAME at the name, or a DNAME above it: `target`
    delegated,  // a referral: the name is at or below `cut`, whose zone this server does not hold
  };
  Kind kind = Kind::no_data;
  std::optional<Rrset> rrset;  // of `data`
  bool has_rrsig = false;
  bool mixed_ttl = false;
  // RRSIG Labels of what answered: how many labels the owner had in the zone, "*" not counted (RFC 4034
  // section 3.1.3). Nothing without a signature.
  std::optional<std::size_t> signed_labels;
  std::optional<Name> zone;  // when the answer tells: SOA of a negative answer, or the signer
  Name target;
  std::uint32_t alias_ttl = 0;  // of `alias`
  bool by_dname = false;
  Name cut;

  bool operator==(const TlsaAnswer&) const = default;
};

// `message` answers "TLSA of `name`?" from `server` (for errors). Errors: refused (REFUSED, NOTAUTH, NOTIMP;
// an answer that is not authoritative), no_answer (SERVFAIL), protocol (other RCODEs, malformed RDATA),
// bad_data (a DNAME whose target would be too long, RFC 6672 section 2.2).
[[nodiscard]] Result<TlsaAnswer> read_tlsa_answer(const Message& message, const Name& name,
                                                  const std::string& server);

// Does RRSIG Labels `signed_labels` mean that `name` itself owns the data (RFC 4035 section 5.3.4)?
[[nodiscard]] bool is_own(const Name& name, std::size_t signed_labels);

// The error that an RCODE other than NOERROR and NXDOMAIN stands for.
[[nodiscard]] std::optional<Error> rcode_error(const Message& message, const Question& question,
                                               const std::string& server);

// The zone that a negative answer about `name` names: an SOA in the authority section at or above `name`.
[[nodiscard]] std::optional<Name> zone_of_negative(const Message& message, const Name& name);

}  // namespace tlsa_update::dns
