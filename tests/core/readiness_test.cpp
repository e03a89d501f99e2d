#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace readiness_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");

// Without the places, which waits_test is about.
Readiness verdict(const Plan& plan) {
  auto readiness = plan.readiness.at(0);
  for (auto& blocker : readiness.blockers) blocker.places.clear();
  return readiness;
}

std::vector<Blocker> waits(const TlsaRecord& record, const char* credential, Reason reason,
                           std::optional<Time> until = std::nullopt) {
  return {Blocker{record, credential, reason, until}};
}

TEST(Readiness, NotBeforeTheRecordIsPublished) {
  Scene scene;
  scene.want({{"A"}}).look();
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(a, "A.pem", Reason::missing));
}

TEST(Readiness, ANextKeyThatIsGivenAloneIsWhatIsToBeDeployed) {
  Scene scene;
  scene.want({{}, {"A"}}).look();
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(a, "A.pem", Reason::missing));
}

TEST(Readiness, TwoTtlsAndTheMarginAfterItIsEverywhere) {  // RFC 7671 section 8.1
  Scene scene;
  scene.want({{"B"}}).publish({a}, 300).serve({"A", "A"}).run();
  const Time ready_at = scene.now() + Seconds(2 * 300 + 60);
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(b, "B.pem", Reason::may_be_cached, ready_at));
  EXPECT_EQ(scene.plan().next_due, ready_at);
  EXPECT_FALSE(verdict(scene.pass(Seconds(659)).look().plan()).ready);
  const Plan plan = scene.pass(Seconds(1)).look().plan();
  EXPECT_TRUE(verdict(plan).ready);
  EXPECT_EQ(verdict(plan).ready_at, ready_at);
}

TEST(Readiness, AnAbsentRrsetIsCachedForTheNegativeTtl) {  // RFC 2308 section 5
  Scene scene;
  scene.policy().ttl = 300;
  scene.want({{"A"}}).run();
  EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(2 * 900 + 60));
}

TEST(Readiness, TheLongerOfTheTtlsBeforeAndAfterCounts) {
  for (const auto& [before, after] : {std::pair{3600U, 60U}, std::pair{60U, 3600U}}) {
    Scene scene;
    scene.want({{"B"}}).publish({a}, before).policy().ttl = after;
    scene.run();
    EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(2 * 3600 + 60));
  }
}

TEST(Readiness, ATtlThatWasLoweredJustNowIsStillInCaches) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 86400).policy().ttl = 60;
  scene.run();
  scene.policy().ttl.reset();
  scene.pass(hours(1)).want({{"B"}}).run();
  EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(2 * 86400 + 60));
  scene.want({{"C"}}).pass(hours(49)).run();  // by now no cache holds the longer one
  EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(2 * 60 + 60));
}

TEST(Readiness, I8_TheClockStartsWhenTheLastAddressServesIt) {
  Scene scene;
  scene.want({{"B"}}).publish({a}).look().primary({a, b});
  scene.server(0).rrsets[0].rrset = scene.server(1).rrsets[0].rrset = scene.view().rrset;
  scene.look().pass(hours(10)).look();
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(b, "B.pem", Reason::propagating));
  scene.publish({a, b}).look();
  EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(2 * 3600 + 60));
}

TEST(Readiness, I8_AServerThatGivesNoSignatureDoesNotCount) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).server(1).rrsets[0].has_rrsig = false;
  scene.look();
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(a, "A.pem", Reason::not_signed));
  scene.zone().is_signed = false;
  scene.look();
  EXPECT_EQ(verdict(scene.plan()).blockers[0].reason, Reason::may_be_cached);
}

TEST(Readiness, I8_ABadSignatureDoesNotCount) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).server(1).rrsets[0].rrsig_valid = false;
  EXPECT_EQ(verdict(scene.look().plan()).blockers, waits(a, "A.pem", Reason::not_signed));
}

TEST(Readiness, I8_AddingANextKeyRestartsNothingElse) {
  Scene scene;
  scene.want({{"B"}}).publish({a}).run();
  scene.pass(hours(2)).want({{"B"}, {"C"}}).run();
  EXPECT_EQ(verdict(scene.plan()).ready_at, scene.now() + Seconds(60));
  EXPECT_TRUE(verdict(scene.pass(Seconds(60)).look().plan()).ready);
}

TEST(Readiness, AKeyThatWasOutAsNextWaitsForNothing) {
  Scene scene;
  scene.want({{"A"}, {"B"}}).run();
  scene.pass(hours(24)).want({{"B"}, {"C"}});
  EXPECT_TRUE(verdict(scene.look().plan()).ready);
  EXPECT_EQ(rrset_of(scene.plan()).adds(), TlsaRecords{c});
}

