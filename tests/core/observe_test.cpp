#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace observe_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");

void look(Scene& scene, const ClockReading& clock) {
  scene.ledger() =
      observe(scene.ledger(), scene.wishes(), {scene.zone()}, scene.evidence(), scene.policy(), clock);
}

// Looks with a wall clock that is wrong by `error`.
void look(Scene& scene, Seconds error) { look(scene, {scene.now() + error, "boot", scene.now() - issued}); }

Plan plan(const Scene& scene, Seconds error) {
  Scene later = scene;
  return later.pass(error).plan();
}

TEST(Observe, RemembersWhatDnsCannotTell) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).serve({"A", "A"}).look();
  LedgerEntry entry;
  entry.record = a;
  entry.owned = true;  // found published while it was wanted (I4)
  entry.seen_everywhere_at = entry.last_seen_live = scene.now();
  entry.published_at = entry.released_at = scene.now() - Seconds(1);  // for all that an empty ledger knows
  entry.ttl_bound = 900;
  entry.watched_since = scene.now();
  entry.key_type = "rsa";
  OwnerLedger expected{{entry}, {{300, std::nullopt}}, std::nullopt};
  expected.watched_since = expected.last_look = scene.now();
  EXPECT_EQ(scene.ledger().owners.at(name(Scene::owner_text)), expected);
}

TEST(Observe, ASecondLookChangesNothingButTheLastSighting) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 300).serve({"A", "A"}).look();
  Ledger before = scene.ledger();
  scene.evidence().clear();
  scene.pass(Seconds(60)).look();
  before.owners.at(name(Scene::owner_text)).last_look = scene.now();
  EXPECT_EQ(scene.ledger().owners, before.owners);
}

TEST(Observe, ForeignRecordsAreNotOwned) {
  Scene scene;
  scene.want({{"A"}}).publish({a, b}).look();
  EXPECT_FALSE(scene.remembered(b).owned);
  scene.policy().adopt = {b};
  scene.look();
  EXPECT_TRUE(scene.remembered(b).owned);
  EXPECT_EQ(scene.remembered(b).retired_at, scene.now());
  EXPECT_EQ(scene.remembered(b).released_at, std::nullopt);
}

TEST(Observe, KeepMakesNothingOurs) {
  Scene scene;
  scene.want({.current = {"A"}, .keep = {b}}).publish({a, b}).policy().adopt_all = true;
  scene.look();
  EXPECT_FALSE(scene.remembered(b).owned);
}

TEST(Observe, WhatIsIntendedIsOursEvenWhenTheRunDiesBeforeItLooksAgain) {
  Scene scene;
  scene.want({.current = {"B"}, .combinations = {"3 1 2"}}).publish({a}).serve({"A", "A"}).look();
  const TlsaRecord derived = record("3 1 2", "A");
  scene.ledger() = intend(scene.ledger(), scene.plan(), scene.now());
  scene.publish({a, derived, record("3 1 2", "B")}).look();
  EXPECT_TRUE(scene.remembered(derived).owned);
}

TEST(Observe, RetiredFromWhenItStoppedBeingWanted) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(1)).want({{"B"}}).look();
  EXPECT_EQ(scene.remembered(a).retired_at, scene.now());
  scene.pass(hours(1)).want({{"A"}}).look();
  EXPECT_EQ(scene.remembered(a).retired_at, std::nullopt);
}

TEST(Observe, ADeletedRecordIsForgottenWhenNoCacheHoldsIt) {
  Scene scene;
  scene.want({{"B"}})
      .publish({b}, 300)
      .look()
      .publish({a, b}, 300)
      .look()
      .publish({b}, 300)
      .pass(hours(1))
      .look();
  EXPECT_EQ(scene.remembered(a).deleted_at, scene.now());
  scene.pass(Seconds(2 * 900 + 60)).look();
  EXPECT_EQ(scene.ledger().owners.at(name(Scene::owner_text)).find(a), nullptr);
}

TEST(Observe, ARecordIsNotGoneWhileASecondaryServesItOrDoesNotAnswer) {
  Scene scene;
  scene.want({{"B"}}).publish({a, b}).look();
  scene.primary({b}).look();
  EXPECT_EQ(scene.remembered(a).deleted_at, std::nullopt);
  scene.publish({b}).server(1).reachable = false;
  scene.look();
  EXPECT_EQ(scene.remembered(a).deleted_at, std::nullopt);
  scene.server(1).reachable = true;
  scene.look();
  EXPECT_EQ(scene.remembered(a).deleted_at, scene.now());
}

constexpr Seconds rounding{1};  // of what two readings in whole seconds tell of a step

