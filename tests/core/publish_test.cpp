#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace publish_test {

using namespace testing;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");

TEST(Publish, AddsWhatIsMissingToAnEmptyOwner) {
  Scene scene;
  const Plan plan = scene.want({{"A"}}).publish_plan();
  EXPECT_EQ(steps(plan), briefs({missing(a)}));
  EXPECT_EQ(rrset_of(plan).observed, std::nullopt);  // RFC 2136 section 2.4.3: must not exist
  EXPECT_EQ(rrset_of(plan).ttl, 3600U);
  EXPECT_EQ(plan.zones[0].zone, name("example.com"));
}

TEST(Publish, TheWholeObservedRrsetIsThePrerequisite) {  // I5, RFC 2136 section 2.4.2
  Scene scene;
  const Plan plan = scene.want({{"B"}}).publish({a, c}, 7200).publish_plan();
  EXPECT_EQ(rrset_of(plan).observed, (Rrset{7200, records({a, c})}));
  EXPECT_EQ(rrset_of(plan).adds(), TlsaRecords{b});
  EXPECT_EQ(rrset_of(plan).removes(), TlsaRecords{});
}

TEST(Publish, ForeignRecordsStay) {
  Scene scene;
  const Plan plan = scene.want({{"B"}}).publish({a}).publish_plan();
  EXPECT_EQ(steps(plan), briefs({foreign(a), missing(b)}));
}

TEST(Publish, WhatThisProgramPublishedBeforeIsNotForeign) {
  Scene scene;
  scene.remembered(a).owned = true;
  const Plan plan = scene.want({{"B"}}).publish({a}).publish_plan();
  EXPECT_EQ(steps(plan), briefs({published(a, Action::none, Reason::replacement_not_ready), missing(b)}));
}

TEST(Publish, I7_ASecondRunChangesNothing) {
  Scene scene;
  scene.want({{"A"}, {"B"}});
  scene.apply(scene.publish_plan());
  const Plan second = scene.publish_plan();
  EXPECT_FALSE(second.changes());
  EXPECT_EQ(steps(second), briefs({published(a), published(b, Action::none, Reason::next_key)}));
}

TEST(Publish, RecordsAreTheSameWhateverTheirTtl) {  // RFC 2136 section 1.1.1
  Scene scene;
  EXPECT_FALSE(scene.want({{"A"}}).publish({a}, 42).publish_plan().changes());
}

TEST(Publish, AnExistingRrsetKeepsItsTtl) {
  Scene scene;
  EXPECT_EQ(rrset_of(scene.want({{"B"}}).publish({a}, 7200).publish_plan()).ttl, 7200U);
}

TEST(Publish, AnotherTtlMovesTheWholeRrsetInOneMessage) {  // RFC 2181 section 5.2
  Scene scene;
  scene.policy().ttl = 300;
  const TlsaRecord odd{parameters("3 1 1"), Bytes(31, 1)};  // malformed, foreign, and moved all the same
  const Plan plan = scene.want({{"B"}}).publish({a, odd}, 7200).publish_plan();
  EXPECT_TRUE(rrset_of(plan).moves_ttl);
  EXPECT_EQ(rrset_of(plan).ttl, 300U);
  EXPECT_EQ(rrset_of(plan).removes(), records({a, odd}));
  EXPECT_EQ(rrset_of(plan).adds(), records({a, b, odd}));
}

TEST(Publish, ATtlAloneIsAChange) {
  Scene scene;
  scene.policy().ttl = 300;
  scene.want({{"A"}}).publish({a}, 7200);
  EXPECT_TRUE(scene.publish_plan().changes());
  EXPECT_EQ(steps(scene.publish_plan()), briefs({published(a, Action::none, Reason::ttl_change)}));
  scene.apply(scene.publish_plan());
  EXPECT_FALSE(scene.publish_plan().changes());
}

