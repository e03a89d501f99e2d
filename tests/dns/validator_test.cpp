#include "tlsa_update/dns/validator.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <thread>

#include "support/scripted_server.hpp"
#include "support/zone_signer.hpp"

namespace tlsa_update::dns {
namespace validator_test {

using namespace test;  // NOLINT: the words of the script
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::uint32_t now() {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

// A forwarder that knows one signed zone, in a thread of its own, as libunbound blocks. It reads the real
// clock.
class ValidatorTest : public testing::Test {
 protected:
  static constexpr std::uint32_t day = 86'400;

  ValidatorTest() {
    const Name apex = name("example");
    const std::vector<Record> keys{signer_.dnskey()};
    data_[{apex, type::dnskey}] = {keys[0], signer_.sign(keys, now() - day, now() + day)};
    data_[{name("good.example"), type::tlsa}] = signed_by(signer_, "good.example");
    data_[{name("bad.example"), type::tlsa}] = signed_by(ZoneSigner(apex), "bad.example");
    const std::vector<Record> test_keys{test_signer_.dnskey()};
    data_[{name("test"), type::dnskey}] = {test_keys[0],
                                           test_signer_.sign(test_keys, now() - day, now() + day)};
    data_[{name("good.test"), type::tlsa}] = signed_by(test_signer_, "good.test");
    data_[{name("mx.elsewhere"), type::tlsa}] = rrs({"mx.elsewhere. 300 TLSA 3 1 1 aabb"});
  }

  static std::vector<Record> signed_by(const ZoneSigner& signer, const std::string& owner) {
    const auto rrset = rrs({owner + ". 300 TLSA 3 1 1 aabb"});
    return {rrset[0], signer.sign(rrset, now() - day, now() + day)};
  }

  Result<Dnssec> verdict(const std::string& owner, const std::string& anchor,
                         std::uint16_t otherwise = rcode::nxdomain) {
    boost::asio::io_context io;
    ScriptedServer forwarder(io, [&](const Received& request) {
      const auto& question = request.message.questions.front();
      const auto known = data_.find(question);
      Message answer = answer_to(request, known == data_.end() ? otherwise : rcode::noerror,
                                 known == data_.end() ? std::vector<Record>() : known->second);
      answer.recursion_available = true;
      answer.has_edns = true;
      return say(encode(answer));
    });
    std::thread serving([&] { io.run(); });
    auto validator = Validator::open({anchor}, {forwarder.name()});
    auto result =
        validator ? validator->verdict({name(owner), type::tlsa}) : tl::unexpected(validator.error());
    io.stop();
    serving.join();
    return result;
  }

  const ZoneSigner signer_{name("example")}, test_signer_{name("test")};
  std::map<Question, std::vector<Record>> data_;
};

TEST_F(ValidatorTest, WhatTheAnchorVouchesForIsSecureAndForgeriesAreBogus) {
  const auto anchor = signer_.text();
  EXPECT_EQ(verdict("good.example", anchor), Dnssec::secure);
  EXPECT_EQ(verdict("bad.example", anchor), Dnssec::bogus);
  EXPECT_EQ(verdict("mx.elsewhere", anchor), Dnssec::insecure);
}

TEST_F(ValidatorTest, ZonesThatLibunboundAnswersItselfAreAskedForAsOthersAre) {  // RFC 6761 section 6.2
  EXPECT_EQ(verdict("good.test", test_signer_.text()), Dnssec::secure);
}

TEST_F(ValidatorTest, WithoutAnAnswerThereIsNothingToJudge) {
  const auto result = verdict("nowhere.example", signer_.text(), rcode::refused);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::no_answer);
}

TEST_F(ValidatorTest, WhatValidationCannotWorkWithIsSaidBefore) {
  EXPECT_TRUE(Validator::open({signer_.text()}, {{"127.0.0.1", 53}, {"::1", 53}}));
  EXPECT_EQ(Validator::open({signer_.text()}, {{"resolver.example", 53}}).error().code, ErrorCode::usage);
  EXPECT_EQ(Validator::open({"this is no record"}, {}).error().code, ErrorCode::bad_data);
}

TEST(TrustAnchors, AreTheDsAndDnskeyRecordsOfAZoneFile) {
  const auto anchors = parse_trust_anchors(
      "\xEF\xBB\xBF; the root\n$TTL 300\n$ORIGIN example.\n"
      ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n\n"
      "sub 60 IN DNSKEY ( 257 3 13\n  bWluZQ== ) ; KSK\nmx IN A 192.0.2.1",
      "anchors");
  ASSERT_TRUE(anchors) << anchors.error().text();
  EXPECT_THAT(*anchors, ElementsAre(HasSubstr("20326 8 2"), StartsWith("sub.example.")));
}

TEST(TrustAnchors, WhatIsNoRecordIsToldByItsLineAndNotShown) {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"", "no trust anchor"},
           {"; nothing\n", "no trust anchor"},
           {"mx.example. IN A 192.0.2.1\n", "no trust anchor"},
           {". IN DS 1 8 2 aabb\nc2VjcmV0 secret\n", "anchors:2: this is not a DNS record"},
           {"example. IN DS 1 8 2 zz\n", "anchors:1: this is not a DNS record"},
           {"-----BEGIN PRIVATE KEY-----\nMIG2\n", "anchors:1: this is not a DNS record"}}) {
    const auto anchors = parse_trust_anchors(row.text, "anchors");
    ASSERT_FALSE(anchors) << row.text;
    EXPECT_EQ(anchors.error().code, ErrorCode::bad_data);
    EXPECT_THAT(anchors.error().where, StartsWith("anchors"));
    EXPECT_THAT(anchors.error().text(), HasSubstr(row.says)) << row.text;
    EXPECT_THAT(anchors.error().text(), Not(HasSubstr("c2Vj")));
  }
}

}  // namespace validator_test
}  // namespace tlsa_update::dns
