#include "judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_server.hpp"

namespace tlsa_update::dns {
namespace judge_test {

using Kind = Judgement::Kind;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint64_t noon = 1'795'300'000;

// What an answer came with. The TSIG results are those that verify() gives for what each server sends.
enum class Tsig {
  good,
  none,
  badkey,
  badkey_with_other_rcode,
  badsig,
  badtime,
  badtime_unsigned,
  badtrunc,
  bad_mac,
  late,
  other_key,
  broken
};

TsigResult result_of(Tsig tsig) {
  switch (tsig) {
    case Tsig::good:
      return {TsigVerdict::good, true, 0, {}, {}};
    case Tsig::none:
      return {TsigVerdict::unsigned_answer, false, 0, {}, {}};
    case Tsig::badkey:
      return {TsigVerdict::peer_badkey, false, 17, {}, {}};
    case Tsig::badkey_with_other_rcode:
      return {TsigVerdict::bad_mac, false, 17, {}, {}};
    case Tsig::badsig:
      return {TsigVerdict::peer_badsig, false, 16, {}, {}};
    case Tsig::badtime:
      return {TsigVerdict::peer_badtime, true, 18, noon + 3600, {}};
    case Tsig::badtime_unsigned:
      return {TsigVerdict::peer_badtime, false, 18, noon + 3600, {}};
    case Tsig::badtrunc:
      return {TsigVerdict::peer_badtrunc, true, 22, {}, {}};
    case Tsig::bad_mac:
      return {TsigVerdict::bad_mac, false, 0, {}, {}};
    case Tsig::late:
      return {TsigVerdict::bad_time, true, 0, noon - 301, {}};
    case Tsig::other_key:
      return {TsigVerdict::other_key, false, 0, {}, {}};
    case Tsig::broken:
      return {TsigVerdict::malformed, false, 0, {}, {}};
  }
  return {};
}

Asked asked(std::uint8_t opcode, const TsigKey* key) {
  Asked asked;
  asked.id = 4711;
  asked.opcode = opcode;
  asked.question = {test::name("example.test"), type::soa};
  asked.key = key;
  asked.server = "192.0.2.1@53";
  asked.wish = "TLSA at _25._tcp.mx.example.test.";
  return asked;
}

Message answer(const Asked& asked, std::uint16_t rcode, bool bare_header = false) {
  Message message;
  message.id = asked.id;
  message.opcode = asked.opcode;
  message.rcode = rcode;
  message.is_response = true;
  if (!bare_header) message.questions = {asked.question};
  return message;
}

struct Row {
  const char* server;
  const char* situation;
  std::uint8_t opcode;
  std::uint16_t rcode;
  Tsig tsig;
  Kind kind;
  bool certain;
  std::optional<ErrorCode> code;
  const char* text;
  bool bare_header = false;
};

constexpr auto update = opcode::update, query = opcode::query;
constexpr auto refused = ErrorCode::refused, protocol = ErrorCode::protocol, no_answer = ErrorCode::no_answer;

const Row rows[] = {
    {"BIND", "the change is done", update, rcode::noerror, Tsig::good, Kind::answer, true, {}, ""},
    {"BIND", "unknown key or wrong algorithm", update, rcode::notauth, Tsig::badkey, Kind::bad, false,
     refused,
     "BADKEY: the server does not take key update.example. (hmac-sha256); its name or algorithm differs"},
    {"BIND", "wrong secret", update, rcode::notauth, Tsig::badsig, Kind::bad, false, refused,
     "BADSIG: the server has a different secret for key update.example. (hmac-sha256)"},
    {"BIND", "clocks differ", update, rcode::notauth, Tsig::badtime, Kind::bad, true, refused,
     "BADTIME for key update.example. (hmac-sha256): the server's clock says 2026-11-21T23:26:40Z, ours "
     "2026-11-21T22:26:40Z, 3600 s earlier"},
    {"BIND", "wants a longer MAC", update, rcode::notauth, Tsig::badtrunc, Kind::bad, true, refused,
     "BADTRUNC"},
    {"BIND", "policy denies, zone frozen, updates off, secondary", update, rcode::refused, Tsig::good,
     Kind::bad, true, refused,
     "REFUSED: key update.example. (hmac-sha256) may not change TLSA at _25._tcp.mx.example.test."},
    {"BIND", "unsigned UPDATE", update, rcode::refused, Tsig::none, Kind::bad, false, refused,
     "unauthenticated answer REFUSED"},
    {"BIND", "zone not served", update, rcode::notauth, Tsig::good, Kind::bad, true, refused,
     "NOTAUTH: the key is right, but the server is not the primary of zone example.test."},
    {"BIND", "owner outside the zone", update, rcode::notzone, Tsig::good, Kind::bad, true, refused,
     "NOTZONE: TLSA at _25._tcp.mx.example.test. is not in zone example.test."},
    {"BIND", "TSIG CLASS IN: FORMERR without TSIG", update, rcode::formerr, Tsig::none, Kind::bad, false,
     protocol, "unauthenticated answer FORMERR"},
    {"BIND", "secondary that forwards and does not know the key", update, rcode::servfail,
     Tsig::badkey_with_other_rcode, Kind::servfail, false, no_answer, "a secondary that forwards?"},
    {"BIND", "101st record, unwritable journal", update, rcode::servfail, Tsig::good, Kind::servfail, true,
     no_answer,
     "SERVFAIL: the server fails to change TLSA at _25._tcp.mx.example.test.; see the server's log"},
    {"BIND", "the zone is not loaded", query, rcode::servfail, Tsig::good, Kind::servfail, true, no_answer,
     "SERVFAIL: the server fails to answer SOA at example.test.; see the server's log"},
    {"BIND", "somebody else was faster", update, rcode::nxrrset, Tsig::good, Kind::answer, true, {}, ""},
    {"BIND", "somebody else added first", update, rcode::yxrrset, Tsig::good, Kind::answer, true, {}, ""},
    {"BIND", "signed FORMERR", update, rcode::formerr, Tsig::good, Kind::bad, true, protocol,
     "FORMERR: the server does not understand"},
    {"Knot", "the acl denies", update, rcode::notauth, Tsig::badkey, Kind::bad, false, refused,
     "or the server's policy must grant it TLSA at _25._tcp.mx.example.test."},
    {"Knot", "the acl denies (newer), or zone not served", update, rcode::notauth, Tsig::none, Kind::bad,
     false, refused,
     "unauthenticated answer NOTAUTH: the server does not take key update.example. (hmac-sha256) for TLSA at "
     "_25._tcp.mx.example.test.; the server signs no reason; the likeliest first: (1) the server has another "
     "name, secret or algorithm for the key, or the clocks differ by more than 300 s; (2) its "
     "policy "
     "does not let the key change TLSA at _25._tcp.mx.example.test. (Knot: acl; PowerDNS: "
     "TSIG-ALLOW-DNSUPDATE, "
     "allow-dnsupdate-from); (3) it is not the primary of zone example.test. (--server, --zone"},
    {"Knot", "unknown key (newer)", query, rcode::notauth, Tsig::none, Kind::bad, false, refused,
     "NOTAUTH: the server does not take key update.example. (hmac-sha256) for SOA at example.test.; "},
    {"Knot", "wrong secret", update, rcode::notauth, Tsig::badsig, Kind::bad, false, refused, "BADSIG"},
    {"Knot", "clocks differ", update, rcode::notauth, Tsig::badtime, Kind::bad, true, refused, "BADTIME"},
    {"Knot", "owner outside the zone", update, rcode::notzone, Tsig::good, Kind::bad, true, refused,
     "NOTZONE"},
    {"Knot", "zone frozen", update, rcode::refused, Tsig::good, Kind::bad, true, refused,
     "is the zone frozen"},
    {"Knot", "bystander of a bad bulk", update, rcode::servfail, Tsig::good, Kind::servfail, true, no_answer,
     "SERVFAIL"},
    {"NSD", "no updates: a bare header, unsigned", update, rcode::notimp, Tsig::none, Kind::bad, false,
     refused, "unauthenticated answer NOTIMP: the server does not take updates of zone example.test.", true},
    {"NSD", "clocks differ, unsigned against RFC 8945 5.2.3", query, rcode::notauth, Tsig::badtime_unsigned,
     Kind::bad, false, refused, "unauthenticated answer NOTAUTH with TSIG error BADTIME", true},
    {"NSD", "unknown key, no question section", query, rcode::notauth, Tsig::badkey, Kind::bad, false,
     refused, "BADKEY", true},
    {"NSD", "zone not served", query, rcode::notauth, Tsig::good, Kind::answer, true, {}, ""},
    {"PowerDNS", "unknown key, wrong secret, clocks differ, updates off", update, rcode::refused, Tsig::none,
     Kind::bad, false, refused, "(1) the server has another name, secret or algorithm for the key"},
    {"PowerDNS", "the key is not in TSIG-ALLOW-DNSUPDATE", update, rcode::refused, Tsig::good, Kind::bad,
     true, refused, "REFUSED: key update.example. (hmac-sha256) may not change TLSA at"},
    {"PowerDNS", "zone not served", update, rcode::notauth, Tsig::none, Kind::bad, false, refused,
     "unauthenticated answer NOTAUTH"},
    {"PowerDNS", "query with an unknown key", query, rcode::notauth, Tsig::none, Kind::bad, false, refused,
     "unauthenticated answer NOTAUTH"},
    {"PowerDNS", "no primary answers the forwarder", update, rcode::servfail, Tsig::none, Kind::servfail,
     false, no_answer, "unauthenticated answer SERVFAIL"},
    {"old server", "it does not know TSIG", query, rcode::formerr, Tsig::none, Kind::bad, false, protocol,
     "FORMERR: the request was signed, the answer is not; forged, or a server without TSIG: "
     "--no-sign-queries"},
    {"old server", "it does not know TSIG, and signs", query, rcode::formerr, Tsig::good, Kind::bad, true,
     protocol, "FORMERR: the server does not understand the request; --no-sign-queries"},
    {"old server", "it ignores TSIG", query, rcode::noerror, Tsig::none, Kind::bad, false, protocol,
     "--no-sign-queries asks it without TSIG"},
    {"old server", "it does not implement TSIG", query, rcode::notimp, Tsig::none, Kind::bad, false, refused,
     "--no-sign-queries asks it unsigned"},
    {"anyone", "the name does not exist", query, rcode::nxdomain, Tsig::good, Kind::answer, true, {}, ""},
    {"anyone", "a query is refused", query, rcode::refused, Tsig::good, Kind::answer, true, {}, ""},
    {"stranger", "NOERROR without a signature", update, rcode::noerror, Tsig::none, Kind::bad, false,
     protocol, "the request was signed, the answer is not"},
    {"stranger", "NXRRSET without a signature", update, rcode::nxrrset, Tsig::none, Kind::bad, false,
     protocol, "unauthenticated answer NXRRSET"},
    {"stranger", "NXDOMAIN without a signature", query, rcode::nxdomain, Tsig::none, Kind::bad, false,
     protocol, "unauthenticated answer NXDOMAIN"},
    {"stranger", "an unheard-of RCODE", update, 23, Tsig::none, Kind::bad, false, protocol, "RCODE23"},
    {"stranger", "a bad MAC", update, rcode::noerror, Tsig::bad_mac, Kind::bad, false, protocol,
     "does not verify under key update.example. (hmac-sha256)"},
    {"stranger", "a bad MAC on a refusal", update, rcode::refused, Tsig::bad_mac, Kind::bad, false, protocol,
     "does not verify"},
    {"stranger", "an old answer again", update, rcode::noerror, Tsig::late, Kind::bad, false, protocol,
     "signed at another time than now: 2026-11-21T22:21:39Z, ours 2026-11-21T22:26:40Z, 301 s later"},
    {"stranger", "signed with another key (RFC 8945 5.4.1)", update, rcode::noerror, Tsig::other_key,
     Kind::bad, false, protocol, "another key"},
    {"stranger", "a TSIG record that is none", update, rcode::noerror, Tsig::broken, Kind::bad, false,
     protocol, "malformed"},
};

// Nobody has to look for BADTIME in the text.
TEST(Judge, AnErrorHasItsTopic) {
  const auto key = test::key();
  const auto topic_of = [&](std::uint16_t code, Tsig tsig, const TsigKey* used) {
    const auto what = asked(update, used);
    const auto seen = used != nullptr ? std::optional(result_of(tsig)) : std::nullopt;
    return judge(what, answer(what, code), seen, noon).error.value().topic;
  };
  EXPECT_EQ(topic_of(rcode::notauth, Tsig::badtime, key.get()), Topic::clock);
  EXPECT_EQ(topic_of(rcode::noerror, Tsig::late, key.get()), Topic::clock);
  EXPECT_EQ(topic_of(rcode::notauth, Tsig::badkey, key.get()), Topic::key);
  EXPECT_EQ(topic_of(rcode::refused, Tsig::none, key.get()), Topic::key);  // Knot 3.4, PowerDNS
  EXPECT_EQ(topic_of(rcode::notauth, Tsig::badsig, key.get()), Topic::tsig);
  EXPECT_EQ(topic_of(rcode::noerror, Tsig::bad_mac, key.get()), Topic::tsig);
  EXPECT_EQ(topic_of(rcode::servfail, Tsig::badkey_with_other_rcode, key.get()), Topic::tsig);
  EXPECT_EQ(topic_of(rcode::refused, Tsig::good, key.get()), Topic::none);  // the key is right
  EXPECT_EQ(topic_of(rcode::refused, Tsig::none, nullptr), Topic::none);
}

TEST(Judge, TellsWhatEveryServerMeans) {
  const auto key = test::key();
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.server) + ": " + row.situation);
    const auto what = asked(row.opcode, key.get());
    const auto judgement = judge(what, answer(what, row.rcode, row.bare_header), result_of(row.tsig), noon);
    EXPECT_EQ(judgement.kind, row.kind);
    EXPECT_EQ(judgement.certain, row.certain);
    EXPECT_EQ(judgement.message.has_value(), row.kind == Kind::answer);
    ASSERT_EQ(judgement.error.has_value(), row.code.has_value());
    if (!row.code) continue;
    EXPECT_EQ(judgement.error->code, *row.code);
    EXPECT_THAT(judgement.error->text(), AllOf(HasSubstr("192.0.2.1@53: "), HasSubstr(row.text)));
  }
}

