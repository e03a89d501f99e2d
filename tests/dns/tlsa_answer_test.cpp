#include "tlsa_answer.hpp"

#include <gtest/gtest.h>

#include "support/records.hpp"

namespace tlsa_update::dns {

void PrintTo(const TlsaAnswer& answer, std::ostream* out) {
  *out << "kind " << static_cast<int>(answer.kind) << " labels "
       << (answer.signed_labels ? std::to_string(*answer.signed_labels) : "-") << " zone "
       << (answer.zone ? answer.zone->text() : "-") << " target " << answer.target.text() << " cut "
       << answer.cut.text();
}

namespace tlsa_answer_test {

using namespace test;

using Kind = TlsaAnswer::Kind;

const Name owner = name("_25._tcp.mx.example");
const Name zone = name("example");
constexpr auto soa = "example. 60 SOA ns.example. hm.example. 7 3600 600 86400 60";

Message answered(std::uint16_t rcode, std::vector<Record> answer, std::vector<Record> authority = {}) {
  Message message;
  message.is_response = message.authoritative = true;
  message.rcode = rcode;
  message.answer = std::move(answer);
  message.authority = std::move(authority);
  return message;
}

TlsaAnswer expected(Kind kind, std::optional<Name> in = {}) {
  TlsaAnswer answer;
  answer.kind = kind;
  answer.zone = std::move(in);
  return answer;
}

Result<TlsaAnswer> read(const Message& message) { return read_tlsa_answer(message, owner, "192.0.2.1@53"); }

TEST(TlsaAnswer, OwnRecordsAreASetAndTheirSignerNamesTheZone) {
  auto message = answered(
      rcode::noerror, rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 bb", "_25._tcp.mx.example. 300 TLSA 3 1 1 aa",
                           "_25._tcp.mx.example. 300 TLSA 3 1 1 bb", "other.example. 300 TLSA 3 1 1 cc"}));
  message.answer.push_back(rrsig(owner, type::tlsa, 4, zone));
  auto wanted = expected(Kind::data, zone);
  wanted.rrset = rrset(300, {"3 1 1 aa", "3 1 1 bb"});
  wanted.has_rrsig = true;
  wanted.signed_labels = 4;
  EXPECT_EQ(read(message).value(), wanted);
}

TEST(TlsaAnswer, OfMixedTtlsTheLowestCounts) {  // RFC 2181 section 5.2
  const auto answer = read(answered(rcode::noerror, rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 bb",
                                                         "_25._tcp.mx.example. 60 TLSA 3 1 1 aa"})));
  EXPECT_EQ(answer->rrset->ttl, 60U);
  EXPECT_TRUE(answer->mixed_ttl);
}

