// What a plan waits for, what ends each wait, and what that comes to.
#include "tlsa_update/core/waits.hpp"

#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace waits_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");
const TlsaRecord a512 = record("3 1 2", "A");

Plan plan_with(RecordState state, Action action, Reason reason) {
  Step step;
  step.state = state;
  step.action = action;
  step.reason = reason;
  RrsetPlan rrset;
  rrset.steps = {step};
  Plan plan;
  plan.zones = {{name("example.com"), "192.0.2.1@53", {rrset}}};
  return plan;
}

std::optional<ErrorCode> outcome(const Plan& plan, Goal goal) { return outcome_of(waits(plan, goal)); }

TEST(Waits, NothingIsLeftWhenNothingWaits) {
  const auto plan = plan_with(RecordState::published, Action::none, Reason::wanted);
  for (const auto goal : {Goal::addition, Goal::deployment, Goal::deletion, Goal::all})
    EXPECT_EQ(outcome(plan, goal), std::nullopt);
}

TEST(Waits, EachCommandHasItsOwn) {
  const auto stale = plan_with(RecordState::stale, Action::wait, Reason::grace);
  EXPECT_EQ(outcome(stale, Goal::all), ErrorCode::not_yet);
  EXPECT_EQ(outcome(stale, Goal::deletion), ErrorCode::not_yet);
  EXPECT_EQ(outcome(stale, Goal::addition), std::nullopt);
  EXPECT_EQ(outcome(stale, Goal::deployment), std::nullopt);
  const auto held = plan_with(RecordState::missing, Action::wait, Reason::may_go_live);
  EXPECT_EQ(outcome(held, Goal::addition), ErrorCode::not_yet);
}

// The kind of B2: 75 says that something will end the wait.
TEST(Waits, WhatOnlyTheOperatorEndsIsNoSuccess) {
  Scene scene;
  scene.want({{"A"}}).publish({a, a512}).serve({"A", "A"}).look().pass(hours(48)).look();
  EXPECT_EQ(outcome(scene.plan(), Goal::deployment), std::nullopt);
  scene.want({{"B"}}).run();

  const auto waiting = waits(scene.plan(), Goal::deployment);
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].reason, Reason::may_be_cached);
  EXPECT_EQ(waiting[0].ends, Ends::time);
  EXPECT_EQ(waiting[1].record, a512);
  EXPECT_EQ(waiting[1].reason, Reason::combination_would_break);
  EXPECT_EQ(waiting[1].ends, Ends::operator_);
  EXPECT_EQ(waiting[1].owner, name(Scene::owner_text));
  EXPECT_NE(detail(waiting[1]).find("adopt it, or publish 3 1 2 as well"), std::string::npos);
  EXPECT_EQ(outcome_of(waiting), ErrorCode::unsafe);
  EXPECT_EQ(outcome(scene.plan(), Goal::all), ErrorCode::unsafe);

  scene.want({.current = {"B"}, .combinations = {"3 1 1", "3 1 2"}}).run();
  EXPECT_EQ(outcome(scene.plan(), Goal::all), ErrorCode::not_yet);
  scene.pass(hours(3)).look();
  EXPECT_EQ(outcome(scene.plan(), Goal::deployment), std::nullopt);
}

TEST(Waits, EveryServerInTheWayIsNamed) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).server(0).rrsets[0].rrset.reset();
  scene.server(1).reachable = false;
  const auto waiting = waits(scene.look().plan(), Goal::deployment);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].ends, Ends::server);
  EXPECT_EQ(waiting[0].places, (Places{{"ns.example.com.", "192.0.2.53@53"},
                                       {"ns.example.com.", "192.0.2.54@53", scene.now()}}));
  EXPECT_NE(detail(waiting[0])
                .find("; out of reach since " + rfc3339(scene.now()) + ": ns.example.com. 192.0.2.54"),
            std::string::npos)
      << detail(waiting[0]);
  scene.publish({a}).server(1).reachable = true;
  scene.server(2).rrsets[0].rrsig_valid = false;
  const auto unsigned_at = waits(scene.look().plan(), Goal::deployment);
  EXPECT_EQ(unsigned_at[0].reason, Reason::not_signed);
  EXPECT_EQ(unsigned_at[0].places, (Places{{"ns.example.com.", "2001:db8::54@53"}}));
}