TEST(Publish, ATtlThatTheServerHasLoweredIsNotAskedForAgain) {  // I7; BIND, max-zone-ttl
  Scene scene;
  scene.policy().ttl = 172800;
  scene.want({{"A"}}).publish({a}, 86400);
  EXPECT_TRUE(scene.publish_plan().changes());
  scene.ledger() = granted(scene.ledger(), {{scene.view().owner, {172800, 86400}}});
  const auto expect_quiet = [&](const Plan& plan) {
    EXPECT_FALSE(plan.changes());
    EXPECT_EQ(
        plan.warnings,
        (Remarks{{.kind = RemarkKind::ttl_limited, .owner = scene.view().owner, .seconds = Seconds(86400)}}));
  };
  expect_quiet(scene.publish_plan());
  expect_quiet(scene.plan());
}

TEST(Publish, ALimitOfTtlsIsTriedAgainWithAnotherChangeAndWithAnotherTtl) {
  Scene scene;
  scene.ledger() = granted(scene.ledger(), {{scene.view().owner, {172800, 86400}}});
  scene.policy().ttl = 172800;
  EXPECT_TRUE(rrset_of(scene.want({{"A", "B"}}).publish({a}, 86400).publish_plan()).moves_ttl);
  scene.want({{"A"}}).policy().ttl = 600;
  EXPECT_TRUE(rrset_of(scene.publish_plan()).moves_ttl);
}

TEST(Publish, AGrantedTtlEndsTheLimit) {
  Scene scene;
  scene.ledger() = granted(scene.ledger(), {{scene.view().owner, {172800, 86400}}});
  scene.ledger() = granted(scene.ledger(), {{scene.view().owner, {172800, 172800}}});
  EXPECT_EQ(scene.ledger().owners.at(scene.view().owner).ttl_limit, std::nullopt);
}

TEST(Publish, ANewRrsetGetsTheWantedTtlWithoutAMove) {
  Scene scene;
  scene.policy().ttl = 300;
  const Plan plan = scene.want({{"A"}}).publish_plan();
  EXPECT_EQ(rrset_of(plan).ttl, 300U);
  EXPECT_FALSE(rrset_of(plan).moves_ttl);
}

TEST(Publish, EachServiceMayNameATtlOfItsOwn) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 7200).wishes().front().ttl = 600;
  scene.policy().ttl = 300;
  EXPECT_EQ(rrset_of(scene.publish_plan()).ttl, 600U);
}

TEST(Publish, MixedTtlsAreRemarkedAndMendedWhenATtlIsGiven) {  // RFC 2181 section 5.2
  Scene scene;
  scene.want({{"A"}}).publish({a, c}, 300).view().mixed_ttl = true;
  EXPECT_EQ(kinds(scene.publish_plan().warnings), std::vector{RemarkKind::mixed_ttls});
  EXPECT_FALSE(scene.publish_plan().changes());
  scene.policy().ttl = 300;
  EXPECT_TRUE(rrset_of(scene.publish_plan()).moves_ttl);
}

TEST(Publish, KeepProtectsAndPublishesNothing) {  // I4
  Scene scene;
  EXPECT_EQ(steps(scene.want({.current = {"A"}, .keep = {b}}).publish({a}).publish_plan()),
            briefs({published(a)}));
  scene.publish({a, b});
  EXPECT_EQ(steps(scene.publish_plan()),
            briefs({published(a), {b, RecordState::kept, Action::none, Reason::protected_}}));
}

TEST(Publish, EveryHazardRefusesTheAddition) {  // I10
  for (const auto hazard :
       {Hazard::below_zone_cut, Hazard::below_dname, Hazard::host_is_wildcard, Hazard::hides_wildcard}) {
    Scene scene;
    scene.want({{"A"}}).view().hazards = {hazard};
    const Plan plan = scene.publish_plan();
    EXPECT_EQ(rrset_of(plan).refused, hazard);
    EXPECT_FALSE(plan.changes());
    EXPECT_EQ(steps(plan), briefs({missing(a, Action::none, Reason::hazard)}));
  }
}

TEST(Publish, ForceOverridesAHazardThatNamesIt) {
  for (const auto hazard : {Hazard::host_is_wildcard, Hazard::hides_wildcard}) {
    Scene scene;
    scene.want({{"A"}}).view().hazards = {hazard};
    scene.policy().force = true;
    EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(a)}));
  }
}

