// What nobody has seen counts as the worst: the time before an owner was watched, and servers that were out
// of reach.
#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace history_test {

using namespace testing;
using std::chrono::hours;

constexpr Seconds margin{60};
const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");

// B is wanted, of TTL 300; what was there before may have had a day.
struct Unknown : Scene {
  Unknown() {
    serve({"A", "A"});
    want_with({{"B"}});
  }
  void want_with(const Wishes& wishes, std::uint32_t longest_ttl = 86400) {
    want(wishes);
    this->wishes()[0].longest_ttl = longest_ttl;
  }
  [[nodiscard]] Readiness verdict() const { return plan().readiness.at(0); }
};

TEST(History, OfANameThatNobodyWatchedIsTheWorstHistory) {
  for (const auto& there : {TlsaRecords{a, b}, TlsaRecords{a}}) {
    Unknown scene;
    scene.publish(there, 300).run();
    const Time gone = noon + Seconds(2 * 86400) + margin;
    scene.pass(hours(5)).run();
    EXPECT_EQ(scene.verdict().blockers, (std::vector{Blocker{b, "B.pem", Reason::no_history, gone}}));
    EXPECT_EQ(scene.plan().next_due, gone);
    for (int hour = 5; hour < 48; ++hour) scene.pass(hours(1)).look();
    EXPECT_FALSE(scene.verdict().ready);
    EXPECT_TRUE((scene.pass(margin).look(), scene.verdict().ready));
  }
}

TEST(History, BeginsWithTheFirstLookThatReachesEveryServer) {
  Unknown scene;
  scene.server(2).reachable = false;
  scene.publish({a, b}, 300).look().pass(hours(1)).look();
  EXPECT_EQ(scene.ledger().owners.at(name(Scene::owner_text)).watched_since, std::nullopt);
  scene.server(2).reachable = true;
  scene.look();
  EXPECT_EQ(scene.verdict().blockers[0].ready_at, noon + hours(1) + Seconds(2 * 86400) + margin);
}

TEST(History, EndsWithAGapThatIsLongerThanALifeInCaches) {
  for (const auto& [gap, is_watched] : {std::pair{hours(24), true}, std::pair{hours(25), false}}) {
    Unknown scene;
    scene.want_with({{"A"}});
    scene.publish({a}, 300).look();
    for (int day = 0; day < 4; ++day) scene.pass(hours(24)).look();
    scene.want_with({{"B"}});
    scene.pass(gap).run();
    const auto waits_for = is_watched ? Seconds(2 * 900) : Seconds(2 * 86400);
    // The gap does not matter to what has been everywhere before it and after.
    EXPECT_EQ(scene.verdict().ready_at, scene.now() + (is_watched ? Seconds(2 * 300) : waits_for) + margin);
    scene.want_with({{"A"}});
    EXPECT_TRUE(scene.verdict().ready);
  }
}

// A timer that runs less often than the TTLs are long gets to its end as well.
TEST(History, OfWhatIsEverywhereIsNotBegunAnew) {
  Unknown scene;
  scene.want_with({{"B"}}, 60);
  scene.publish({a}, 30).run();
  scene.pass(Seconds(150)).look();
  EXPECT_EQ(scene.verdict().ready_at, noon + Seconds(2 * 60) + margin);
  EXPECT_TRUE((scene.pass(Seconds(600)).look(), scene.verdict().ready));
}

TEST(History, IsNoReasonToWaitWithWhatEveryAddressPresents) {
  Unknown scene;
  scene.want_with({{"A"}});
  scene.publish({a}, 300).look().pass(Seconds(2 * 900) + margin).look();
  EXPECT_TRUE(scene.verdict().ready);
  EXPECT_EQ(steps(scene.plan()), briefs({published(a)}));
  scene.serve({"A", "B"}).look();
  EXPECT_EQ(scene.verdict().blockers[0].reason, Reason::no_history);
  scene.serve({"A", ""}).look();
  EXPECT_EQ(scene.verdict().blockers[0].reason, Reason::no_history);
}

TEST(History, OfALedgerOfVersion1IsWhatItsStampsTell) {
  Unknown scene;
  scene.publish({a, b}, 300).look();
  auto& memory = scene.ledger().owners.at(name(Scene::owner_text));
  memory.watched_since = memory.last_look = scene.remembered(b).watched_since = std::nullopt;
  scene.pass(hours(30)).look();
  EXPECT_EQ(scene.verdict().ready_at, noon + Seconds(2 * 86400) + margin);
}

TEST(History, TakesTheLongestTtlOfAllWhoAskForAnOwner) {
  Unknown scene;
  scene.want_with({{"B"}}, 60);
  scene.wishes().push_back(scene.wishes()[0]);
  scene.wishes()[1].longest_ttl = 86400;
  scene.publish({a, b}, 300).look();
  EXPECT_EQ(scene.verdict().ready_at, noon + Seconds(2 * 86400) + margin);
}

TEST(History, ThatTheOperatorShortensIsShort) {
  Unknown scene;
  scene.publish({a, b}, 300).look();
  scene.want_with({{"B"}}, 600);
  EXPECT_EQ(scene.verdict().ready_at, noon + Seconds(2 * 900) + margin);  // the negative TTL
}

