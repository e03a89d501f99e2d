#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace rollover_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");
const TlsaRecord a512 = record("3 1 2", "A"), b512 = record("3 1 2", "B");

// A was published, served and known to everybody long ago; B is the renewal.
Scene renewal() {
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"}).look();
  scene.pass(hours(48)).want({{"B"}});
  return scene;
}

// B is known to everybody, and every address serves it.
Scene switched() {
  Scene scene = renewal();
  scene.run();
  scene.pass(hours(3)).serve({"B", "B"});
  return scene;
}

TEST(Rollover, ARenewedKeyAddsBeforeItDeletes) {
  Scene scene = renewal();
  EXPECT_EQ(steps(scene.run()),
            briefs({published(a, Action::wait, Reason::replacement_not_ready), missing(b)}));
  EXPECT_EQ(steps(scene.plan()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                         published(b, Action::wait, Reason::may_be_cached)}));
}

TEST(Rollover, TheOldRecordGoesAfterTheSwitch) {
  Scene scene = switched();
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::remove, Reason::superseded), published(b)}));
  EXPECT_EQ(scene.there(), TlsaRecords{b});
  EXPECT_FALSE(scene.run().changes());  // I7
}

TEST(Rollover, I2_NothingGoesWhileOneAddressServesTheOldChain) {
  Scene scene = switched().serve({"B", "A"});
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::still_served), published(b)}));
}

TEST(Rollover, NothingGoesWhileAnAddressDoesNotAnswer) {
  Scene scene = switched().serve({"B", ""});
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::not_probed), published(b)}));
}

TEST(Rollover, NothingGoesWhileOnlyTheRsaHalfWasSeen) {
  Scene scene = switched();
  scene.evidence()[0].presented[1].outcome = ProbeOutcome::unreachable;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::not_probed), published(b)}));
}

// CASES D7: beside an ECDSA certificate a service presents no Ed25519 one, and no handshake asks for ML-DSA.
TEST(Rollover, NothingGoesOfAKindThatIsNotAskedFor) {
  for (const char* kind : {"ed25519", "ed448", "other"}) {
    Scene scene = switched();
    scene.ledger().owners[name(Scene::owner_text)].at(a).key_type = kind;
    for (auto& presented : scene.evidence()[0].presented) {
      if (!presented.chain.empty()) presented.chain.front().key_type = KeyType::ecdsa;
    }
    EXPECT_EQ(steps(scene.plan()), briefs({stale(a, Action::wait, Reason::not_probed), published(b)}))
        << kind;
    scene.policy().assume_deployed = true;
    EXPECT_EQ(steps(scene.plan()), briefs({stale(a, Action::remove, Reason::superseded), published(b)}))
        << kind;
  }
}

TEST(Rollover, NothingGoesWhileTheAddressesAreNotKnown) {
  Scene scene = switched();
  scene.evidence()[0].addresses_known = false;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::not_probed), published(b)}));
}

TEST(Rollover, NothingGoesWithoutEvidence) {
  Scene scene = switched();
  scene.evidence().clear();
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::not_probed), published(b)}));
}

TEST(Rollover, TheOperatorsWordStandsInForTheProbe) {
  Scene scene = switched();
  scene.evidence().clear();
  scene.policy().assume_deployed = true;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::remove, Reason::superseded), published(b)}));
}

TEST(Rollover, TheOperatorsWordCountsOnlyForWhatNoProbeMet) {
  Scene scene = switched().serve({"B", "A"});
  scene.policy().assume_deployed = true;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::still_served), published(b)}));
  scene.pass(hours(1)).serve({"B", ""});  // grace is over
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::remove, Reason::superseded), published(b)}));
}

TEST(Rollover, NothingGoesWhileOneSecondaryLags) {
  Scene scene = switched();
  scene.server(2).rrsets[0].rrset = Rrset{3600, {a}};
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                        published(b, Action::wait, Reason::propagating)}));
}

TEST(Rollover, NothingGoesWhileOneSecondaryIsOutOfReach) {
  Scene scene = switched();
  scene.server(1).reachable = false;
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                        published(b, Action::wait, Reason::propagating)}));
}

TEST(Rollover, NothingGoesWhenOnlyThePrimaryWasRead) {
  Scene scene = switched();
  scene.zone().servers.clear();
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                        published(b, Action::wait, Reason::unread)}));
}

TEST(Rollover, NothingGoesBeforeTheNewChainIsEverywhere) {  // RFC 7671 section 8.1
  Scene scene = switched().serve({"B", "C"});
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::not_deployed), published(b)}));
}