TEST(Judge, AnAnswerThatVerifiedTellsTheServersClock) {
  const auto key = test::key();
  const auto what = asked(query, key.get());
  const TsigResult tsig{TsigVerdict::good, true, 0, noon - 42, {}};
  EXPECT_EQ(judge(what, answer(what, rcode::noerror), tsig, noon).message->signed_at, noon - 42);
  const auto plain = asked(query, nullptr);
  EXPECT_EQ(judge(plain, answer(plain, rcode::noerror), {}, noon).message->signed_at, std::nullopt);
}

TEST(Judge, AnUnsignedQuestionTakesUnsignedAnswers) {
  const auto what = asked(query, nullptr);
  for (const auto code : {rcode::noerror, rcode::nxdomain, rcode::refused, rcode::notauth, rcode::notimp}) {
    const auto judgement = judge(what, answer(what, code), {}, noon);
    EXPECT_EQ(judgement.kind, Kind::answer) << code;
    EXPECT_TRUE(judgement.certain) << code;
  }
}

TEST(Judge, OfAResolverServfailIsAnAnswer) {
  auto what = asked(query, nullptr);
  EXPECT_EQ(judge(what, answer(what, rcode::servfail), {}, noon).kind, Kind::servfail);
  what.servfail_is_an_answer = true;
  EXPECT_EQ(judge(what, answer(what, rcode::servfail), {}, noon).kind, Kind::answer);
}

