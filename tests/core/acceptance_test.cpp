// The one judge: what clients that hold an RRset make of a chain (RFC 7671 sections 5 and 9).
#include "tlsa_update/core/acceptance.hpp"

#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace acceptance_test {

using namespace testing;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");
const TlsaRecord a512 = record("3 1 2", "A"), b512 = record("3 1 2", "B");

Acceptance accepted(TlsaRecords rrset, const std::string& letter = "A") {
  return accept(records(std::move(rrset)), Served::of(*given(letter)));
}
bool is_accepted(const TlsaRecords& rrset) { return accepted(rrset).is_given(); }

TEST(Acceptance, AnyRecordOfTheStrongestDigestWillDo) {
  EXPECT_EQ(accepted({a, b}).by, a);
  EXPECT_FALSE(is_accepted({b}));
  EXPECT_TRUE(is_accepted({a512, b512, b}));
}

TEST(Acceptance, AStrongerDigestHidesTheWeaker) {  // RFC 7671 section 9
  const auto acceptance = accepted({a, b512});
  EXPECT_EQ(acceptance, (Acceptance{std::nullopt, parameters("3 1 1"), b512, true}));
  EXPECT_NE(why_refused(acceptance)
                .find("a 3 1 2 record is there and is used before 3 1 1: adopt it, or "
                      "publish 3 1 2 as well"),
            std::string::npos);
  EXPECT_TRUE(is_accepted({a, a512, b512}));
}

TEST(Acceptance, ADigestHidesOnlyThoseOfItsUsageAndSelector) {
  EXPECT_TRUE(is_accepted({a, record("3 0 2", "B")}));
  EXPECT_TRUE(is_accepted({a, record("2 1 2", "B")}));
  EXPECT_TRUE(is_accepted({record("3 1 0", "A"), b, b512}));  // matching type 0 stands beside any digest
}

TEST(Acceptance, WhatCannotBeUsedHidesNothing) {  // RFC 6698 section 4.1
  const TlsaRecord too_short{parameters("3 1 2"), Bytes(63, 1)};
  EXPECT_TRUE(is_accepted({a, too_short}));
  EXPECT_FALSE(accepted({too_short}).has_usable);
  auto smtp = Served::of(*given("A"));
  smtp.is_smtp = true;
  EXPECT_FALSE(accept({record("1 1 1", "A")}, smtp).has_usable);  // RFC 7672 section 3.1.3
}

TEST(Acceptance, NamesDatesAndOpensslCountForUsage2AndNotForUsage3) {  // RFC 7671 sections 5.1 and 5.2
  const TlsaRecord issuer = record("2 0 1", "A");
  const auto credential = given("A");
  auto served = Served::of(*credential);
  served.names_fit = false;
  EXPECT_FALSE(accept({issuer}, served).is_given());
  EXPECT_TRUE(accept({a}, served).is_given());
  served.names_fit = true;
  EXPECT_TRUE(accept({issuer}, served, noon).is_given());
  EXPECT_FALSE(accept({issuer}, served, noon + std::chrono::days(500)).is_given());
  EXPECT_TRUE(accept({a}, served, noon + std::chrono::days(500)).is_given());
  served.is_refused = true;
  EXPECT_FALSE(accept({issuer}, served).is_given());
  EXPECT_TRUE(accept({a}, served).is_given());
}

TEST(Acceptance, ABareKeyIsJudgedByItsRecords) {
  Credential key;
  key.source = "A.key";
  key.bare_key = given("A")->chain.front().spki;
  EXPECT_TRUE(accept({a}, Served::of(key)).is_given());
  EXPECT_EQ(accept(records({a, b512}), Served::of(key)).stronger, b512);
}

EndpointVerdict verdict(Scene& scene) {
  const auto& evidence = scene.evidence().front();
  return EndpointJudge({scene.zone()}).on(evidence, evidence.presented.front());
}

TEST(EndpointVerdict, IsThatOfTheWorstServer) {
  Scene scene;
  scene.publish({a}).serve({"A"});
  EXPECT_EQ(verdict(scene).dane, Dane::ok);
  EXPECT_EQ(verdict(scene).matched, a);
  scene.server(1).rrsets[0].rrset = Rrset{60, {b}};
  const auto worst = verdict(scene);
  EXPECT_EQ(worst.dane, Dane::mismatch);
  ASSERT_EQ(worst.refusals.size(), 1U);
  EXPECT_EQ(worst.refusals[0].address, "192.0.2.54@53");
}