TEST(Rollover, GraceCountsFromWhenItWasLastSeenLive) {
  Scene scene = renewal();
  scene.run();
  scene.pass(hours(3)).look();  // A is still served
  scene.pass(Seconds(3599)).serve({"B", "B"});
  const Plan early = scene.run();
  EXPECT_EQ(steps(early), briefs({stale(a, Action::wait, Reason::grace), published(b)}));
  EXPECT_EQ(early.next_due, scene.now() + Seconds(1));
  EXPECT_EQ(steps(scene.pass(Seconds(1)).run()),
            briefs({stale(a, Action::remove, Reason::superseded), published(b)}));
}

TEST(Rollover, I4_ForeignRecordsStay) {
  Scene scene = switched();
  scene.publish({a, b, c});
  EXPECT_EQ(steps(scene.run()),
            briefs({stale(a, Action::remove, Reason::superseded), published(b), foreign(c)}));
}

// Two machines of one name, each with a key and a ledger of its own.
TEST(Rollover, BesideAChainThatAForeignRecordStandsForTheOldRecordGoes) {
  Scene scene = renewal();
  scene.publish({a, c}).serve({"A", "C"}).run();
  scene.pass(hours(3)).serve({"B", "C"});
  EXPECT_EQ(steps(scene.run()),
            briefs({stale(a, Action::remove, Reason::superseded), published(b), foreign(c)}));
  EXPECT_EQ(scene.there(), records({b, c}));
}

TEST(Rollover, BesideAForeignRecordOfWhichCachesMayNotKnowNothingGoes) {
  Scene scene = switched();
  scene.publish({a, b, c}).serve({"B", "C"});
  EXPECT_EQ(steps(scene.run()),
            briefs({stale(a, Action::wait, Reason::not_deployed), published(b), foreign(c)}));
}

TEST(Rollover, I4_AfterALostLedgerTheOldRecordIsForeignUntilItIsAdopted) {
  Scene scene = switched();
  scene.ledger() = {};
  scene.run();
  scene.pass(hours(3));
  EXPECT_EQ(steps(scene.run()), briefs({foreign(a), published(b)}));
  scene.policy().adopt = {a};
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::grace), published(b)}));
  scene.policy().adopt = {};
  EXPECT_EQ(steps(scene.pass(hours(1)).run()),
            briefs({stale(a, Action::remove, Reason::superseded), published(b)}));
}

TEST(Rollover, I4_KeptRecordsAreNeverDeleted) {
  Scene scene = switched().want({.current = {"B"}, .keep = {a}});
  EXPECT_EQ(steps(scene.run()),
            briefs({{a, RecordState::kept, Action::none, Reason::protected_}, published(b)}));
}

TEST(Rollover, AReleasedCertificateThatHasNotShownItselfMayGoLiveLate) {
  Scene scene = renewal();
  scene.run();
  scene.pass(hours(3)).look();
  ASSERT_TRUE(scene.plan().readiness.at(0).ready);
  scene.ledger() =
      release(scene.ledger(), scene.wishes(), {scene.zone()}, {name(Scene::owner_text)}, scene.now());
  scene.want({{"A"}}).pass(hours(3));  // the operator thinks again, and A is served as ever
  EXPECT_EQ(steps(scene.run()), briefs({published(a), stale(b, Action::wait, Reason::may_go_live)}));
  scene.ledger() =
      deployed(scene.ledger(), scene.wishes(), {scene.zone()}, {name(Scene::owner_text)}, scene.now());
  EXPECT_EQ(steps(scene.pass(hours(1)).run()),
            briefs({published(a), stale(b, Action::remove, Reason::superseded)}));
}

TEST(Rollover, PublishingOnlyNeverDeletes) {
  Scene scene = switched();
  scene.policy().removes = false;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::wait, Reason::superseded), published(b)}));
}

TEST(Rollover, PruningOnlyAddsNothing) {
  Scene scene = renewal();
  scene.policy().adds = false;
  EXPECT_EQ(steps(scene.run()),
            briefs({published(a, Action::wait, Reason::replacement_not_ready), missing(b, Action::none)}));
}

TEST(Rollover, UnpublishTakesOursAndTheLast) {
  Scene scene = renewal();
  scene.want({{"A"}});
  scene.policy().unpublish = true;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::remove, Reason::unpublished)}));
  EXPECT_EQ(scene.there(), TlsaRecords{});
}

