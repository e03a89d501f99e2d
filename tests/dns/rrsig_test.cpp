#include "rrsig.hpp"

#include <gtest/gtest.h>

#include "support/records.hpp"
#include "support/zone_signer.hpp"

namespace tlsa_update::dns {
namespace rrsig_test {

using test::name;
using test::rr;
using test::rrs;

constexpr std::uint32_t noon = 1'795'300'000, day = 86'400;

class RrsigTest : public testing::Test {
 protected:
  bool holds(const std::vector<Record>& rrset, const Record& signature, const std::vector<Record>& keys,
             std::uint64_t now = noon) {
    return !signature_fault(rrset, {signature}, keys, name("example"), now);
  }

  test::ZoneSigner zone_{name("example")};
  std::vector<Record> rrset_ =
      rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 aabb", "_25._tcp.mx.example. 300 TLSA 3 1 1 ccdd"});
  Record signature_ = zone_.sign(rrset_, noon - day, noon + day);
  std::vector<Record> keys_{zone_.dnskey()};
};

TEST_F(RrsigTest, AGoodSignatureHolds) {
  EXPECT_TRUE(holds(rrset_, signature_, keys_));
  EXPECT_EQ(type_covered(signature_.rdata), type::tlsa);
}

TEST_F(RrsigTest, TheOrderOfTheRecordsDoesNotMatter) {
  std::swap(rrset_[0], rrset_[1]);
  EXPECT_TRUE(holds(rrset_, signature_, keys_));
}

// RFC 4035 section 5.3.1: between inception and expiration.
TEST_F(RrsigTest, HoldsOnlyInItsTime) {
  EXPECT_TRUE(holds(rrset_, signature_, keys_, noon + day));
  EXPECT_FALSE(holds(rrset_, signature_, keys_, noon + day + 1));
  EXPECT_FALSE(holds(rrset_, signature_, keys_, noon - day - 1));
}

TEST_F(RrsigTest, TellsWhichEndsLastAndWhichBeginsFirst) {
  using Kind = SignatureFault::Kind;
  const auto fault = [&](std::vector<Record> signatures, std::uint64_t now) {
    return signature_fault(rrset_, signatures, keys_, name("example"), now);
  };
  const auto at = [](std::uint32_t second) { return Time(Seconds(second)); };
  const auto later = zone_.sign(rrset_, noon, noon + 2 * day);
  EXPECT_EQ(fault({signature_, later}, noon + 3 * day), (SignatureFault{Kind::expired, at(noon + 2 * day)}));
  EXPECT_EQ(fault({later, signature_}, noon - 2 * day), (SignatureFault{Kind::early, at(noon - day)}));
  const auto strangers = test::ZoneSigner(name("example")).sign(rrset_, noon - day, noon + 9 * day);
  EXPECT_EQ(fault({signature_, strangers}, noon + 3 * day), SignatureFault{});
  EXPECT_EQ(fault({}, noon), SignatureFault{});
}

// RFC 4034 section 3.1.5: seconds modulo 2^32, nearest to now.
TEST_F(RrsigTest, TimesAreThoseNearestToNow) {
  constexpr std::uint64_t turn = std::uint64_t{1} << 32;
  const auto fault = signature_fault(rrset_, {signature_}, keys_, name("example"), turn + noon + 2 * day);
  EXPECT_EQ(fault, (SignatureFault{SignatureFault::Kind::expired, Time(Seconds(turn + noon + day))}));
}

TEST_F(RrsigTest, DoesNotHoldForOtherData) {
  auto more = rrset_;
  more.push_back(rr("_25._tcp.mx.example. 300 TLSA 3 1 1 eeff"));
  EXPECT_FALSE(holds(more, signature_, keys_));
  EXPECT_FALSE(holds({rrset_[0]}, signature_, keys_));
  EXPECT_FALSE(holds({}, signature_, keys_));
}

TEST_F(RrsigTest, DoesNotHoldWithAnotherKey) {
  EXPECT_FALSE(holds(rrset_, signature_, {test::ZoneSigner(name("example")).dnskey()}));
  EXPECT_FALSE(holds(rrset_, signature_, {}));
}

TEST_F(RrsigTest, AKeyOfAnotherZoneSignsNothingHere) {
  const test::ZoneSigner parent(name("."));
  EXPECT_FALSE(holds(rrset_, parent.sign(rrset_, noon - day, noon + day), {parent.dnskey()}));
}

// RFC 4034 section 2.1.1, RFC 5011 section 2.1.
TEST_F(RrsigTest, KeysThatAreNoZoneKeysDoNotCount) {
  auto key = keys_[0];
  key.rdata[0] = 0;
  EXPECT_FALSE(holds(rrset_, signature_, {key}));
  key = keys_[0];
  key.rdata[1] |= 0x80;
  EXPECT_FALSE(holds(rrset_, signature_, {key}));
}

TEST_F(RrsigTest, GarbageDoesNotHold) {
  for (std::size_t size = 0; size < signature_.rdata.size(); ++size) {
    auto cut = signature_;
    cut.rdata.resize(size);
    EXPECT_FALSE(holds(rrset_, cut, keys_)) << size;
  }
  for (std::size_t at = 0; at < signature_.rdata.size(); ++at) {
    auto altered = signature_;
    altered.rdata[at] ^= 0x01;
    EXPECT_FALSE(holds(rrset_, altered, keys_)) << at;
  }
}

}  // namespace rrsig_test
}  // namespace tlsa_update::dns
