// Several services want records at one owner, or a run is about one of several.
#include "planner_scene.hpp"

namespace tlsa_update {
namespace shared_owner_test {

using namespace testing;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");

// A second service at the owner of the scene.
void want_also(Scene& scene, const Wishes& wishes) {
  scene.wishes().push_back(desired(Scene::owner_text, wishes));
}

TEST(SharedOwner, WhatEitherWantsIsPublished) {
  Scene scene;
  scene.want({{"A"}}).policy().ttl = std::nullopt;
  want_also(scene, {{"B"}});
  scene.wishes()[0].ttl = 600;
  scene.wishes()[1].ttl = 300;
  const Plan plan = scene.publish_plan();
  ASSERT_EQ(plan.zones.at(0).rrsets.size(), 1U);
  EXPECT_EQ(steps(plan), briefs({missing(a), missing(b)}));
  EXPECT_EQ(rrset_of(plan).ttl, 300U);  // the shorter
}

TEST(SharedOwner, TheNameIsReadyWhenAllThatAllWantIs) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"});
  want_also(scene, {{"B"}});
  scene.look().pass(std::chrono::hours(3)).look();
  const auto readiness = scene.plan().readiness;
  ASSERT_EQ(readiness.size(), 1U);
  EXPECT_FALSE(readiness.front().ready);
}

TEST(SharedOwner, TheNextKeyOfOneThatIsCurrentForAnotherIsCurrent) {
  for (const bool is_first : {true, false}) {
    Scene scene;
    scene.want(is_first ? Wishes{.current = {"A"}} : Wishes{.current = {}, .next = {"A"}});
    want_also(scene, is_first ? Wishes{.current = {}, .next = {"A"}} : Wishes{.current = {"A"}});
    scene.publish({a}).serve({"A", "A"}).look().pass(std::chrono::hours(3)).look();
    EXPECT_EQ(steps(scene.plan()), briefs({published(a)})) << is_first;
  }
}

Scene with_a_stale_record_of_b() {
  Scene scene;
  scene.policy().adopt = {b};
  scene.want({{"A"}}).publish({a, b}).serve({"A", "A"}).look().pass(std::chrono::hours(72)).look();
  return scene;
}

TEST(SharedOwner, NothingGoesWhereOneCouldNotBeRead) {
  Scene scene = with_a_stale_record_of_b();
  ASSERT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{b});
  Desired unread;
  unread.asked = name(Scene::owner_text);
  unread.is_partial = true;
  scene.wishes().push_back(unread);
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{});
}

TEST(SharedOwner, WhatAServiceWantsThatTheRunIsNotAboutStaysAndIsNotPublished) {
  Scene scene = with_a_stale_record_of_b();
  protect(scene.wishes(), desired("_25._tcp.other.example.com", {.current = {"B"}, .next = {"C"}}));
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{});
  EXPECT_EQ(rrset_of(scene.plan()).adds(), TlsaRecords{});
  EXPECT_EQ(scene.wishes().front().keep, (TlsaRecords{b, c}));
}

TEST(SharedOwner, NothingGoesWhereItIsNotKnownWhatSuchAServiceWants) {
  Scene scene = with_a_stale_record_of_b();
  Desired unread;
  unread.is_partial = true;
  protect(scene.wishes(), unread);
  EXPECT_EQ(rrset_of(scene.plan()).removes(), TlsaRecords{});
}

}  // namespace shared_owner_test
}  // namespace tlsa_update
