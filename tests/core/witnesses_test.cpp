// What the world says against a deployment (DESIGN, W3), and what is looked at closely before it may break
// (W7, W10).
#include <gtest/gtest.h>

#include "core/planner_scene.hpp"
#include "tlsa_update/core/waits.hpp"

namespace tlsa_update {
namespace witnesses_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");
const Places resolver{{"resolver", "192.0.2.99@53"}};

// B is to replace A, and has been everywhere for long.
Scene long_published() {
  Scene scene;
  scene.want({{"A"}}).serve({"A", "A"}).run();
  scene.want({{"B"}}).run();
  scene.pass(hours(48)).look();
  return scene;
}

void resolve(Scene& scene, std::optional<Rrset> rrset) {
  scene.view().resolved = ResolvedRrset{resolver.front().address, std::move(rrset)};
}

std::vector<Blocker> blockers(const Scene& scene) { return scene.plan().readiness.at(0).blockers; }

TEST(W3, TheResolversRrsetMustAcceptWhatIsToBeDeployed) {
  auto scene = long_published();
  EXPECT_EQ(blockers(scene), std::vector<Blocker>{});
  resolve(scene, scene.view().rrset);
  EXPECT_EQ(blockers(scene), std::vector<Blocker>{});
  resolve(scene, Rrset{300, {a}});
  EXPECT_EQ(blockers(scene),
            (std::vector{Blocker{b, "B.pem", Reason::not_resolved, std::nullopt, std::nullopt, resolver}}));
}

TEST(W3, WithoutAnRrsetTheWorldKnowsNoDane) {
  auto scene = long_published();
  resolve(scene, std::nullopt);
  EXPECT_TRUE(scene.plan().readiness.at(0).ready);
}

TEST(W3, InEachCombinationThatItHas) {
  auto scene = long_published();
  const auto other = record("3 1 2", "A");
  resolve(scene, Rrset{300, records({a, b, other})});
  EXPECT_EQ(
      blockers(scene),
      (std::vector{Blocker{other, "B.pem", Reason::not_resolved, std::nullopt, std::nullopt, resolver}}));
  // Which nothing that is served matches either: nothing is lost by the switch.
  resolve(scene, Rrset{300, records({a, b, record("3 1 2", "C")})});
  EXPECT_TRUE(scene.plan().readiness.at(0).ready);
}

// Caches have the RRset from before while the wait is on: that is what it is for.
TEST(W3, DuringTheWaitTheResolverIsNoMatter) {
  Scene scene;
  scene.want({{"B"}}).publish({a}, 300).serve({"A", "A"}).run();
  resolve(scene, Rrset{300, {a}});
  ASSERT_EQ(blockers(scene).size(), 1U);
  EXPECT_NE(blockers(scene)[0].reason, Reason::not_resolved);
}

TEST(W3, UntilTheResolverAcceptsItNothingIsReplaced) {
  auto scene = long_published();
  scene.serve({"B", "B"}).policy().grace = Seconds(0);
  scene.look().pass(hours(1)).look();
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{a});
  resolve(scene, Rrset{300, {a}});
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{});
  resolve(scene, Rrset{300, records({a, b})});
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{a});
}

// The primary is called 192.0.2.53, as the first server is.
Scene moved(std::uint32_t serial) {
  Scene scene;
  scene.zone().serial = 7;
  for (std::size_t i = 0; i < 3; ++i) scene.server(i).serial = serial;
  scene.server(0).serial = 7;
  scene.want({{"B"}}).publish({a}, 300).serve({"A", "A"}).look();
  scene.primary({a, b}, 300);
  scene.server(0).rrsets[0].rrset = scene.view().rrset;
  scene.look();
  return scene;
}

TEST(W3, ServersThatAreAheadAndHaveNotOurRecordFollowAnotherPrimary) {
  const auto scene = moved(8);
  const auto found = blockers(scene);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reason, Reason::other_primary);
  EXPECT_EQ(found[0].places,
            (Places{{"ns.example.com.", "192.0.2.54@53"}, {"ns.example.com.", "2001:db8::54@53"}}));
  EXPECT_EQ(outcome_of(waits(scene.plan(), Goal::deployment)), ErrorCode::unsafe);
}

TEST(W3, ServersThatAreBehindLagFirst) {
  auto scene = moved(6);
  EXPECT_EQ(blockers(scene).at(0).reason, Reason::propagating);
  scene.pass(Seconds(2 * 900 + 60)).look();  // by then the whole wait would be over
  EXPECT_EQ(blockers(scene).at(0).reason, Reason::other_primary);
}

TEST(W3, OneServerThatHasItFollows) {
  auto scene = moved(8);
  scene.server(2).rrsets[0].rrset = scene.view().rrset;
  EXPECT_EQ(blockers(scene).at(0).reason, Reason::propagating);
  scene.server(2).rrsets[0].rrset = scene.server(1).rrsets[0].rrset;
  // The world names one server, and that one follows: what the primary names besides is a lesser matter.
  scene.server(0).is_named_by_world = true;
  EXPECT_EQ(blockers(scene).at(0).reason, Reason::propagating);
}

TEST(W3, ASignerCountsSerialsOfItsOwn) {
  auto scene = moved(8);
  scene.zone().is_signed = false;
  scene.zone().has_signer = true;
  EXPECT_EQ(blockers(scene).at(0).reason, Reason::propagating);
}

TEST(W7, WhatMayBreakIsLookedAtClosely) {
  Scene scene;
  const std::set<Name> it{name(Scene::owner_text)};
  scene.want({{"A"}});
  EXPECT_EQ(names_to_look_at_closely(scene.look().plan()), it);  // the first record
  scene.publish({a}).look();
  EXPECT_EQ(names_to_look_at_closely(scene.plan()), std::set<Name>{});
  scene.want({{"B"}}).look();
  EXPECT_EQ(names_to_look_at_closely(scene.plan()), std::set<Name>{});  // one more of a combination
  scene.want({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}}).serve({"A", "A"}).look();
  EXPECT_EQ(names_to_look_at_closely(scene.plan()), it);  // a new combination

  auto deleting = long_published();
  deleting.serve({"B", "B"}).policy().grace = Seconds(0);
  deleting.look();
  EXPECT_EQ(names_to_look_at_closely(deleting.plan()), it);
}

}  // namespace witnesses_test
}  // namespace tlsa_update