// RFC 6891 sections 6.2.2 and 7.
TEST(Judge, AServerThatCannotDoEdnsIsAskedWithoutIt) {
  auto what = asked(query, nullptr);
  what.edns = true;
  for (const auto code : {rcode::formerr, rcode::notimp, rcode::badvers})
    EXPECT_EQ(judge(what, answer(what, code), {}, noon).kind, Kind::no_edns) << code;
  what.edns = false;
  EXPECT_EQ(judge(what, answer(what, rcode::formerr), {}, noon).error->code, ErrorCode::protocol);
}

// RFC 7766 section 5; RFC 8945 section 5.3: the signed TC answer too.
TEST(Judge, TruncationOverUdpLeadsToTcpAndOverTcpIsAFault) {
  const auto key = test::key();
  auto what = asked(query, key.get());
  auto cut = answer(what, rcode::noerror);
  cut.truncated = true;
  EXPECT_EQ(judge(what, cut, result_of(Tsig::good), noon).error->code, ErrorCode::protocol);
  what.over_udp = true;
  EXPECT_EQ(judge(what, cut, result_of(Tsig::good), noon).kind, Kind::truncated);
  EXPECT_EQ(judge(what, cut, result_of(Tsig::none), noon).kind, Kind::truncated);
}

// RFC 2181 section 9.
TEST(Judge, ATruncatedAnswerToAnUpdateIsIgnoredWhateverItSays) {
  const auto key = test::key();
  auto what = asked(update, key.get());
  what.over_udp = true;
  for (const auto code : {rcode::noerror, rcode::refused, rcode::yxrrset}) {
    auto cut = answer(what, code);
    cut.truncated = true;
    EXPECT_EQ(judge(what, cut, result_of(Tsig::good), noon).kind, Kind::truncated);
    EXPECT_EQ(judge(what, cut, result_of(Tsig::none), noon).kind, Kind::truncated);
  }
}

