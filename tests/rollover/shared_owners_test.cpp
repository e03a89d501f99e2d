// What several services want of one owner.
#include "shared_owners.hpp"

#include <gtest/gtest.h>

namespace tlsa_update::rollover {
namespace shared_owners_test {

Name name(const std::string& text) { return *Name::parse(text); }

TlsaRecord record(std::uint8_t octet) { return {{}, Bytes(32, octet)}; }

WantedService service(const std::vector<std::string>& owners, std::vector<Wanted> records,
                      TlsaRecords keep = {}) {
  WantedService made;
  for (const auto& owner : owners) made.owners.push_back({name(owner), std::nullopt, std::nullopt, nullptr});
  made.desired.records = std::move(records);
  made.desired.keep = std::move(keep);
  return made;
}

Wanted current(std::uint8_t octet) { return {record(octet), Role::current, "current.pem"}; }
Wanted next(std::uint8_t octet) { return {record(octet), Role::next, "next.pem"}; }

TEST(SharedOwners, WhatEitherWantsBothGet) {
  const auto all = merged({service({"_25._tcp.b.", "_25._tcp.a."}, {current(1)}),
                           service({"_25._tcp.a."}, {current(2)}, {record(9)})});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].asked, name("_25._tcp.a."));
  EXPECT_EQ(all[0].records, (std::vector{current(1), current(2)}));
  EXPECT_EQ(all[0].keep, TlsaRecords{record(9)});
  EXPECT_EQ(all[1].records, std::vector{current(1)});
  EXPECT_EQ(all[1].keep, TlsaRecords{});
}

TEST(SharedOwners, TheNextKeyOfOneThatIsCurrentForAnotherIsCurrent) {
  const auto first = service({"_25._tcp.a."}, {next(1)}), second = service({"_25._tcp.a."}, {current(1)});
  EXPECT_EQ(merged({first, second})[0].records, std::vector{current(1)});
  EXPECT_EQ(merged({second, first})[0].records, std::vector{current(1)});
}

TEST(SharedOwners, WhereOneCouldNotBeReadItIsPartial) {
  const auto all = merged({service({"_25._tcp.a.", "_25._tcp.b."}, {current(1)})},
                          {service({"_25._tcp.a.", "_25._tcp.c."}, {})});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[0].is_partial);
  EXPECT_EQ(all[0].records, std::vector{current(1)});
  EXPECT_FALSE(all[1].is_partial);
  EXPECT_EQ(all[2].asked, name("_25._tcp.c."));
  EXPECT_TRUE(all[2].is_partial);
}

TEST(SharedOwners, WhatOthersWantStaysAnywhereAndIsNotPublished) {
  auto desired = merged({service({"_25._tcp.a.", "_25._tcp.b."}, {current(1)}, {record(4)})});
  protect(desired, service({}, {current(2), next(3)}, {record(4)}).desired);
  for (const auto& one : desired) {
    EXPECT_EQ(one.records, std::vector{current(1)});
    EXPECT_EQ(one.keep, (TlsaRecords{record(4), record(2), record(3)}));
    EXPECT_FALSE(one.is_partial);
  }
}

TEST(SharedOwners, WhatCannotBeReadOfOthersMakesAllPartial) {
  auto desired = merged({service({"_25._tcp.a."}, {current(1)})});
  Desired unread;
  unread.is_partial = true;
  protect(desired, unread);
  EXPECT_TRUE(desired[0].is_partial);
}

}  // namespace shared_owners_test
}  // namespace tlsa_update::rollover