// What is stored there is never answered: it could not be read back (I6), and no later run could delete it.
TEST(Publish, ForceDoesNotPublishWhatIsNeverAnswered) {
  for (const auto hazard : {Hazard::below_zone_cut, Hazard::below_dname}) {
    Scene scene;
    scene.want({{"A"}}).view().hazards = {hazard};
    scene.policy().force = true;
    EXPECT_EQ(rrset_of(scene.publish_plan()).refused, hazard);
    EXPECT_FALSE(scene.publish_plan().changes());
  }
}

TEST(Publish, AWildcardsAnswerIsNotTheOwnersOwn) {  // RFC 4592, RFC 2136 section 1.1.3
  Scene scene;
  scene.want({{"A"}}).view().wildcard_answer = Rrset{3600, {a}};
  scene.view().hazards = {Hazard::hides_wildcard};
  EXPECT_EQ(rrset_of(scene.publish_plan()).refused, Hazard::hides_wildcard);
  scene.policy().force = true;
  const Plan plan = scene.publish_plan();
  EXPECT_EQ(steps(plan), briefs({missing(a)}));
  EXPECT_EQ(rrset_of(plan).observed, std::nullopt);
}

TEST(Publish, ANameThatExistsAlreadyHidesNoWildcard) {  // RFC 4592 section 2.2.2
  Scene scene;
  scene.want({{"B"}}).publish({a}).view().hazards = {Hazard::host_is_wildcard};
  EXPECT_EQ(rrset_of(scene.publish_plan()).refused, std::nullopt);
}

TEST(Publish, WhatIsStoredBelowACutCountsAsMissing) {  // RFC 2136 section 7.18
  Scene scene;
  scene.policy().ttl = 60;
  scene.want({{"A"}}).publish({a}).view().hazards = {Hazard::below_zone_cut};
  const Plan plan = scene.publish_plan();
  EXPECT_EQ(rrset_of(plan).refused, Hazard::below_zone_cut);
  EXPECT_FALSE(plan.changes());
  EXPECT_EQ(steps(plan), briefs({missing(a, Action::none, Reason::hazard)}));
}

TEST(Publish, NamesThatShareAnOwnerMakeOneChange) {  // one UPDATE, one prerequisite
  Scene scene;
  scene.want({{"A"}});
  scene.wishes().push_back(desired("_465._tcp.mail.example.com", {{"B"}}));
  OwnerView alias = scene.view();
  alias.asked = name("_465._tcp.mail.example.com");
  scene.zone().owners.push_back(alias);
  scene.evidence().push_back({{name("mail.example.com"), 465, Protocol::tcp}, {}, true});
  const Plan plan = scene.publish_plan();
  ASSERT_EQ(plan.zones.at(0).rrsets.size(), 1U);
  EXPECT_EQ(rrset_of(plan).asked, name(Scene::owner_text));
  EXPECT_EQ(rrset_of(plan).also_asked, std::vector{name("_465._tcp.mail.example.com")});
  EXPECT_EQ(rrset_of(plan).adds(), records({a, b}));
}

TEST(Publish, I3_AFirstRecordThatNoServedChainMatchesWaitsForTheDeployment) {
  Scene scene;
  const Plan plan = scene.want({{"B"}}).serve({"A", "A"}).publish_plan();
  EXPECT_EQ(steps(plan), briefs({missing(b, Action::wait, Reason::combination_would_break)}));
  EXPECT_EQ(kinds(plan.critical), std::vector{RemarkKind::would_match_nothing});
  scene.policy().force = true;
  EXPECT_EQ(steps(scene.publish_plan()), briefs({missing(b)}));
}

TEST(Publish, I3_ANewKeyInACombinationThatMatchesIsAdded) {
  Scene scene;
  EXPECT_EQ(rrset_of(scene.want({{"B"}}).publish({a}).serve({"A", "A"}).publish_plan()).adds(),
            TlsaRecords{b});
}

TEST(Publish, I3_ANewCombinationFirstCoversTheServedChain) {  // RFC 7671 sections 8.1 and 8.3
  Scene scene;
  scene.want({.current = {"B"}, .combinations = {"3 1 2"}}).publish({a}).serve({"A", "A"});
  EXPECT_EQ(steps(scene.publish_plan()),
            briefs({foreign(a), missing(record("3 1 2", "A"), Action::add, Reason::served_chain),
                    missing(record("3 1 2", "B"))}));
}