TEST(Observe, AWallClockSetBackMovesTheStampsWithIt) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(1));
  look(scene, -hours(10));
  EXPECT_EQ(scene.remembered(a).seen_everywhere_at, noon - hours(10) + rounding);
}

TEST(Observe, AWallClockSetForwardShortensNoWait) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(1));
  look(scene, hours(1000));
  EXPECT_FALSE(plan(scene, hours(1000)).readiness.at(0).ready);
  EXPECT_EQ(scene.remembered(a).seen_everywhere_at, noon + hours(1000) + rounding);
}

TEST(Observe, AWallClockThatNobodyTouchedMovesNothing) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).look().pass(hours(1));
  look(scene, Seconds(1));  // two roundings apart
  EXPECT_EQ(scene.remembered(a).seen_everywhere_at, noon);
}

TEST(Observe, StampsOfTheFutureStartAgain) {  // the clock was wrong, and the machine has booted since
  Scene scene;
  scene.want({{"A"}}).publish({a});
  look(scene, hours(1000));
  scene.pass(hours(1));
  look(scene, {scene.now(), "another boot", hours(0), false});
  EXPECT_EQ(scene.remembered(a).seen_everywhere_at, scene.now());
  EXPECT_FALSE(scene.plan().readiness.at(0).ready);
}

// A machine whose clock begins each boot with a time of its own.
TEST(Observe, AClockThatNothingConfirmsCountsOnlyFromTheBoot) {
  for (const bool last_is_confirmed : {false, true}) {
    for (const bool is_confirmed : {false, true}) {
      Scene scene;
      scene.want({{"A"}}).publish({a});
      look(scene, {noon, "boot", hours(1000), last_is_confirmed, "machine"});
      look(scene, {noon + hours(30), "another boot", Seconds(90), is_confirmed, "machine"});
      const auto waited = noon + hours(30) - *scene.remembered(a).seen_everywhere_at;
      const bool counts = last_is_confirmed && is_confirmed;
      EXPECT_EQ(waited, (counts ? hours(30) - 2 * clock_tolerance : Seconds(90)) - rounding);
    }
  }
}

// The clock is put right after the boot, and nothing of what it said before counts.
TEST(Observe, AClockThatWasAheadAtTheBootShortensNoWait) {
  Scene scene;
  scene.want({{"A"}}).publish({a});
  look(scene, {noon, "boot", hours(1000), true, "machine"});
  look(scene, {noon + hours(3), "another boot", Seconds(90), false, "machine"});  // two hours ahead
  look(scene, {noon + hours(1), "another boot", Seconds(100), true, "machine"});
  EXPECT_EQ(noon + hours(1) - *scene.remembered(a).seen_everywhere_at, Seconds(100) - 2 * rounding);
}

// The ledger was carried to a machine that has run for longer, or perhaps it was: neither its uptime nor its
// clock tells how long that took.
TEST(Observe, TheUptimeOfAnotherMachineIsNoWait) {
  for (const char* machine : {"", "another machine"}) {
    Scene scene;
    scene.want({{"A"}}).publish({a});
    look(scene, {noon, "boot", hours(1), false, "machine"});
    look(scene, {noon + Seconds(60), "another boot", hours(5000), false, machine});
    EXPECT_EQ(*scene.remembered(a).seen_everywhere_at, noon + Seconds(60));
  }
}

// Row 31 of the adversary: the other machine's clock is ahead, by less than TSIG forbids.
TEST(Observe, OfWhatTwoMachinesConfirmTheToleranceOfBothIsTakenOff) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 60);
  look(scene, {noon, "boot", hours(1), true, "machine"});
  look(scene, {noon + Seconds(290), "another boot", hours(5000), true, "another machine"});
  scene.pass(Seconds(290));
  const auto ready_at = noon + 2 * clock_tolerance + Seconds(2 * 900 + 60);
  EXPECT_EQ(scene.plan().readiness.at(0).ready_at, ready_at);
}

// Row 32: a fresh machine for each run, every ten minutes. The tolerance is taken off once, not at each of
// them.
TEST(Observe, AFreshMachineForEachRunGetsToItsEnd) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 60);
  for (int run = 0; run < 6; ++run) {
    look(scene,
         {scene.now(), "boot " + std::to_string(run), Seconds(20), true, "machine " + std::to_string(run)});
    if (scene.plan().readiness.at(0).ready) {
      EXPECT_EQ(run, 5);
      return;
    }
    scene.pass(Seconds(600));
  }
  FAIL() << "never ready";
}

}  // namespace observe_test
}  // namespace tlsa_update
