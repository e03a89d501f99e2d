// What an answer amounts to: does it belong to the request, does it count, and if not, what is the trouble
// and what should the administrator do. A pure function of octets, key and time. It never lets an answer
// count that does not verify under the key which signed the request (RFC 8945 section 5.4).
#pragma once

#include <optional>
#include <string>

#include "tlsa_update/dns/message.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns {

namespace opcode {
inline constexpr std::uint8_t query = 0, update = 5;
}

// What was asked, as far as the answer must fit it.
struct Asked {
  std::uint16_t id = 0;
  std::uint8_t opcode = opcode::query;
  Question question;             // the Zone section of an UPDATE
  const TsigKey* key = nullptr;  // signed with it, and so must the answer be; none: unsigned answers count
  bool is_key_known = false;     // an answer of this server has verified under it
  Bytes mac;                     // of the request
  bool over_udp = false;
  bool edns = false;  // an OPT was sent
  bool servfail_is_an_answer = false;
  std::string server;  // "192.0.2.1@53"
  std::string wish;    // of an UPDATE: "TLSA at _25._tcp.mx.example.", what a policy must grant
};

struct Judgement {
  enum class Kind {
    answer,     // counts; `message` is set
    stray,      // no answer to this request: drop it and wait on
    truncated,  // TC over UDP: ask again over TCP (an UPDATE too)
    no_edns,    // the server cannot do EDNS: ask again without
    servfail,   // ask again; `error` when this was the last time
    bad,        // `error`
  } kind = Kind::stray;
  bool certain = false;        // nothing better can follow: it verified, or it parsed and nothing was signed
  std::optional<Error> error;  // bad, servfail, and strays that have the right ID
  std::optional<Message> message;
  std::uint16_t rcode = 0;  // bad because the server refuses with it; else 0
};

// The judgement of a parsed answer; `tsig` is present exactly when the request was signed.
[[nodiscard]] Judgement judge(const Asked& asked, Message message, const std::optional<TsigResult>& tsig,
                              std::uint64_t now);

// The same for octets as they came: ID, format, TSIG on the raw octets, then the above.
[[nodiscard]] Judgement judge(const Asked& asked, ByteView wire, std::uint64_t now);

}  // namespace tlsa_update::dns
