// What is left to do after a pass, as commands turn it into an exit status.
#include "tlsa_update/report/findings.hpp"

#include <gtest/gtest.h>

namespace tlsa_update::report {
namespace {

Plan plan_with(RecordState state, Action action, Reason reason) {
  RrsetPlan rrset;
  rrset.steps = {
      {.record = {}, .state = state, .action = action, .reason = reason, .credential = {}, .ready_at = {}}};
  Plan plan;
  plan.zones = {{Name::parse("example.com").value(), "192.0.2.1@53", {rrset}}};
  return plan;
}

TEST(Findings, NothingIsLeftWhenNothingWaits) {
  const auto plan = plan_with(RecordState::published, Action::none, Reason::wanted);
  EXPECT_EQ(waiting_in(plan), std::nullopt);
  EXPECT_EQ(lingering_in(plan), std::nullopt);
  EXPECT_EQ(held_back_in(plan), std::nullopt);
}

TEST(Findings, WhatWaitsIsNotYetDone) {
  const auto stale = plan_with(RecordState::stale, Action::wait, Reason::grace);
  EXPECT_EQ(waiting_in(stale), ErrorCode::not_yet);
  EXPECT_EQ(lingering_in(stale), ErrorCode::not_yet);
  EXPECT_EQ(held_back_in(stale), std::nullopt);
  const auto held = plan_with(RecordState::missing, Action::wait, Reason::may_go_live);
  EXPECT_EQ(held_back_in(held), ErrorCode::not_yet);
}

// A wait may end between the plan that is carried out and the one that is reported: `run --wait` was over
// then, and the stale record still there.
TEST(Findings, WhatBecameDueInTheMeantimeIsNotYetDone) {
  const auto plan = plan_with(RecordState::stale, Action::remove, Reason::superseded);
  EXPECT_EQ(waiting_in(plan), ErrorCode::not_yet);
  EXPECT_EQ(lingering_in(plan), ErrorCode::not_yet);
}

TEST(Json, AnAddressBearsItsPortOnlyWhereThatIsNotTheOneOfDns) {
  Findings findings;
  findings.zones.resize(1);
  findings.plan = plan_with(RecordState::published, Action::none, Reason::wanted);
  auto& zone = findings.zones.front();
  zone.apex = findings.plan.zones.front().zone;
  zone.server = findings.plan.zones.front().server;
  for (const char* const address : {"192.0.2.2@53", "2001:db8::2@53", "192.0.2.2@5353"}) {
    zone.servers.emplace_back().address = address;
  }
  const auto text = json_of(findings);
  for (const char* const expected : {"\"192.0.2.2\"", "\"2001:db8::2\"", "\"192.0.2.2@5353\""}) {
    EXPECT_NE(text.find(std::string("\"address\":") + expected), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tlsa_update::report