TEST(Rollover, I3_UnpublishLeavesNoRrsetThatMatchesNothing) {
  Scene scene = renewal();
  scene.publish({a, c}).want({{"A"}}).look();
  scene.policy().unpublish = true;
  EXPECT_EQ(steps(scene.run()),
            briefs({stale(a, Action::none, Reason::combination_would_break), foreign(c)}));
  const Remark refused{.kind = RemarkKind::not_unpublished,  // and waiting does not help
                       .owner = scene.view().owner,
                       .record = a,
                       .reason = Reason::combination_would_break};
  EXPECT_EQ(scene.plan().critical, Remarks{refused});
}

TEST(Rollover, W9_UnpublishUncoversNoWildcardThatMatchesNothing) {
  Scene scene = renewal();
  scene.want({{"A"}});
  scene.policy().unpublish = true;
  const auto unpublished = [&](std::optional<Uncovered> uncovered) {
    scene.view().uncovered = std::move(uncovered);
    return steps(scene.look().plan());
  };
  const Name wildcard = name("*._tcp.mail.example.com");
  const auto refused = briefs({stale(a, Action::none, Reason::uncovers_wildcard)});
  const auto removed = briefs({stale(a, Action::remove, Reason::unpublished)});
  EXPECT_EQ(unpublished(Uncovered{wildcard, Rrset{3600, {c}}}), refused);
  EXPECT_EQ(scene.plan().critical.size(), 1U);
  EXPECT_EQ(unpublished(Uncovered{wildcard, Rrset{3600, records({a, b512})}}), refused);  // half a match
  EXPECT_EQ(unpublished(Uncovered{wildcard, std::nullopt}), refused);  // an alias to nobody knows what
  EXPECT_EQ(unpublished(Uncovered{wildcard, Rrset{3600, {a}}}), removed);
  EXPECT_EQ(unpublished(std::nullopt), removed);
  scene.serve({"A", ""});
  EXPECT_EQ(unpublished(Uncovered{wildcard, Rrset{3600, {a}}}),
            briefs({stale(a, Action::none, Reason::not_probed)}));
  scene.policy().force = true;
  EXPECT_EQ(unpublished(Uncovered{wildcard, Rrset{3600, {c}}}), removed);
}

TEST(Rollover, W9_AWildcardThatAnsweredBeforeIsWhatCachesHold) {
  Scene scene;
  scene.view().wildcard_answer = Rrset{7200, {a}};
  scene.want({.current = {"B"}}).serve({"B", "B"}).look();
  scene.publish({b}, 60).look();
  scene.view().wildcard_answer.reset();
  scene.pass(hours(1)).look();
  ASSERT_EQ(scene.plan().readiness.at(0).blockers.size(), 1U);
  EXPECT_EQ(scene.plan().readiness.at(0).blockers.at(0).reason, Reason::may_be_cached);
  EXPECT_TRUE(scene.pass(hours(4)).look().plan().readiness.at(0).ready);
}

TEST(Rollover, W9_TheTtlOfAWildcardsAliasCounts) {
  Scene scene;
  scene.view().wildcard_alias_ttl = 7200;
  scene.want({{"B"}}).serve({"B", "B"}).look();
  scene.view().wildcard_alias_ttl.reset();
  scene.publish({b}, 60).look().pass(hours(3)).look();
  EXPECT_FALSE(scene.plan().readiness.at(0).ready);
  EXPECT_TRUE(scene.pass(hours(2)).look().plan().readiness.at(0).ready);
}

TEST(Rollover, UnpublishIsRefusedWhileItIsNotKnownWhatIsServed) {
  Scene scene = renewal();
  scene.publish({a, c}).want({{"A"}}).look().serve({"C", ""});
  scene.policy().unpublish = true;
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::none, Reason::not_probed), foreign(c)}));
  EXPECT_EQ(kinds(scene.plan().critical), std::vector{RemarkKind::not_unpublished});
}

TEST(Rollover, NothingGoesWhileItIsNotKnownWhatElseIsWanted) {
  Scene scene = switched();
  scene.wishes().front().is_partial = true;
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::unread), published(b)}));
  scene.policy().unpublish = true;
  EXPECT_EQ(steps(scene.run()),
            briefs({stale(a, Action::none, Reason::unread), stale(b, Action::none, Reason::unread)}));
}

// RFC 7671 sections 8.1 to 8.4: the parameters change.

