// What is left to do after a pass, as commands turn it into an exit status.
#include "tlsa_update/report/findings.hpp"

#include <gtest/gtest.h>

namespace tlsa_update::report {
namespace findings_test {

Plan plan_with(RecordState state, Action action, Reason reason) {
  RrsetPlan rrset;
  rrset.steps = {
      {.record = {}, .state = state, .action = action, .reason = reason, .credential = {}, .ready_at = {}}};
  Plan plan;
  plan.zones = {{Name::parse("example.com").value(), "192.0.2.1@53", {rrset}}};
  return plan;
}

TEST(Findings, APassThatLeavesSomethingIsNotYetDone) {
  Findings findings;
  findings.plan = plan_with(RecordState::stale, Action::remove, Reason::superseded);
  conclude_pass(findings,
                Goal::deletion);  // it became due after the pass had acted: `run --wait` was over then
  EXPECT_EQ(findings.remaining, ErrorCode::not_yet);
  conclude_look(findings, Goal::deletion);
  EXPECT_EQ(findings.remaining, ErrorCode::differences);
}

TEST(Findings, WhatOnlyTheOperatorEndsIsMoreThanADifference) {
  Findings findings;
  findings.plan = plan_with(RecordState::stale, Action::wait, Reason::last_record);
  findings.plan.zones[0].rrsets[0].moves_ttl = true;
  conclude_look(findings, Goal::all);
  EXPECT_EQ(findings.remaining, ErrorCode::unsafe);
}

TEST(Findings, StatusCountsWhatCouldNotBeSeenAsADifference) {
  Findings findings;
  findings.plan = plan_with(RecordState::published, Action::none, Reason::wanted);
  conclude_status(findings);
  EXPECT_EQ(findings.remaining, std::nullopt);
  findings.zones.resize(1);
  findings.zones[0].servers.resize(1);  // which is not reachable
  conclude_status(findings);
  EXPECT_EQ(findings.remaining, ErrorCode::differences);
  findings.zones[0].servers[0].reachable = true;
  findings.evidence.emplace(1);  // of which no address is known
  conclude_status(findings);
  EXPECT_EQ(findings.remaining, ErrorCode::differences);
}

// The planner's reason, and no guess from what was done.
TEST(Json, TheReasonOfAChangeIsThePlanners) {
  Findings findings;
  findings.plan = plan_with(RecordState::published, Action::none, Reason::foreign);
  const auto& owner = findings.plan.zones[0].rrsets[0].owner;
  findings.added[{owner, TlsaRecord{}}] = Reason::served_chain;
  findings.removed[{owner, TlsaRecord{{}, Bytes(32, 1)}}] = Reason::unpublished;
  const auto text = json_of(findings);
  EXPECT_NE(text.find(R"("action":"add","reason":"served-chain")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("action":"delete","reason":"unpublished")"), std::string::npos) << text;
}

TEST(Json, EachServerInTheWayIsABlocker) {
  Findings findings;
  Wait wait;
  wait.owner = Name::parse("_25._tcp.mail.example.com").value();
  wait.record = {{}, Bytes(32, 1)};
  wait.reason = Reason::propagating;
  wait.ends = Ends::server;
  wait.places = {{"ns1.example.com.", "192.0.2.1@53"}, {"ns2.example.com.", "192.0.2.2@5353"}};
  findings.blockers = {wait};
  const auto text = json_of(findings);
  for (const char* const expected :
       {R"("owner":"_25._tcp.mail.example.com.","reason":"propagating","detail":"3 1 1 0101)",
        R"("ends":"server","record":"3 1 1 0101)", R"("server":"ns1.example.com.","address":"192.0.2.1"})",
        R"("server":"ns2.example.com.","address":"192.0.2.2@5353"})"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in " << text;
  }
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

}  // namespace findings_test
}  // namespace tlsa_update::report