TEST(Waits, EveryAddressInTheWayOfADeletionIsNamed) {
  Scene scene;
  scene.want({{"A"}}).publish({a}).serve({"A", "A"}).look().pass(hours(48));
  scene.want({{"B"}}).run();
  scene.pass(hours(3)).serve({"B", "A"}).look();
  auto waiting = waits(scene.plan(), Goal::deletion);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_TRUE(waiting[0].is_deletion);
  EXPECT_EQ(waiting[0].reason, Reason::still_served);
  EXPECT_EQ(waiting[0].ends, Ends::service);
  EXPECT_EQ(waiting[0].places, (Places{{"", "192.0.2.2"}}));
  scene.serve({"B", ""}).look();
  waiting = waits(scene.plan(), Goal::deletion);
  EXPECT_EQ(waiting[0].reason, Reason::not_probed);
  EXPECT_EQ(waiting[0].places, (Places{{"", "192.0.2.2"}}));
}

// A secondary that lags behind a deletion ends the wait when it catches up; nobody has to do anything.
TEST(Waits, WhatOnlyAServerStillHasIsTheServersToEnd) {
  Scene scene;
  scene.want({{"A"}}).publish({a, a512}).serve({"A", "A"}).look().pass(hours(48));
  scene.want({{"B"}}).run();
  scene.primary({a, b}).server(0).rrsets[0].rrset = scene.view().rrset;
  const auto waiting = waits(scene.look().plan(), Goal::deployment);
  const auto leaving = std::ranges::find(waiting, Reason::leaving, &Wait::reason);
  ASSERT_NE(leaving, waiting.end());
  EXPECT_EQ(leaving->ends, Ends::server);
  EXPECT_EQ(leaving->places.size(), 2U);
}

TEST(Waits, NamesOfOneOwnerWaitOnce) {
  Scene scene;
  scene.want({{"A"}}).wishes().push_back(desired("_465._tcp.mail.example.com", {{"A"}}));
  OwnerView alias = scene.view();
  alias.asked = name("_465._tcp.mail.example.com");
  scene.zone().owners.push_back(alias);
  const auto waiting = waits(scene.publish({a}).look().plan(), Goal::deployment);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].owner, name(Scene::owner_text));
}

// A wait may end between the plan that is carried out and the one that is reported.
TEST(Waits, WhatBecameDueInTheMeantimeIsNotYetDone) {
  const auto plan = plan_with(RecordState::stale, Action::remove, Reason::superseded);
  EXPECT_TRUE(waits(plan, Goal::all).empty());
  EXPECT_EQ(outcome_of(due_changes(plan)), ErrorCode::not_yet);
}

TEST(Waits, ASentenceSaysWhatAndUntilWhen) {
  Wait wait;
  wait.record = a;
  wait.credential = "A.pem";
  wait.reason = Reason::may_be_cached;
  wait.ready_at = noon;
  EXPECT_EQ(detail(wait), "A.pem: " + a.text() +
                              ": caches may still hold the RRset from before the change (RFC 7671 section "
                              "8.1); until 2026-02-01T12:00:00Z");
}

TEST(Difference, IsWhatIsMissingOrStaleOrMoves) {
  const auto differs = [](RecordState state, Reason reason) {
    return has_difference(plan_with(state, Action::none, reason));
  };
  EXPECT_TRUE(differs(RecordState::missing, Reason::combination_would_break));
  EXPECT_TRUE(differs(RecordState::stale, Reason::grace));
  EXPECT_FALSE(differs(RecordState::stale, Reason::replacement_not_ready));  // an ordinary rollover
  EXPECT_FALSE(differs(RecordState::published, Reason::wanted));
  EXPECT_FALSE(differs(RecordState::foreign, Reason::foreign));
  auto moving = plan_with(RecordState::published, Action::none, Reason::ttl_change);
  moving.zones[0].rrsets[0].moves_ttl = true;
  EXPECT_TRUE(has_difference(moving));
}

TEST(Forgotten, AreWaitsForAReplacementThatNobodyWants) {
  auto plan = plan_with(RecordState::stale, Action::wait, Reason::replacement_not_ready);
  plan.zones[0].rrsets[0].steps[0].ready_at = noon;
  auto wanted = plan, looked_at = plan;
  wanted.zones[0].rrsets[0].steps.emplace_back().credential = "A.pem";
  forget_replacements(plan);
  EXPECT_EQ(rrset_of(plan).steps[0].action, Action::none);
  EXPECT_EQ(rrset_of(plan).steps[0].reason, Reason::seen);
  EXPECT_EQ(rrset_of(plan).steps[0].ready_at, std::nullopt);
  const auto before = wanted;
  forget_replacements(wanted);
  EXPECT_EQ(wanted, before);
  forget_plans(looked_at);
  EXPECT_EQ(rrset_of(looked_at).steps[0].reason, Reason::seen);
  auto unread = plan_with(RecordState::published, Action::wait, Reason::unread);
  forget_replacements(unread);
  EXPECT_EQ(rrset_of(unread).steps[0].reason, Reason::unread);
  forget_plans(unread);
  EXPECT_EQ(rrset_of(unread).steps[0].action, Action::none);
}

}  // namespace waits_test
}  // namespace tlsa_update
