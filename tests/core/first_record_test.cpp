// W6: the first record of a name, or of a combination, needs an eyewitness for what is served.
#include <gtest/gtest.h>

#include "core/planner_scene.hpp"
#include "tlsa_update/core/waits.hpp"

namespace tlsa_update {
namespace first_record_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");
const TlsaRecord a512 = record("3 1 2", "A"), b512 = record("3 1 2", "B");

Presented& handshake_at(Scene& scene, std::size_t number) { return scene.evidence()[0].presented.at(number); }

Brief held(const TlsaRecord& record, Reason reason) { return missing(record, Action::wait, reason); }

Ends end_of(const Plan& plan) { return waits(plan, Goal::addition).at(0).ends; }

Scene wanted(const Wishes& wishes, const std::vector<std::string>& served) {
  Scene scene;
  scene.want(wishes).serve(served);
  return scene;
}

TEST(FirstRecord, W6_IsAddedWhenEveryChainMatches) {
  EXPECT_EQ(steps(wanted({{"A"}}, {"A", "A"}).publish_plan()), briefs({missing(a)}));
}

TEST(FirstRecord, W6_IsRefusedWhenOneChainDoesNot) {
  for (auto scene : {wanted({{"A"}}, {"A", "B"}), wanted({{"A"}}, {"B", ""})}) {
    EXPECT_EQ(steps(scene.publish_plan()), briefs({held(a, Reason::combination_would_break)}));
    EXPECT_EQ(end_of(scene.publish_plan()), Ends::operator_);
    EXPECT_FALSE(scene.publish_plan().critical.empty());
    scene.policy().assume_served = scene.policy().assume_deployed = true;  // what was met wins
    EXPECT_FALSE(scene.publish_plan().changes());
    scene.policy().force = true;
    EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a)}));
  }
}

TEST(FirstRecord, W6_ComesAsAWholeOrNotAtAll) {
  Scene scene = wanted({.current = {"A"}, .combinations = {"2 0 1", "3 1 1"}}, {"B", "B"});
  for (auto& presented : scene.evidence()[0].presented)
    if (!presented.chain.empty()) presented.chain.back() = given("A")->chain.back();  // of the same CA
  EXPECT_FALSE(scene.publish_plan().changes());
}

TEST(FirstRecord, W6_WaitsForAnAddressThatShowsNoChain) {
  Scene scene = wanted({{"A"}}, {"A", ""});
  const auto waits_for_it = briefs({held(a, Reason::not_probed)});
  EXPECT_EQ(steps(scene.publish_plan()), waits_for_it);
  EXPECT_EQ(end_of(scene.publish_plan()), Ends::service);
  EXPECT_EQ(rrset_of(scene.publish_plan()).steps.at(0).places, (Places{{"", "192.0.2.2"}}));
  EXPECT_EQ(steps(wanted({{"A"}}, {"", ""}).publish_plan()), waits_for_it);
  handshake_at(scene, 2).outcome = ProbeOutcome::not_offered;  // of both kinds: nobody has met it
  EXPECT_EQ(steps(scene.publish_plan()), waits_for_it);
  scene.serve({"A", "A"}).evidence()[0].addresses_known = false;
  EXPECT_EQ(steps(scene.publish_plan()), waits_for_it);
  scene.evidence().clear();  // nobody looked
  EXPECT_EQ(steps(scene.publish_plan()), waits_for_it);
  scene.policy().assume_served = true;
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a)}));
}

TEST(FirstRecord, W6_ADeploymentWaitsAsWell) {
  Scene scene = wanted({{"A"}}, {"", ""});
  const auto plan = scene.look().plan();
  EXPECT_FALSE(plan.readiness.at(0).ready);
  EXPECT_EQ(plan.readiness.at(0).blockers.at(0).reason, Reason::not_probed);
}

TEST(FirstRecord, W6_IsAddedWhereItIsProvedThatNothingIsServed) {
  Scene scene;
  scene.want({{"A"}}).serve_nothing();  // no address
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a)}));
  EXPECT_EQ(scene.publish_plan().warnings.size(), 1U);
  scene.serve({"", "A"});
  handshake_at(scene, 0).is_closed = true;
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a)}));
  scene.serve({"", ""});
  handshake_at(scene, 0).is_closed = true;  // the other address may serve anything
  EXPECT_EQ(steps(scene.publish_plan()), briefs({held(a, Reason::not_probed)}));
}

TEST(FirstRecord, W6_IsRefusedToAServiceWithoutTls) {  // RFC 7672 section 2.2
  Scene scene = wanted({{"A"}}, {"A", ""});
  handshake_at(scene, 2).outcome = ProbeOutcome::no_tls;
  EXPECT_EQ(steps(scene.publish_plan()), briefs({held(a, Reason::no_tls)}));
  EXPECT_EQ(end_of(scene.publish_plan()), Ends::operator_);
  EXPECT_EQ(scene.publish_plan().critical.size(), 1U);
  scene.policy().assume_served = scene.policy().assume_deployed = true;
  EXPECT_FALSE(scene.publish_plan().changes());
  scene.policy().force = true;
  EXPECT_TRUE(scene.publish_plan().changes());
}