TEST(Rollover, ANewDigestCoversEveryKeyThatTheOldOneCovers) {  // RFC 7671 section 8.3
  Scene scene;
  scene.want({{"A"}, {"B"}}).publish({a, b}).serve({"A", "A"}).look();
  scene.want({.current = {"A"}, .next = {"B"}, .combinations = {"3 1 1", "3 1 2"}}).pass(hours(48));
  EXPECT_EQ(rrset_of(scene.run()).adds(), records({a512, b512}));
}

TEST(Rollover, ACombinationThatIsNoLongerWantedLeavesWhenTheOtherIsKnown) {  // the exception of I2
  Scene scene = renewal();
  scene.want({.current = {"A"}, .combinations = {"3 1 2"}});
  EXPECT_EQ(steps(scene.run()),
            briefs({published(a, Action::wait, Reason::replacement_not_ready), missing(a512)}));
  scene.pass(hours(2));
  EXPECT_FALSE(scene.run().changes());  // the margin is not over
  scene.pass(Seconds(60));
  EXPECT_EQ(steps(scene.run()), briefs({stale(a, Action::remove, Reason::superseded), published(a512)}));
}

// RFC 7671 sections 5.1 and 5.2: with usage 2, and not with 3, names and dates count as well.
TEST(Rollover, NothingGoesForATrustAnchorByWhichClientsWouldNotTakeTheChain) {
  const auto change = [](const std::vector<const char*>& combinations, auto spoil) {
    Scene scene = renewal();
    scene.want({.current = {"A"}, .combinations = combinations});
    for (auto& one : scene.evidence()[0].presented) {
      if (!one.chain.empty()) spoil(one.chain.front());
    }
    scene.run();
    scene.pass(hours(3)).run();
    return scene.there();
  };
  const TlsaRecord issuer = record("2 0 1", "A");
  const auto sound = [](Certificate&) {};
  const auto for_another_name = [](Certificate& leaf) { leaf.dns_names = {"www.example.com"}; };
  const auto expired = [](Certificate& leaf) { leaf.not_after = issued; };
  EXPECT_EQ(change({"2 0 1"}, sound), TlsaRecords{issuer});
  EXPECT_EQ(change({"2 0 1"}, for_another_name), TlsaRecords{a});
  EXPECT_EQ(change({"2 0 1"}, expired), records({a, issuer}));
  EXPECT_EQ(change({"3 1 2"}, for_another_name), TlsaRecords{a512});
  EXPECT_EQ(change({"1 1 1"}, sound), records({a, record("1 1 1", "A")}));  // RFC 7672 section 3.1.3
}

TEST(Rollover, KeyAndCombinationChangeTogetherWithoutAGap) {  // RFC 7671 sections 8.1 and 8.2
  Scene scene = renewal();
  scene.want({.current = {"B"}, .combinations = {"3 1 2"}});
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                        missing(b, Action::add, Reason::transitional),
                                        missing(a512, Action::add, Reason::served_chain), missing(b512)}));
  EXPECT_FALSE(scene.run().changes());
  scene.pass(hours(3)).look();
  ASSERT_TRUE(scene.plan().readiness.at(0).ready);
  scene.pass(hours(1)).serve({"B", "B"});
  EXPECT_EQ(rrset_of(scene.run()).removes(), records({a, b, a512}));
  EXPECT_EQ(scene.there(), TlsaRecords{b512});
  EXPECT_FALSE(scene.run().changes());
}

TEST(Rollover, FromEndEntityToTrustAnchorByATransitionalRecord) {  // RFC 7671 section 8.2
  const TlsaRecord issuer = record("2 0 1", "B");
  Scene scene = renewal();
  scene.want({.current = {"B"}, .combinations = {"2 0 1"}});
  // Never the old end entity together with the new issuer alone.
  EXPECT_EQ(steps(scene.run()), briefs({published(a, Action::wait, Reason::replacement_not_ready),
                                        missing(b, Action::add, Reason::transitional),
                                        missing(issuer, Action::wait, Reason::combination_would_break)}));
  scene.pass(hours(3)).look();
  ASSERT_TRUE(scene.plan().readiness.at(0).ready);
  scene.serve({"B", "A"});  // half way
  EXPECT_FALSE(scene.run().changes());
  scene.pass(hours(1)).serve({"B", "B"});
  EXPECT_EQ(rrset_of(scene.run()).adds(), TlsaRecords{issuer});
  scene.pass(hours(3));
  EXPECT_EQ(rrset_of(scene.run()).removes(), records({a, b}));
  EXPECT_EQ(scene.there(), TlsaRecords{issuer});
}

