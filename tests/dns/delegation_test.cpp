#include "tlsa_update/dns/delegation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/records.hpp"
#include "support/zone_signer.hpp"

namespace tlsa_update::dns {
namespace delegation_test {

using test::rr;
using testing::IsEmpty;

// The example of RFC 4509 section 2.3.
const char* const key_of_rfc_4509 =
    "dskey.example.com. 86400 DNSKEY 256 3 5 "
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx"
    "egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
const char* const ds_of_rfc_4509 =
    "dskey.example.com. DS 60485 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a";

TEST(Delegation, ADsIsMadeAsRfc4509Says) {
  const auto made = ds_for({rr(key_of_rfc_4509)});
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(ds_text(made.front()), ds_of_rfc_4509);
}

TEST(Delegation, OnlySecureEntryPointsAreForTheParentWhereThereAreAny) {
  auto entry = test::ZoneSigner(test::name("example")).dnskey();
  auto other = test::ZoneSigner(test::name("example")).dnskey();
  entry.rdata[1] |= 1;  // RFC 4034 section 2.1.1
  other.rdata[1] &= 0xFE;
  EXPECT_EQ(ds_for({entry, other}), ds_for({entry}));
  EXPECT_EQ(ds_for({other}).size(), 1U);
}

TEST(Delegation, ARevokedKeyIsNobodysEntryPoint) {
  auto key = test::ZoneSigner(test::name("example")).dnskey();
  const auto ds = ds_for({key});
  EXPECT_TRUE(leads_to(ds, {key}));
  key.rdata[1] |= 0x80;  // RFC 5011 section 2.1
  EXPECT_THAT(ds_for({key}), IsEmpty());
  EXPECT_FALSE(leads_to(ds, {key}));
}

TEST(Delegation, OneDsThatFitsIsEnoughAndOneOfAnotherKeyIsNot) {
  const auto key = test::ZoneSigner(test::name("example")).dnskey();
  const auto another = test::ZoneSigner(test::name("example")).dnskey();
  const auto right = ds_for({key}).front(), wrong = ds_for({another}).front();
  EXPECT_TRUE(leads_to({wrong, right}, {key}));
  EXPECT_FALSE(leads_to({wrong}, {key}));
  EXPECT_FALSE(leads_to({}, {key}));
  EXPECT_FALSE(leads_to({right}, {}));
}

TEST(Delegation, ADsThatIsCutShortLeadsNowhere) {
  const auto key = test::ZoneSigner(test::name("example")).dnskey();
  auto ds = ds_for({key}).front();
  for (; !ds.rdata.empty(); ds.rdata.pop_back()) {
    const bool is_whole = ds.rdata.size() == 4 + 32;
    EXPECT_EQ(leads_to({ds}, {key}), is_whole);
    EXPECT_FALSE(ds_text(ds).empty());
  }
}

}  // namespace delegation_test
}  // namespace tlsa_update::dns