TEST(Publish, I3_ATrustAnchorOfAnotherIssuerWaitsForTheSwitch) {  // RFC 7671 section 8.2
  Scene scene;
  scene.want({.current = {"B"}, .combinations = {"2 0 1"}}).publish({a}).serve({"A", "A"});
  EXPECT_EQ(
      steps(scene.publish_plan()),
      briefs({foreign(a), missing(record("2 0 1", "B"), Action::wait, Reason::combination_would_break)}));
}

TEST(Publish, AChainThatNobodyVouchesForIsNotPublished) {
  Scene scene;
  scene.want({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}}).publish({a}).serve({"A", "X"});
  const Plan plan = scene.publish_plan();
  EXPECT_EQ(rrset_of(plan).adds(), TlsaRecords{record("3 1 2", "A")});
  EXPECT_EQ(kinds(plan.critical), std::vector{RemarkKind::outage});  // of X, and there already
}

TEST(Publish, I3_WhatDoesNotAnswerHoldsANewCombinationBack) {
  Scene scene;
  scene.want({.current = {"A"}, .combinations = {"3 1 1", "3 1 2"}}).publish({a}).serve({"A", ""});
  EXPECT_EQ(steps(scene.publish_plan()),
            briefs({published(a), missing(record("3 1 2", "A"), Action::wait, Reason::not_probed)}));
}

// Any RRset, any wish, any evidence.
rc::Gen<std::vector<std::string>> letters() {
  return rc::gen::map(rc::gen::inRange(0, 32), [](int chosen) {
    std::vector<std::string> texts;
    for (int i = 0; i < 5; ++i) {
      if ((chosen >> i & 1) != 0) texts.emplace_back(1, static_cast<char>('A' + i));
    }
    return texts;
  });
}

TlsaRecords in_combinations(const std::vector<std::string>& list,
                            const std::vector<const char*>& combinations) {
  TlsaRecords set;
  for (const auto& letter : list) {
    for (const char* combination : combinations) set.push_back(record(combination, letter));
  }
  return records(set);
}

Scene any_scene() {
  Scene scene;
  const auto combinations = *rc::gen::elementOf(std::vector<std::vector<const char*>>{
      {"3 1 1"}, {"3 1 2"}, {"3 1 1", "3 1 2"}, {"2 0 1"}, {"3 0 1", "2 1 1"}});
  scene.want({*letters(), *letters(), combinations, in_combinations(*letters(), {"3 1 1"})});
  scene.publish(in_combinations(*letters(), *rc::gen::elementOf(std::vector<std::vector<const char*>>{
                                                {"3 1 1"}, {"3 1 1", "3 1 2"}, {"2 0 1"}})),
                *rc::gen::inRange<std::uint32_t>(0, 90000));
  if (*rc::gen::arbitrary<bool>()) scene.policy().ttl = *rc::gen::inRange<std::uint32_t>(0, 5);
  if (*rc::gen::arbitrary<bool>()) scene.serve(*letters());
  return scene;
}

RC_GTEST_PROP(Publish, I1_NeverDeletes, ()) {
  const Scene scene = any_scene();
  const auto before = scene.there();
  const Plan plan = scene.publish_plan();
  for (const auto& step : rrset_of(plan).steps) RC_ASSERT(step.action != Action::remove);
  auto after = scene;
  after.apply(plan);
  RC_ASSERT(std::ranges::includes(after.there(), before));
}

RC_GTEST_PROP(Publish, I7_ConvergesInOneRun, ()) {
  Scene scene = any_scene();
  scene.apply(scene.publish_plan());
  RC_ASSERT(!scene.publish_plan().changes());
}

RC_GTEST_PROP(Publish, I5_ThePrerequisiteIsWhatWasObserved, ()) {
  Scene scene = any_scene();
  RC_ASSERT(rrset_of(scene.publish_plan()).observed == scene.view().rrset);
}

}  // namespace publish_test
}  // namespace tlsa_update