TEST(EndpointVerdict, AServerWithoutTheRrsetRefusesNothing) {
  Scene scene;
  scene.publish({a}).serve({"A"}).server(1).rrsets[0].rrset.reset();
  EXPECT_EQ(verdict(scene).dane, Dane::ok);
}

TEST(EndpointVerdict, WithoutAnyRrsetThereIsNone) {
  Scene scene;
  scene.serve({"A"});
  EXPECT_EQ(verdict(scene).dane, Dane::no_records);
}

TEST(EndpointVerdict, IsByTheWildcardThatAnswers) {
  Scene scene;
  scene.serve({"A"}).view().wildcard_answer = Rrset{60, {b}};
  EXPECT_EQ(verdict(scene).dane, Dane::mismatch);
}

// The planner, and with it status, run and publish, has no other judge.

TEST(OneJudge, AStrongerDigestThatMatchesNothingIsAnOutageForEveryPlan) {
  Scene scene;
  scene.want({{"A"}}).publish({a, b512}).serve({"A", "A"}).look();
  for (const auto& plan : {scene.plan(), scene.publish_plan()}) {
    ASSERT_EQ(kinds(plan.critical), std::vector{RemarkKind::outage});
    EXPECT_EQ(plan.critical[0].acceptance.stronger, b512);
    EXPECT_EQ(plan.critical[0].acceptance.unused, a.parameters);
  }
  scene.publish({a, a512, b512}).look();
  EXPECT_TRUE(scene.plan().critical.empty());
}

TEST(OneJudge, WhatOnlyOneServerServesIsAnOutageAsWell) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"}).server(2).rrsets[0].rrset = Rrset{60, {b}};
  const auto critical = scene.look().plan().critical;
  ASSERT_EQ(kinds(critical), std::vector{RemarkKind::outage});
  EXPECT_EQ(critical[0].server, (Place{scene.server(2).name, scene.server(2).address}));
}

TEST(OneJudge, PublishWantsToSeeWhatIsServedWhereItsRecordIsHidden) {
  Scene scene;
  scene.want({{"A"}}).publish({a, b512});
  const Plan plan = scene.publish_plan();
  EXPECT_TRUE(rrset_of(plan).is_passed_over);
  EXPECT_EQ(kinds(plan.critical),
            std::vector{RemarkKind::passed_over});  // nobody has looked: I12, the worst that it can be
  scene.serve({"B", "B"});                          // the stronger record is for what is served
  EXPECT_TRUE(scene.publish_plan().critical.empty());
  EXPECT_EQ(kinds(scene.publish_plan().warnings), std::vector{RemarkKind::passed_over});
  scene.serve({"B", ""});
  EXPECT_EQ(kinds(scene.publish_plan().critical), std::vector{RemarkKind::passed_over});
  scene.publish({a, a512, b512}).serve({});
  EXPECT_FALSE(rrset_of(scene.publish_plan()).is_passed_over);
}

TEST(OneJudge, PublishingTheStrongerDigestToo_OrAdoptingIt_EndsTheOutage) {
  Scene both;
  both.want({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}}).publish({a, b512}).serve({"A", "A"});
  both.run();
  EXPECT_EQ(both.there(), records({a, a512, b512}));
  EXPECT_TRUE(both.look().plan().critical.empty());

  Scene adopted;
  adopted.want({{"A"}}).publish({a, b512}).serve({"A", "A"}).look().pass(std::chrono::hours(48)).look();
  adopted.policy().adopt = {b512};
  adopted.run();
  adopted.pass(std::chrono::hours(2)).run();
  EXPECT_EQ(adopted.there(), TlsaRecords{a});
}

// Nothing goes on the strength of a record that clients pass over.
TEST(OneJudge, NothingIsDeletedForARecordThatClientsDoNotUse) {
  Scene scene;
  scene.want({{"A"}}).publish({a, a512}).serve({"A", "A"}).look().pass(std::chrono::hours(48));
  scene.want({{"B"}}).run();
  scene.pass(std::chrono::hours(48)).serve({"B", "B"}).look();  // by hand, against the blocker
  EXPECT_FALSE(scene.run().changes());
  EXPECT_EQ(scene.there(), records({a, b, a512}));
}

}  // namespace acceptance_test
}  // namespace tlsa_update