TEST(FirstRecord, W6_WhatIsInstalledComesAlong) {
  Scene scene = wanted({{"A"}}, {"B", "B"});
  scene.wishes().front().installed = {given("B")};
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a), missing(b, Action::add, Reason::installed)}));
  scene.publish({a});  // no first record
  EXPECT_EQ(steps(scene.publish_plan()), briefs({published(a)}));
}

TEST(FirstRecord, W6_WhatTheLedgerSawLiveComesAlongWhenTheRrsetVanished) {
  Scene scene = wanted({{"A"}}, {"A", "A"});
  scene.publish({a}).look().pass(hours(48)).want({{"B"}}).run();
  EXPECT_EQ(scene.there(), records({a, b}));
  scene.publish({}).pass(hours(1)).look();
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(b), missing(a, Action::add, Reason::remembered)}));
  scene.run();
  EXPECT_EQ(scene.there(), records({a, b}));
}

TEST(FirstRecord, W6_WhatNoAddressServesAnyMoreStaysAway) {
  Scene scene = wanted({{"A"}}, {"A", "A"});
  scene.publish({a}).look().publish({}).want({{"B"}}).serve({"B", "B"}).look();
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(b)}));
}

TEST(FirstRecord, W6_WhatWasDeletedBeforeIsNotRemembered) {
  Scene scene = wanted({{"A"}}, {"A", "A"});
  scene.publish({a}).look().pass(hours(48)).want({{"B"}}).run();
  scene.pass(hours(3)).serve({"B", "B"}).run();
  EXPECT_EQ(scene.there(), TlsaRecords{b});
  scene.pass(Seconds{600}).publish({}).look();
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(b)}));
}

TEST(FirstRecord, W6_ANewCombinationNeedsTheSameEyes) {
  Scene scene = wanted({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}}, {"A", ""});
  scene.publish({a});
  EXPECT_EQ(steps(scene.publish_plan()), briefs({published(a), held(a512, Reason::not_probed)}));
  EXPECT_EQ(steps(scene.serve({"A", "A"}).publish_plan()), briefs({published(a), missing(a512)}));
}

// J of the attempts: what cannot be probed.
Scene wildcard_owner(const Wishes& wishes) {
  Scene scene;
  scene.want(wishes);
  scene.evidence().clear();
  scene.view().asked = scene.view().owner = scene.wishes().front().asked = name("*._tcp.mail.example.com");
  return scene;
}

TEST(FirstRecord, W6_WhatCannotBeProbedIsAddedWhereNothingIsReliedOn) {
  const auto plan = wildcard_owner({{"A"}}).publish_plan();
  EXPECT_EQ(steps(plan), briefs({missing(a)}));
  EXPECT_EQ(plan.warnings.size(), 1U);
}

TEST(FirstRecord, W6_WhatCannotBeProbedIsHeldWhereItCouldDisplaceWhatIsReliedOn) {  // RFC 7671 section 9
  Scene scene = wildcard_owner({.current = {"B"}, .combinations = {"3 1 2"}});
  scene.publish({a});
  const auto plan = scene.publish_plan();
  EXPECT_EQ(steps(plan), briefs({foreign(a), held(b512, Reason::not_probed)}));
  EXPECT_EQ(end_of(plan), Ends::operator_);
  scene.policy().assume_served = true;
  EXPECT_EQ(steps(scene.publish_plan()), briefs({foreign(a), missing(b512)}));
}

TEST(FirstRecord, W6_WithTheOldCertificateGivenTheNewCombinationCoversBoth) {
  Scene scene = wildcard_owner({.current = {"A", "B"}, .combinations = {"3 1 2"}});
  scene.publish({a});
  EXPECT_EQ(steps(scene.publish_plan()), briefs({foreign(a), missing(a512), missing(b512)}));
}

// Released long ago by a ledger that was lost since, or given up after `ready`: no time ends that.
TEST(FirstRecord, IsLeftToTheOperatorWhileWhatWasGivenUpMayGoLive) {
  auto scene = wanted({{"A"}}, {"A", "A"});
  scene.remembered(b).released_at = noon;
  const auto plan = scene.plan();
  EXPECT_EQ(steps(plan), briefs({held(a, Reason::may_go_live)}));
  EXPECT_EQ(end_of(plan), Ends::operator_);
  EXPECT_EQ(plan.readiness.at(0).blockers.at(0).ends, Ends::operator_);
  scene.policy().assume_deployed = true;
  EXPECT_EQ(steps(scene.plan()), briefs({missing(a)}));
}

TEST(FirstRecord, WaitsForTheServiceOfAnotherConfigurationThatMayGoLive) {
  auto scene = wanted({{"A"}}, {"A", "A"});
  scene.remembered(b).released_at = noon;
  scene.remembered(b).wanters = {{{"/etc/other.conf", "web"}}};
  EXPECT_EQ(steps(scene.plan()), briefs({held(a, Reason::may_go_live)}));
  EXPECT_EQ(end_of(scene.plan()), Ends::service);
}

}  // namespace first_record_test
}  // namespace tlsa_update