TEST(History, AServerThatWasOutOfReachMayComeBackWithAnOldZone) {  // row 11
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).look().pass(hours(24)).look();
  ASSERT_TRUE(scene.plan().readiness.at(0).ready);
  scene.server(1).reachable = false;
  scene.look();
  const Time since = scene.now();
  const auto waits_for = [&](Reason reason, std::optional<Time> until) {
    const auto blockers = scene.plan().readiness.at(0).blockers;
    EXPECT_EQ(blockers.size(), 1U);
    EXPECT_EQ(blockers.at(0).reason, reason);
    EXPECT_EQ(blockers.at(0).ready_at, until);
    EXPECT_EQ(blockers.at(0).places, (Places{{"ns.example.com.", "192.0.2.54@53", since}}));
  };
  waits_for(Reason::propagating, std::nullopt);
  scene.pass(hours(1)).look();
  waits_for(Reason::propagating, std::nullopt);
  scene.server(1).reachable = true;
  const Time until = scene.look().now() + Seconds(2 * 300) + margin;
  waits_for(Reason::server_returned, until);
  scene.pass(Seconds(600)).look();
  waits_for(Reason::server_returned, until);
  scene.pass(margin).look();
  Scene earlier = scene;  // observations are rounded up to the full second, and plans down
  EXPECT_FALSE(earlier.pass(-Seconds(1)).plan().readiness.at(0).ready);
  EXPECT_TRUE(scene.plan().readiness.at(0).ready);
  EXPECT_TRUE(scene.pass(Seconds(1)).look().ledger().owners.at(name(Scene::owner_text)).out_of_reach.empty());
}

TEST(History, AServerThatVanishesAgainIsAwaitedAgain) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).look().pass(hours(24)).server(1).reachable = false;
  scene.look().server(1).reachable = true;
  scene.pass(Seconds(300)).look().server(2).reachable = false;
  scene.pass(Seconds(1)).look().server(2).reachable = true;
  scene.pass(Seconds(300)).look();
  const auto blockers = scene.plan().readiness.at(0).blockers;
  EXPECT_EQ(blockers.at(0).ready_at, scene.now() + Seconds(2 * 300) + margin);
  EXPECT_EQ(blockers.at(0).places.at(0).address, "2001:db8::54@53");
}

TEST(History, OfAReturnIsNoReasonToWaitWithWhatEveryAddressPresents) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).serve({"A", "A"}).look().pass(hours(24)).server(1).reachable = false;
  scene.look().server(1).reachable = true;
  EXPECT_TRUE(scene.look().plan().readiness.at(0).ready);
}

// RFC 2136 section 3.5: without an answer a change is made, or not made, or made later. The explorer found it:
// a deletion was late, the operator wanted the record again, and it was deployed, since it was there.
TEST(History, ADeletionWithoutAnAnswerMayStillBeApplied) {
  Scene scene;
  scene.want({{"A"}}).publish({a, b}, 300).serve({"A", "A"}).look().pass(hours(24)).look();
  auto deletion = scene.plan();
  for (auto& step : deletion.zones.at(0).rrsets.at(0).steps) {
    if (step.record == b) step.action = Action::remove;
  }
  const Time sent = scene.now();
  scene.ledger() = intend(scene.ledger(), deletion, sent);
  Scene with_answer = scene;
  with_answer.ledger() = answered(with_answer.ledger(), deletion, {});
  for (auto* one : {&scene, &with_answer}) one->want({{"B"}}).look();
  EXPECT_TRUE(with_answer.plan().readiness.at(0).ready);
  const auto blockers = scene.plan().readiness.at(0).blockers;
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].reason, Reason::unanswered);
  EXPECT_EQ(blockers[0].ready_at, sent + Seconds(601));  // the fudge of TSIG twice
  scene.ledger() = answered(scene.ledger(), deletion, {name(Scene::owner_text)});
  EXPECT_FALSE(scene.pass(Seconds(600)).look().plan().readiness.at(0).ready);
  EXPECT_TRUE(scene.pass(Seconds(1)).look().plan().readiness.at(0).ready);
}

TEST(History, OfATtlIsOverOnceItsLastSecondIs) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 3600).look().publish({a}, 300).look();
  const auto ttls = [&](Seconds later) {
    return scene.pass(later).look().ledger().owners.at(name(Scene::owner_text)).ttls.size();
  };
  EXPECT_EQ(ttls(Seconds(2 * 3600) + margin), 2U);
  EXPECT_EQ(ttls(Seconds(1)), 1U);
}

// PROOF 1: TTL 900 moved to 60, the ledger lost, and the next key published and deployed after 2 x 60 s.
TEST(History, OfALostLedgerCountsForWhatIsAddedAfterwards) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 3600).serve({"A", "A"}).look().publish({a}, 60);
  scene.ledger() = {};
  scene.want({{"B"}}).wishes()[0].longest_ttl = 3600;
  scene.run();
  EXPECT_EQ(scene.plan().readiness.at(0).ready_at, noon + Seconds(2 * 3600) + margin);
}

// PROOF 2: --unpublish while a malformed foreign record stays, the ledger lost, a new key wanted.
TEST(History, OfALostLedgerCountsWhereNobodyCanUseWhatIsThere) {
  auto malformed = a;
  malformed.data.resize(31);
  Unknown scene;
  scene.publish({malformed}).run();
  EXPECT_FALSE(scene.verdict().ready);
  EXPECT_TRUE((scene.pass(hours(100)).look(), !scene.verdict().ready));  // nobody published B
}

}  // namespace history_test
}  // namespace tlsa_update