TEST(Readiness, ARecordThatVanishedSomewhereStartsAgain) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(24)).look();
  ASSERT_TRUE(verdict(scene.plan()).ready);
  scene.server(2).rrsets[0].rrset.reset();
  scene.look();
  EXPECT_EQ(verdict(scene.plan()).blockers, waits(a, "A.pem", Reason::propagating));
  scene.publish({a}).look();
  EXPECT_EQ(verdict(scene.plan()).blockers[0].reason, Reason::may_be_cached);
}

TEST(Readiness, AServerOutOfReachStopsTheClock) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(24));
  scene.server(1).reachable = false;
  EXPECT_EQ(verdict(scene.look().plan()).blockers, waits(a, "A.pem", Reason::propagating));
}

TEST(Readiness, WithoutTheServersNothingIsReady) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).zone().servers.clear();
  EXPECT_EQ(verdict(scene.look().plan()).blockers[0].reason, Reason::unread);
}

TEST(Readiness, ANameThatCouldNotBeReadIsNotReady) {
  Scene scene;
  scene.want({{"A"}}).zone().owners.clear();
  const Plan plan = scene.look().plan();
  EXPECT_EQ(verdict(plan).asked, name(Scene::owner_text));
  EXPECT_EQ(verdict(plan).blockers[0].reason, Reason::unread);
}

TEST(Readiness, ALostLedgerStartsAllClocksAgain) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).look().pass(hours(24)).look();
  ASSERT_TRUE(verdict(scene.plan()).ready);
  scene.ledger() = {};
  // Perhaps A was the first record: then its absence is what caches hold, for the negative TTL.
  EXPECT_EQ(verdict(scene.look().plan()).ready_at, scene.now() + Seconds(2 * 900 + 60));
}

// Nobody knows whether caches hold a record of what is served; and whatever comes next is the operator's to
// say.
TEST(Readiness, NeverForARecordThatNobodyPublished) {
  Scene scene;
  scene.want({{"B"}}).serve({"A", "A"});
  for (int day = 0; day < 3; ++day) {
    EXPECT_EQ(verdict(scene.look().plan()).blockers, waits(b, "B.pem", Reason::first_record));
    scene.pass(hours(24));
  }
  EXPECT_EQ(usual_end(Reason::first_record), Ends::operator_);
  scene.serve({"B", "B"});
  EXPECT_EQ(rrset_of(scene.run()).adds(), TlsaRecords{b});
}

TEST(Readiness, ACombinationThatIsHeldBackIsNotMissedByWhoFindsAnother) {
  Scene scene;
  scene.want({.current = {"A"}, .combinations = {"3 1 1"}}).publish({a}).serve({"A", "A"}).look();
  scene.pass(hours(24)).want({.current = {"B"}, .combinations = {"3 1 1", "2 0 1"}}).run();
  scene.pass(hours(24));
  const Plan plan = scene.look().plan();
  EXPECT_TRUE(verdict(plan).ready);
  EXPECT_EQ(scene.there(), records({a, b}));
}

TEST(Readiness, NotWhileCachesHoldWhatWasPublishedBefore) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"}).look().pass(hours(3));
  scene.policy().unpublish = true;
  scene.run();
  scene.policy().unpublish = false;
  scene.remembered(a).owned = false;  // or it would come back, as it is served
  scene.want({{"B"}}).look();
  const auto until = scene.now() + Seconds(2 * 3600 + 60);
  const Blocker first{b, "B.pem", Reason::first_record, std::nullopt};
  EXPECT_EQ(verdict(scene.plan()).blockers,
            (std::vector{first, Blocker{a, "B.pem", Reason::may_be_cached, until}}));
  EXPECT_EQ(verdict(scene.pass(Seconds(2 * 3600 + 60)).look().plan()).blockers, std::vector{first});
}

TEST(Readiness, EveryCurrentCredentialHasToBeReady) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(24)).want({{"A", "B"}}).run();
  EXPECT_EQ(verdict(scene.plan()).blockers.size(), 1U);
  EXPECT_EQ(verdict(scene.plan()).blockers[0].record, b);
}

TEST(Readiness, ACombinationThatLeftJustNowIsStillKnownToClients) {  // RFC 7671 section 8.4
  Scene scene;
  const TlsaRecord a512 = record("3 1 2", "A"), b512 = record("3 1 2", "B");
  scene.want({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}})
      .publish({a, a512})
      .serve({"A", "A"})
      .look();
  scene.pass(hours(24)).want({.current = {"A"}, .combinations = {"3 1 2"}}).run();
  ASSERT_EQ(scene.there(), TlsaRecords{a512});
  const auto gone_at = scene.now() + Seconds(2 * 3600 + 60);
  scene.want({.current = {"B"}, .combinations = {"3 1 2"}}).run();
  scene.pass(Seconds(60)).look();
  const auto blockers = verdict(scene.plan()).blockers;
  ASSERT_EQ(blockers.size(), 2U);
  EXPECT_EQ(blockers[1], (Blocker{a, "B.pem", Reason::may_be_cached, gone_at}));
}

}  // namespace readiness_test
}  // namespace tlsa_update
