#include "tlsa_update/core/evidence.hpp"

#include <gtest/gtest.h>

#include "make_chain.hpp"

namespace tlsa_update {
namespace evidence_test {

using namespace testing;

Presented handshake(const char* address, KeyType type, ProbeOutcome outcome) {
  Presented made;
  made.address = address;
  made.key_type = type;
  made.outcome = outcome;
  if (outcome == ProbeOutcome::served) made.chain = {leaf("server")};
  return made;
}

ServiceEvidence evidence(std::vector<Presented> presented) {
  return {{Name::parse("mail.example.com").value(), 25, Protocol::tcp}, std::move(presented), true};
}

constexpr auto v4 = "192.0.2.9";
constexpr auto v6 = "2001:db8::9";

TEST(Evidence, IsCompleteWhenEveryAddressServedAChainAndAnsweredEveryHandshake) {
  EXPECT_TRUE(evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served),
                        handshake(v4, KeyType::ecdsa, ProbeOutcome::not_offered),
                        handshake(v6, KeyType::rsa, ProbeOutcome::not_offered),
                        handshake(v6, KeyType::ecdsa, ProbeOutcome::served)})
                  .complete());
}

TEST(Evidence, OneHandshakeThatBrokeOffLeavesItIncomplete) {
  for (const auto outcome : {ProbeOutcome::unreachable, ProbeOutcome::no_tls}) {
    EXPECT_FALSE(
        evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served),
                  handshake(v4, KeyType::ecdsa, ProbeOutcome::served),
                  handshake(v6, KeyType::rsa, ProbeOutcome::served), handshake(v6, KeyType::ecdsa, outcome)})
            .complete());
  }
}

TEST(Evidence, AnAddressThatServedNothingProvesNothing) {
  EXPECT_FALSE(evidence({}).complete());
  EXPECT_FALSE(evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served),
                         handshake(v6, KeyType::rsa, ProbeOutcome::not_offered),
                         handshake(v6, KeyType::ecdsa, ProbeOutcome::not_offered)})
                   .complete());
  auto hollow = evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served)});
  hollow.presented[0].chain.clear();
  EXPECT_FALSE(hollow.complete());
}

TEST(Evidence, UnknownAddressesMayHideOne) {
  auto unsure = evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served)});
  EXPECT_TRUE(unsure.complete());
  unsure.addresses_known = false;
  EXPECT_FALSE(unsure.complete());
}

TEST(Evidence, W10_AHandshakeThatShowedNoChainMakesAnAddressHalfSeen) {
  EXPECT_EQ(evidence({handshake(v4, KeyType::rsa, ProbeOutcome::served),
                      handshake(v4, KeyType::ecdsa, ProbeOutcome::served),
                      handshake(v6, KeyType::rsa, ProbeOutcome::not_offered),
                      handshake(v6, KeyType::ecdsa, ProbeOutcome::served)})
                .half_seen(),
            std::vector<std::string>{v6});
  EXPECT_EQ(evidence({handshake(v4, KeyType::rsa, ProbeOutcome::unreachable)}).half_seen(),
            std::vector<std::string>{});
}

}  // namespace evidence_test
}  // namespace tlsa_update