// A key that the server signs other answers with is right, so its policy comes first.
TEST(Judge, TheLikeliestCauseOfABareRefusalComesFirst) {
  const auto key = test::key();
  auto what = asked(update, key.get());
  what.is_key_known = true;
  for (const auto code : {rcode::notauth, rcode::refused}) {
    const auto text = judge(what, answer(what, code), result_of(Tsig::none), noon).error->text();
    EXPECT_THAT(text, AllOf(HasSubstr("(1) its policy does not let the key change TLSA at _25._tcp.mx"),
                            HasSubstr("(2) it is not the primary of zone example.test."),
                            HasSubstr("(3) the server has another name, secret or algorithm for the key")));
  }
}

TEST(Judge, AnAnswerToSomethingElseIsStray) {
  const auto what = asked(query, nullptr);
  auto other_id = answer(what, rcode::noerror);
  other_id.id = 4712;
  EXPECT_EQ(judge(what, other_id, {}, noon).kind, Kind::stray);
  auto other_name = answer(what, rcode::noerror);
  other_name.questions.front().name = test::name("example.org");
  EXPECT_EQ(judge(what, other_name, {}, noon).kind, Kind::stray);
  auto other_type = answer(what, rcode::noerror);
  other_type.questions.front().type = type::a;
  EXPECT_EQ(judge(what, other_type, {}, noon).kind, Kind::stray);
  auto two_questions = answer(what, rcode::noerror);
  two_questions.questions.push_back(what.question);
  EXPECT_EQ(judge(what, two_questions, {}, noon).kind, Kind::stray);
}