TEST(Rollover, ATrustAnchorThatIsNotServedIsRefusedForGood) {  // RFC 7671 section 5.2.2
  Scene scene = renewal();
  scene.want({.current = {"A"}, .combinations = {"3 1 1", "2 0 1"}});
  EXPECT_EQ(rrset_of(scene.look().plan()).adds(), TlsaRecords{record("2 0 1", "A")});
  for (auto& one : scene.evidence()[0].presented)
    one.chain.resize(std::min<std::size_t>(one.chain.size(), 1));
  const Plan plan = scene.look().plan();
  EXPECT_FALSE(plan.changes());
  EXPECT_EQ(kinds(plan.critical), std::vector{RemarkKind::would_match_nothing});
}

TEST(Rollover, ACombinationOfOthersIsNeitherExtendedNorDeleted) {
  Scene scene = renewal();
  scene.publish({a, a512}).look();
  scene.want({{"B"}});
  EXPECT_EQ(rrset_of(scene.run()).adds(), TlsaRecords{b});
  const Plan plan = scene.pass(hours(3)).look().plan();
  ASSERT_FALSE(plan.readiness.at(0).ready);  // deploying B would break those who look at 3 1 2 only
  EXPECT_EQ(plan.readiness.at(0).blockers,
            (std::vector{Blocker{a512, "B.pem", Reason::combination_would_break, std::nullopt}}));
}

TEST(Rollover, AServedChainThatMatchesNothingIsCriticalAndPublishingGoesOn) {
  Scene scene = renewal();
  scene.serve({"A", "C"});
  const Plan plan = scene.run();
  EXPECT_EQ(kinds(plan.critical), std::vector{RemarkKind::outage});
  EXPECT_EQ(rrset_of(plan).adds(), TlsaRecords{b});
}

TEST(Rollover, ACertificateAboutToExpireMattersWhereTheUsageLooksAtDates) {  // RFC 7671 section 5.1
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"}).pass(std::chrono::days(330)).look();
  EXPECT_TRUE(scene.plan().warnings.empty());
  const TlsaRecord issuer = record("2 0 1", "A");
  scene.want({.current = {"A"}, .combinations = {"2 0 1"}}).publish({issuer}).look();
  EXPECT_EQ(kinds(scene.plan().warnings), std::vector{RemarkKind::served_expires});
}

bool says_what_waiting_costs(const Plan& plan) {
  return std::ranges::any_of(plan.warnings, &Remark::is_held_up);
}

// A's records and B's stand everywhere, A is served, and B waits until no cache can lack its record. What
// `now` lacks to the end of A's certificate is `left`.
Scene successor_of_a_certificate_with(Seconds left, const char* combination) {
  Scene scene;
  scene.pass(issued + std::chrono::days(365) - left - scene.now());
  scene.want({.current = {"B"}, .combinations = {combination}});
  scene.publish({record(combination, "A"), record(combination, "B")}).serve({"A", "A"}).look();
  return scene;
}

TEST(Rollover, WaitingBeyondTheEndOfTheServedCertificateCostsMoreThanDeploying) {
  using std::chrono::hours;
  EXPECT_TRUE(says_what_waiting_costs(successor_of_a_certificate_with(hours(1), "2 0 1").plan()));
  EXPECT_TRUE(says_what_waiting_costs(successor_of_a_certificate_with(hours(20), "2 0 1").plan()));
  EXPECT_FALSE(says_what_waiting_costs(successor_of_a_certificate_with(hours(72), "2 0 1").plan()));
  EXPECT_FALSE(says_what_waiting_costs(successor_of_a_certificate_with(hours(1), "3 1 1").plan()));

  auto ready = successor_of_a_certificate_with(hours(20), "2 0 1");
  ready.pass(hours(3)).look();
  EXPECT_TRUE(ready.plan().readiness.front().ready);
  EXPECT_FALSE(says_what_waiting_costs(ready.plan()));

  auto held_up = successor_of_a_certificate_with(hours(20), "2 0 1");
  held_up.server(1).reachable = false;
  EXPECT_TRUE(says_what_waiting_costs(held_up.look().plan()));
}

TEST(Rollover, I10_ARefusedOwnerIsNotTouched) {
  Scene scene = switched();
  scene.policy().ttl = 60;
  scene.view().hazards = {Hazard::below_dname};
  const Plan plan = scene.run();
  EXPECT_FALSE(plan.changes());
  EXPECT_EQ(rrset_of(plan).refused, Hazard::below_dname);
}

}  // namespace rollover_test
}  // namespace tlsa_update
