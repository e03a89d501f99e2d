#include "tlsa_update/dns/validator.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <thread>

#include "support/scripted_server.hpp"
#include "support/zone_signer.hpp"

namespace tlsa_update::dns {
namespace {

using namespace test;  // NOLINT: the words of the script
using testing::HasSubstr;

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
    char path[] = "/tmp/validator_test.XXXXXX";
    folder_ = mkdtemp(path);
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
  ~ValidatorTest() override { std::filesystem::remove_all(folder_); }

  static std::vector<Record> signed_by(const ZoneSigner& signer, const std::string& owner) {
    const auto rrset = rrs({owner + ". 300 TLSA 3 1 1 aabb"});
    return {rrset[0], signer.sign(rrset, now() - day, now() + day)};
  }

  std::string anchor_file(const std::string& text) {
    const auto path = folder_ / "anchors";
    std::ofstream(path) << text;
    return path;
  }

  Result<Dnssec> verdict(const std::string& owner, const std::string& anchors) {
    boost::asio::io_context io;
    ScriptedServer forwarder(io, [&](const Received& request) {
      const auto& question = request.message.questions.front();
      const auto known = data_.find(question);
      Message answer = answer_to(request, known == data_.end() ? rcode::nxdomain : rcode::noerror,
                                 known == data_.end() ? std::vector<Record>() : known->second);
      answer.recursion_available = true;
      answer.has_edns = true;
      return say(encode(answer));
    });
    std::thread serving([&] { io.run(); });
    auto result = validate({name(owner), type::tlsa}, anchors, {forwarder.name()});
    io.stop();
    serving.join();
    return result;
  }

  std::filesystem::path folder_;
  const ZoneSigner signer_{name("example")}, test_signer_{name("test")};
  std::map<Question, std::vector<Record>> data_;
};

TEST_F(ValidatorTest, WhatTheAnchorVouchesForIsSecureAndForgeriesAreBogus) {
  const auto anchors = anchor_file(signer_.text());
  EXPECT_EQ(verdict("good.example", anchors), Dnssec::secure);
  EXPECT_EQ(verdict("bad.example", anchors), Dnssec::bogus);
  EXPECT_EQ(verdict("mx.elsewhere", anchors), Dnssec::insecure);
}

TEST_F(ValidatorTest, ZonesThatLibunboundAnswersItselfAreAskedForAsOthersAre) {  // RFC 6761 section 6.2
  EXPECT_EQ(verdict("good.test", anchor_file(test_signer_.text())), Dnssec::secure);
}

TEST_F(ValidatorTest, AnchorsThatCannotBeReadAreSaid) {
  const auto result = verdict("good.example", folder_ / "none");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::unreadable);
  EXPECT_THAT(result.error().text(), HasSubstr("none"));
}

TEST_F(ValidatorTest, AnchorsThatMakeNoSenseAreSaid) {
  const auto result = verdict("good.example", anchor_file("this is no record\n"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_data);
}

}  // namespace
}  // namespace tlsa_update::dns