TEST(TlsaAnswer, ASignatureOverSomethingElseIsNone) {
  auto message = answered(rcode::noerror, rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 bb"}));
  message.answer.push_back(rrsig(owner, type::a, 4, zone));
  message.answer.push_back(rrsig(name("other.example"), type::tlsa, 2, zone));
  EXPECT_FALSE(read(message)->has_rrsig);
  EXPECT_EQ(read(message)->signed_labels, std::nullopt);
}

TEST(TlsaAnswer, FewerLabelsInTheSignatureMeanAWildcard) {  // RFC 4035 section 5.3.4
  EXPECT_TRUE(is_own(owner, 4));
  EXPECT_FALSE(is_own(owner, 3));
  EXPECT_TRUE(is_own(name("*._tcp.mx.example"), 3));  // RFC 4034 section 3.1.3: "*" is not counted
  EXPECT_FALSE(is_own(name("*._tcp.mx.example"), 1));
}

TEST(TlsaAnswer, TheSoaOfANegativeAnswerNamesTheZone) {
  EXPECT_EQ(read(answered(rcode::nxdomain, {}, rrs({soa}))).value(), expected(Kind::no_name, zone));
  EXPECT_EQ(read(answered(rcode::noerror, {}, rrs({soa}))).value(), expected(Kind::no_data, zone));
  EXPECT_EQ(read(answered(rcode::noerror, {})).value(), expected(Kind::no_data));
}

TEST(TlsaAnswer, AnSoaThatIsNotAboveTheNameNamesNoZone) {
  const auto message = answered(rcode::nxdomain, {}, rrs({"test. 60 SOA ns.test. hm.test. 7 1 1 1 60"}));
  EXPECT_EQ(read(message).value(), expected(Kind::no_name));
}

TEST(TlsaAnswer, AnAliasTellsItsTargetAndNothingOfItsZone) {
  auto wanted = expected(Kind::alias);
  wanted.target = name("tlsa.test");
  wanted.alias_ttl = 300;
  const auto cname = "_25._tcp.mx.example. 300 CNAME tlsa.test.";
  // RFC 6604: the RCODE and the SOA are about the target.
  const auto authority = rrs({"test. 60 SOA ns.test. hm.test. 7 1 1 1 60"});
  EXPECT_EQ(read(answered(rcode::nxdomain, rrs({cname}), authority)).value(), wanted);
  EXPECT_EQ(read(answered(rcode::noerror, rrs({cname, "tlsa.test. 300 TLSA 3 1 1 aa"}))).value(), wanted);
}

TEST(TlsaAnswer, ADnameRebasesTheName) {  // RFC 6672 section 2.2
  auto wanted = expected(Kind::alias);
  wanted.target = name("_25._tcp.mx.test");
  wanted.by_dname = true;
  wanted.alias_ttl = 300;
  EXPECT_EQ(read(answered(rcode::noerror, rrs({"example. 300 DNAME test."}))).value(), wanted);
  EXPECT_EQ(read(answered(rcode::noerror, rrs({"example. 300 DNAME test.",
                                               "_25._tcp.mx.example. 0 CNAME _25._tcp.mx.test."})))
                .value(),
            wanted);
  EXPECT_EQ(read(answered(rcode::yxdomain, rrs({"example. 300 DNAME test."}))).error().code,
            ErrorCode::bad_data);
}

TEST(TlsaAnswer, AReferralTellsTheCut) {
  auto message = answered(rcode::noerror, {}, rrs({"mx.example. 300 NS ns.other."}));
  message.authoritative = false;
  auto wanted = expected(Kind::delegated);
  wanted.cut = name("mx.example");
  EXPECT_EQ(read(message).value(), wanted);
}

TEST(TlsaAnswer, AReferralToTheRootOrBesideTheNameIsNoAuthority) {
  for (const auto* line :
       {". 300 NS a.root.", "test. 300 NS ns.test.", "_26._tcp.mx.example. 300 NS ns.test."}) {
    auto message = answered(rcode::noerror, {}, rrs({line}));
    message.authoritative = false;
    EXPECT_EQ(read(message).error().code, ErrorCode::refused) << line;
  }
}

TEST(TlsaAnswer, WhatACacheSaysIsRefused) {
  auto message = answered(rcode::noerror, rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 bb"}));
  message.authoritative = false;
  EXPECT_EQ(read(message).error().code, ErrorCode::refused);
}

TEST(TlsaAnswer, EveryOtherRcodeIsAnErrorThatNamesTheQuestion) {
  const std::pair<std::uint16_t, ErrorCode> table[] = {
      {rcode::servfail, ErrorCode::no_answer}, {rcode::refused, ErrorCode::refused},
      {rcode::notauth, ErrorCode::refused},    {rcode::notimp, ErrorCode::refused},
      {rcode::formerr, ErrorCode::protocol},   {23, ErrorCode::protocol}};
  for (const auto& [code, wanted] : table) {
    const auto error = read(answered(code, {})).error();
    EXPECT_EQ(error.code, wanted) << code;
    EXPECT_NE(error.what.find("_25._tcp.mx.example. TLSA"), std::string::npos) << error.what;
    EXPECT_EQ(error.where, "192.0.2.1@53");
  }
}

TEST(TlsaAnswer, BrokenRdataIsAProtocolError) {
  auto message = answered(rcode::noerror, rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 bb"}));
  const auto good = message;
  message.answer[0].rdata.resize(2);
  EXPECT_EQ(read(message).error().code, ErrorCode::protocol);
  const auto whole = rrsig(owner, type::tlsa, 4, zone);
  for (const std::size_t size : {0U, 1U, 17U, 18U, 20U, 25U}) {
    message = good;
    message.answer.push_back(whole);
    message.answer.back().rdata.resize(size);
    const auto answer = read(message);
    EXPECT_TRUE(!answer && answer.error().code == ErrorCode::protocol) << size;
  }
}

}  // namespace tlsa_answer_test
}  // namespace tlsa_update::dns