// RFC 5452 section 9.1: over UDP, what could matter must repeat the question, unless it is signed.
TEST(Judge, AnAnswerWithoutItsQuestionCountsWhereNoStrangerCanSendIt) {
  const auto key = test::key();
  auto what = asked(query, nullptr);
  EXPECT_EQ(judge(what, answer(what, rcode::noerror, true), {}, noon).kind, Kind::answer);
  what.over_udp = true;
  EXPECT_EQ(judge(what, answer(what, rcode::noerror, true), {}, noon).kind, Kind::stray);
  EXPECT_EQ(judge(what, answer(what, rcode::refused, true), {}, noon).kind, Kind::answer);
  what.key = key.get();
  EXPECT_EQ(judge(what, answer(what, rcode::noerror, true), result_of(Tsig::good), noon).kind, Kind::answer);
}

TEST(Judge, RequestsAndOtherOpcodesAreFaults) {
  const auto what = asked(update, nullptr);
  auto request = answer(what, rcode::noerror);
  request.is_response = false;
  EXPECT_EQ(judge(what, request, {}, noon).error->code, ErrorCode::protocol);
  auto other = answer(what, rcode::noerror);
  other.opcode = opcode::query;
  EXPECT_EQ(judge(what, other, {}, noon).error->code, ErrorCode::protocol);
}

TEST(Judge, OctetsThatAreNoMessageAreAFaultWhenTheyHaveTheId) {
  const auto what = asked(query, nullptr);
  EXPECT_EQ(judge(what, Bytes{}, noon).kind, Kind::stray);
  EXPECT_EQ(judge(what, Bytes{0x12}, noon).kind, Kind::stray);
  EXPECT_EQ(judge(what, Bytes{0x12, 0x68, 0x80}, noon).kind, Kind::stray);
  const auto cut = judge(what, Bytes{0x12, 0x67, 0x80}, noon);  // 0x1267 is 4711
  EXPECT_EQ(cut.kind, Kind::bad);
  EXPECT_EQ(cut.error->code, ErrorCode::protocol);
  EXPECT_FALSE(cut.certain);
}

}  // namespace judge_test
}  // namespace tlsa_update::dns
