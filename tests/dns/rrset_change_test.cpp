#include "rrset_change.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/records.hpp"

namespace tlsa_update::dns {
namespace rrset_change_test {

using namespace test;

const Name zone = name("example");
const Name owner = name("_25._tcp.mx.example");

RrsetChange change(std::optional<Rrset> observed, TlsaRecords remove, TlsaRecords add,
                   std::uint32_t ttl = 300) {
  return {owner, std::move(observed), std::move(remove), std::move(add), ttl};
}

TEST(RrsetChange, WhatWasReadShowsWhetherItWasMade) {
  const auto a = tlsa({"3 1 1 aa"}), b = tlsa({"3 1 1 bb"}), ab = tlsa({"3 1 1 aa", "3 1 1 bb"});
  const auto only_a = rrset(300, {"3 1 1 aa"}), only_b = rrset(300, {"3 1 1 bb"}),
             both = rrset(300, {"3 1 1 aa", "3 1 1 bb"}), later = rrset(600, {"3 1 1 aa"}),
             lowered = rrset(400, {"3 1 1 aa"});
  struct Row {
    const char* what;
    RrsetChange change;
    std::optional<Rrset> seen;
    Effect effect;
  };
  const Row table[] = {
      {"first record, there", change({}, {}, a), only_a, Effect::applied},
      {"first record, not there", change({}, {}, a), {}, Effect::unchanged},
      {"another added one instead", change({}, {}, a), only_b, Effect::other},
      {"another added one as well", change({}, {}, a), both, Effect::applied},
      {"second record, there", change(only_a, {}, b), both, Effect::applied},
      {"second record, not there", change(only_a, {}, b), only_a, Effect::unchanged},
      {"second record instead of the first", change(only_a, {}, b), only_b, Effect::applied},
      {"deleted", change(both, b, {}), only_a, Effect::applied},
      {"not deleted", change(both, b, {}), both, Effect::unchanged},
      {"the other one deleted", change(both, b, {}), only_b, Effect::other},
      {"the last one deleted", change(only_a, a, {}), {}, Effect::applied},
      {"exchanged", change(only_a, a, b), only_b, Effect::applied},
      {"half exchanged", change(only_a, a, b), both, Effect::other},
      {"TTL moved", change(only_a, a, a, 600), later, Effect::applied},
      {"TTL moved, lowered by the server", change(only_a, a, a, 600), lowered, Effect::applied},
      {"TTL not raised", change(only_a, a, a, 600), only_a, Effect::ttl_kept},
      {"TTL not lowered", change(only_a, a, a, 60), only_a, Effect::unchanged},
      {"TTL not raised, a record added", change(only_a, a, ab, 600), both, Effect::applied},
      {"TTL not raised, no record added", change(only_a, a, ab, 600), only_a, Effect::unchanged},
  };
  for (const auto& row : table) EXPECT_EQ(effect_of(row.change, row.seen), row.effect) << row.what;
}

TEST(RrsetChange, AChangeTooLargeForAnyMessageIsAGroupOfItsOwn) {
  const auto small = change({}, {}, tlsa({"3 1 1 aa"}));
  auto large = small;
  large.add[0].data.resize(70000);
  EXPECT_EQ(pack(zone, {small, large, small}), (std::vector<std::vector<std::size_t>>{{0}, {1}, {2}}));
  EXPECT_EQ(pack(zone, {}), std::vector<std::vector<std::size_t>>{});
}

RrsetChange arbitrary_change(std::size_t serial) {
  const auto records = [](std::size_t most) {
    TlsaRecords result;
    const auto count = *rc::gen::inRange<std::size_t>(0, most);
    for (std::size_t i = 0; i < count; ++i)
      result.push_back({{}, Bytes(*rc::gen::inRange<std::size_t>(0, 600), static_cast<std::uint8_t>(i))});
    return result;
  };
  RrsetChange result;
  result.owner = name("_" + std::to_string(serial) + "._tcp.mx.example");
  const auto observed = records(4);
  if (!observed.empty()) result.observed = Rrset{300, observed};
  result.remove = records(3);
  result.add = records(3);
  return result;
}

// Every change goes once, in order; every message is one that make_update accepts, and none has room for the
// change that begins the next.
RC_GTEST_PROP(RrsetChange, MessagesAreFilledAndNeverOverfull, ()) {
  std::vector<RrsetChange> changes;
  const auto count = *rc::gen::inRange<std::size_t>(0, 40);
  for (std::size_t i = 0; i < count; ++i) changes.push_back(arbitrary_change(i));
  const std::size_t limit = 4000;
  std::size_t next = 0;
  const auto size_of_message = [&](std::size_t first, std::size_t end) {
    Update update{zone,
                  {changes.begin() + static_cast<std::ptrdiff_t>(first),
                   changes.begin() + static_cast<std::ptrdiff_t>(end)}};
    return make_update(1, update).value().size();
  };
  for (const auto& members : pack(zone, changes, limit)) {
    RC_ASSERT(!members.empty());
    const auto first = next;
    for (const auto member : members) RC_ASSERT(member == next++);
    if (members.size() > 1) RC_ASSERT(size_of_message(first, next) <= limit);
    if (next < count) RC_ASSERT(size_of_message(first, next + 1) > limit);
  }
  RC_ASSERT(next == count);
}

}  // namespace rrset_change_test
}  // namespace tlsa_update::dns
