#include "judge.hpp"

#include <utility>

#include "refusal.hpp"
#include "tlsa_update/core/time.hpp"

namespace tlsa_update::dns {
namespace {

Judgement stray(const Asked& asked, std::string what) {
  return {Judgement::Kind::stray, false, Error{ErrorCode::protocol, std::move(what), asked.server, {}}, {}};
}

Judgement bad(const Asked& asked, bool certain, ErrorCode code, std::string what, std::string advice = {}) {
  return {Judgement::Kind::bad, certain, Error{code, std::move(what), asked.server, std::move(advice)}, {}};
}

Judgement about(Topic topic, Judgement judgement) {
  judgement.error->topic = topic;
  return judgement;
}

std::string clock_text(std::uint64_t seconds) {
  return rfc3339(Time{Seconds{static_cast<std::int64_t>(seconds)}});
}

// "2026-11-21T22:26:40Z, ours 2026-11-21T23:26:40Z, 3600 s later"
std::string both_clocks(std::uint64_t theirs, std::uint64_t ours) {
  const auto apart = ours > theirs ? std::to_string(ours - theirs) + " s later"
                                   : std::to_string(theirs - ours) + " s earlier";
  return clock_text(theirs) + ", ours " + clock_text(ours) + ", " + apart;
}

// RFC 8945 section 5.4: a peer's TSIG error is reported, but nobody has signed it (except BADTIME).
std::string reported(const Message& message, const TsigResult& tsig, const char* error) {
  return rcode_of(message, tsig.authentic) + " with TSIG error " + error;
}

// Knot answers so also to a good key that its acl does not allow to do what it asks.
Judgement bad_key(const Asked& asked, const Message& message, const TsigResult& tsig) {
  const bool update = asked.opcode == opcode::update;
  return about(
      Topic::key,
      bad(asked, tsig.authentic, ErrorCode::refused,
          reported(message, tsig, "BADKEY") + ": the server does not take " + asked.key->label(),
          "its name or algorithm differs from the server's, or " +
              (update ? "the server's policy must grant it " + asked.wish : "it is not allowed to do this")));
}

Judgement forwarding_failed(const Asked& asked, const Message& message, const TsigResult& tsig) {
  return {Judgement::Kind::servfail,
          false,
          Error{ErrorCode::no_answer, reported(message, tsig, std::to_string(tsig.peer_error).c_str()),
                asked.server, "a secondary that forwards? name the primary with --server", Topic::tsig},
          {}};
}

// RFC 8945 section 5.4.3: say both clocks, set neither.
Judgement bad_time(const Asked& asked, const Message& message, const TsigResult& tsig, std::uint64_t now) {
  std::string what = reported(message, tsig, "BADTIME") + " for " + asked.key->label() + ": ";
  what += tsig.server_time ? "the server's clock says " + both_clocks(*tsig.server_time, now)
                           : "the server does not say its clock, ours says " + clock_text(now);
  return about(Topic::clock,
               bad(asked, tsig.authentic, ErrorCode::refused, what,
                   "set the clocks right; " + std::to_string(tsig_fudge) + " s of difference are allowed"));
}

Judgement refused(const Asked& asked, const Message& message, bool certain) {
  return {Judgement::Kind::bad, certain, refusal(asked, message, certain), {}, message.rcode};
}

Judgement failed(const Asked& asked, const Message& message, bool certain) {
  return {Judgement::Kind::servfail, certain, server_failure(asked, message, certain), {}};
}

// Of a query that was signed: some servers know no TSIG.
std::string without_signatures(const Asked& asked) {
  return asked.key && asked.opcode == opcode::query ? "--no-sign-queries asks it without TSIG" : "";
}

// An answer that may be believed as far as it goes: verified, or there was nothing to verify.
Judgement by_rcode(const Asked& asked, Message message) {
  const bool update = asked.opcode == opcode::update;
  const auto code = message.rcode;
  if (code == rcode::servfail && !asked.servfail_is_an_answer) return failed(asked, message, true);
  if (code == rcode::formerr || code == rcode::badvers)
    return bad(asked, true, ErrorCode::protocol,
               rcode_text(code) + ": the server does not understand the request", without_signatures(asked));
  const bool prerequisite =
      code == rcode::nxdomain || code == rcode::yxdomain || code == rcode::yxrrset || code == rcode::nxrrset;
  if (update && code != rcode::noerror && !prerequisite) return refused(asked, message, true);
  return {Judgement::Kind::answer, true, {}, std::move(message)};
}

// RFC 8945 section 5.4: a signed request, an unsigned answer. It never counts; its RCODE is still reported.
Judgement unsigned_answer(const Asked& asked, const Message& message) {
  switch (message.rcode) {
    case rcode::refused:
    case rcode::notauth:
    case rcode::notimp:
    case rcode::notzone:
      return refused(asked, message, false);
    case rcode::servfail:
      return failed(asked, message, false);
    default: {
      const auto plain = without_signatures(asked);
      return bad(asked, false, ErrorCode::protocol,
                 rcode_of(message, false) + ": the request was signed, the answer is not",
                 "forged, or a server without TSIG" + (plain.empty() ? "" : ": " + plain));
    }
  }
}

// The TSIG of an answer does not verify, or tells of trouble with that of the request.
Judgement bad_tsig(const Asked& asked, const Message& message, const TsigResult& tsig, std::uint64_t now) {
  const std::string key = asked.key->label();
  switch (tsig.verdict) {
    case TsigVerdict::peer_badsig:
      return bad(asked, tsig.authentic, ErrorCode::refused,
                 reported(message, tsig, "BADSIG") + ": the server has a different secret for " + key,
                 "compare the secrets");
    case TsigVerdict::peer_badtrunc:
      return bad(asked, tsig.authentic, ErrorCode::refused,
                 reported(message, tsig, "BADTRUNC") + ": the server wants a longer MAC of " + key);
    case TsigVerdict::peer_other_error:
      return bad(asked, tsig.authentic, ErrorCode::protocol,
                 reported(message, tsig, std::to_string(tsig.peer_error).c_str()) + " for " + key);
    case TsigVerdict::other_key:
      return bad(asked, false, ErrorCode::protocol, "the answer is signed with another key than " + key);
    case TsigVerdict::bad_mac:
      return bad(asked, false, ErrorCode::protocol, "the answer's signature does not verify under " + key,
                 "altered on the way, or signed with another secret");
    case TsigVerdict::bad_time:
      return bad(
          asked, false, ErrorCode::protocol,
          "the answer was signed at another time than now: " + both_clocks(tsig.server_time.value_or(0), now),
          "set the clocks right");
    default:
      return bad(asked, false, ErrorCode::protocol, "the answer's TSIG record is malformed");
  }
}

Judgement by_tsig(const Asked& asked, Message message, const TsigResult& tsig, std::uint64_t now) {
  switch (tsig.verdict) {
    case TsigVerdict::good:
      message.signed_at = tsig.server_time;
      return by_rcode(asked, std::move(message));
    case TsigVerdict::unsigned_answer:
      return unsigned_answer(asked, message);
    case TsigVerdict::peer_badkey:
      return bad_key(asked, message, tsig);
    case TsigVerdict::peer_badtime:
      return bad_time(asked, message, tsig, now);
    case TsigVerdict::bad_time:
      return about(Topic::clock, bad_tsig(asked, message, tsig, now));
    case TsigVerdict::bad_mac:
      // RFC 8945 section 5.4: only NOTAUTH may say why without a MAC. BIND's forwarding secondary says it so.
      if (tsig.peer_error != 0 && message.rcode == rcode::servfail)
        return forwarding_failed(asked, message, tsig);
      [[fallthrough]];
    default:
      return about(Topic::tsig, bad_tsig(asked, message, tsig, now));
  }
}

// RFC 7766 section 7 and RFC 5452 section 9.1. Refusals may come as a bare header (NSD to an UPDATE); an
// answer that could matter must repeat its question where a stranger could have sent it.
bool question_fits(const Asked& asked, const Message& message) {
  if (message.questions.empty()) {
    const bool positive = message.rcode == rcode::noerror || message.rcode == rcode::nxdomain;
    return asked.opcode == opcode::update || !asked.over_udp || asked.key != nullptr || !positive;
  }
  return message.questions.size() == 1 && message.questions.front() == asked.question;
}

}  // namespace

Judgement judge(const Asked& asked, Message message, const std::optional<TsigResult>& tsig,
                std::uint64_t now) {
  if (message.id != asked.id) return {};
  if (!question_fits(asked, message)) return stray(asked, "the answer is to another question");
  if (!message.is_response)
    return bad(asked, false, ErrorCode::protocol, "a request came where an answer was due");
  if (message.opcode != asked.opcode)
    return bad(
        asked, false, ErrorCode::protocol,
        "the answer has opcode " + std::to_string(message.opcode) + ", not " + std::to_string(asked.opcode));
  if (message.truncated && !asked.over_udp)
    return bad(asked, false, ErrorCode::protocol, "the answer is truncated although it came over TCP");
  // RFC 2181 section 9: it is ignored, whatever it says. Whoever says TC can only make us use TCP, so it need
  // not be authentic (RFC 8945 section 5.3: no room for the TSIG); an UPDATE has prerequisites that make a
  // second one harmless.
  if (message.truncated) return {Judgement::Kind::truncated, true, {}, {}};
  // RFC 6891 section 7: once more without OPT.
  const bool no_edns =
      message.rcode == rcode::formerr || message.rcode == rcode::notimp || message.rcode == rcode::badvers;
  const bool about_tsig =
      tsig && tsig->verdict != TsigVerdict::good && tsig->verdict != TsigVerdict::unsigned_answer;
  if (asked.edns && no_edns && !about_tsig) return {Judgement::Kind::no_edns, true, {}, {}};
  return tsig ? by_tsig(asked, std::move(message), *tsig, now) : by_rcode(asked, std::move(message));
}

Judgement judge(const Asked& asked, ByteView wire, std::uint64_t now) {
  if (wire.size() < 2 || wire[0] * 256 + wire[1] != asked.id) return {};
  auto message = parse_message(wire);
  if (!message) return bad(asked, false, message.error().code, message.error().what, message.error().advice);
  std::optional<TsigResult> tsig;
  if (asked.key) tsig = verify(wire, *asked.key, asked.mac, now);
  return judge(asked, std::move(*message), tsig, now);
}

}  // namespace tlsa_update::dns
