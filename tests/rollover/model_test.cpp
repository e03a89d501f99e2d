// The promise, as a property of the shipped driver: whatever the schedule, no client is ever served a chain
// that an RRset it may know does not match. And the model must be able to fail: drivers that are wrong on
// purpose are caught.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <rapidcheck/gtest.h>

#include "rollover/model/lost_ledgers.hpp"
#include "rollover/model/play.hpp"

namespace tlsa_update::model {
namespace model_test {

Schedule schedule_of(std::mt19937& random, std::size_t length) {
  Schedule schedule(length);
  for (auto& number : schedule) number = static_cast<std::uint32_t>(random());
  return schedule;
}

void expect_peace(const History& history) {
  if (history.trouble) RC_FAIL(*history.trouble + "\n" + history.log);
}

RC_GTEST_PROP(Model, NoClientIsEverServedWhatItsRrsetDoesNotMatch, (std::uint32_t settings)) {
  expect_peace(play(settings, *rc::gen::scale(2.5, rc::gen::arbitrary<Schedule>()), {}));
}

RC_GTEST_PROP(Model, EveryRolloverComesToItsEndAndThenToRest, (std::uint32_t settings)) {
  expect_peace(play_to_the_end(settings, *rc::gen::arbitrary<Schedule>()));
}

TEST(Model, ALostLedgerShortensNoWait) {
  for (const auto& [settings, schedule] : lost_ledgers()) {
    const auto history = play_to_the_end(settings, schedule);
    EXPECT_FALSE(history.trouble) << settings << ": " << *history.trouble << "\n" << history.log;
  }
}

TEST(Model, IsAboutRolloversThatDoHappen) {
  std::mt19937 random(1);
  std::size_t deployments = 0;
  for (int i = 0; i < 30; ++i) {
    deployments += play(static_cast<std::uint32_t>(random()), schedule_of(random, 200), {}).deployments;
  }
  EXPECT_GT(deployments, 20U);
}

// Wrong drivers.

bool is_wanted(const Step& step) {
  return step.reason == Reason::wanted || step.reason == Reason::next_key ||
         step.reason == Reason::propagating || step.reason == Reason::may_be_cached ||
         step.reason == Reason::not_signed || step.reason == Reason::unread;
}

void delete_what_is_not_wanted(Plan& plan) {
  for (auto& step : plan.zones[0].rrsets[0].steps) {
    if (step.state != RecordState::missing && !is_wanted(step)) step.action = Action::remove;
  }
}

Fault deletes_early() {
  Fault fault{"deletes as soon as the new record is there"};
  fault.spoil = [](Plan& plan) {
    const auto& steps = plan.zones[0].rrsets[0].steps;
    const auto is_missing = [](const Step& step) { return step.state == RecordState::missing; };
    if (std::ranges::none_of(steps, is_missing) && std::ranges::any_of(steps, is_wanted)) {
      delete_what_is_not_wanted(plan);
    }
  };
  return fault;
}

Fault replaces() {
  Fault fault{"replaces instead of adding"};
  fault.spoil = [](Plan& plan) {
    if (!plan.zones[0].rrsets[0].adds().empty()) delete_what_is_not_wanted(plan);
  };
  return fault;
}

Fault deploys_early() {
  Fault fault{"deploys as soon as the primary has the records"};
  fault.tune = [](rollover::Request& request) { request.wait_factor = 0; };
  fault.squint = [](rollover::Facts& seen) {
    for (auto& server : seen.zones[0].servers) {
      server.reachable = true;
      server.rrsets = {{owner(), seen.zones[0].owners[0].rrset, true, std::nullopt}};
    }
  };
  return fault;
}

Fault waits_one_ttl() {
  Fault fault{"waits one TTL where RFC 7671 asks for two"};
  fault.tune = [](rollover::Request& request) { request.wait_factor = 1; };
  return fault;
}

Fault forgets_a_secondary() {
  Fault fault{"forgets the last secondary"};
  fault.squint = [](rollover::Facts& seen) { seen.zones[0].servers.pop_back(); };
  return fault;
}

Fault drops_handshakes(std::string name, std::function<bool(const Presented&)> is_dropped) {
  Fault fault{std::move(name)};
  fault.squint = [is_dropped](rollover::Facts& seen) {
    std::erase_if(seen.evidence[0].presented, is_dropped);
  };
  return fault;
}

Fault ignores_the_other_address() {
  return drops_handshakes("looks at the first address only",
                          [](const Presented& one) { return one.address != "192.0.2.1"; });
}

Fault takes_silence_for_consent() {
  return drops_handshakes("leaves out addresses that do not answer",
                          [](const Presented& one) { return one.outcome == ProbeOutcome::unreachable; });
}

Fault sees_the_rsa_half() {
  return drops_handshakes("makes RSA handshakes only",
                          [](const Presented& one) { return one.key_type == KeyType::ecdsa; });
}

Fault never_probes() {
  Fault fault{"changes parameters without a look at what is served"};
  fault.squint = [](rollover::Facts& seen) { seen.evidence[0].presented.clear(); };
  return fault;
}

Fault believes_the_wall_clock() {
  Fault fault{"believes the wall clock"};
  fault.tell_time = [](ClockReading& clock) { clock.boot_id.clear(); };
  fault.squint = [](rollover::Facts& seen) { seen.is_signed_by_primaries = true; };
  return fault;
}

Fault forgets_what_it_released() {
  Fault fault{"forgets what it released for deployment"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.released_at.reset();
    }
  };
  return fault;
}

Fault forgets_the_ttl_before() {
  Fault fault{"counts the TTL after the change only"};
  fault.recall = [](Ledger& ledger, const rollover::Facts& seen) {
    const auto& rrset = seen.zones[0].owners[0].rrset;
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) {
        entry.ttl_bound = rrset ? rrset->ttl : 0;
        entry.watched_since = testing::issued;  // which would cover it
      }
    }
  };
  return fault;
}

Fault takes_no_history_for_none() {
  Fault fault{"takes it that nothing was there before the first look"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.watched_since = testing::issued;
    }
  };
  return fault;
}

Fault believes_that_servers_stand_still() {
  Fault fault{"takes it that a server which was out of reach has stood still"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) memory.out_of_reach.clear();
  };
  return fault;
}

Fault forgets_who_else_wants() {
  Fault fault{"forgets that others want records"};
  fault.recall = [](Ledger& ledger, const rollover::Facts&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.wanters.clear();
    }
  };
  return fault;
}

Fault takes_every_machine_for_one() {
  Fault fault{"takes every machine for one and the same"};
  fault.tell_time = [](ClockReading& clock) { clock.machine = "machine"; };
  return fault;
}

Fault acts_on_old_evidence() {
  Fault fault{"acts on evidence of any age"};
  fault.has_stopwatch = false;
  return fault;
}

Fault uncovers_a_wildcard() {
  Fault fault{"unpublishes without a look at the wildcard behind"};
  fault.squint = [](rollover::Facts& seen) { seen.zones[0].owners[0].uncovered.reset(); };
  return fault;
}

Fault forgets_the_wildcards_ttl() {
  Fault fault{"takes what a wildcard answers for nothing"};
  fault.squint = [](rollover::Facts& seen) {
    seen.zones[0].owners[0].wildcard_answer.reset();
    for (auto& server : seen.zones[0].servers) {
      for (auto& rrset : server.rrsets) rrset.wildcard_answer.reset();
    }
  };
  return fault;
}

Fault publishes_unseen() {
  Fault fault{"takes a service that it cannot reach for one that is not there"};
  fault.squint = [](rollover::Facts& seen) {
    for (auto& one : seen.evidence[0].presented) one.is_closed = one.outcome == ProbeOutcome::unreachable;
  };
  return fault;
}

Fault takes_digests_for_chains() {
  Fault fault{"takes a digest that matches for a chain that clients accept"};
  fault.takes_digests_for_chains = true;
  return fault;
}

class WrongDriver : public ::testing::TestWithParam<Fault (*)()> {};

TEST_P(WrongDriver, IsCaught) {
  const Fault fault = GetParam()();
  std::mt19937 random(7);
  for (int i = 0; i < 600; ++i) {
    const auto settings = static_cast<std::uint32_t>(random());
    if (play(settings, schedule_of(random, 150), fault).trouble) {
      RecordProperty("schedules", i + 1);
      return;
    }
  }
  FAIL() << fault.name << ", and nobody noticed";
}

std::string name_of(const ::testing::TestParamInfo<Fault (*)()>& one) {
  std::string name = one.param().name;
  std::ranges::replace_if(
      name, [](char c) { return c < 'A' || c > 'z'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Model, WrongDriver,
                         ::testing::Values(deletes_early, replaces, deploys_early, waits_one_ttl,
                                           forgets_a_secondary, ignores_the_other_address,
                                           takes_silence_for_consent, sees_the_rsa_half, never_probes,
                                           believes_the_wall_clock, forgets_what_it_released,
                                           forgets_the_ttl_before, forgets_who_else_wants,
                                           uncovers_a_wildcard, publishes_unseen, takes_digests_for_chains),
                         name_of);

// 600 random schedules do not meet these any more, since a first record needs an eyewitness: what they break
// is rare now. They are for an explorer (tests/proof), which has no need of luck.
INSTANTIATE_TEST_SUITE_P(DISABLED_Rare, WrongDriver,
                         ::testing::Values(takes_no_history_for_none, believes_that_servers_stand_still,
                                           takes_every_machine_for_one, acts_on_old_evidence,
                                           forgets_the_wildcards_ttl),
                         name_of);

}  // namespace model_test
}  // namespace tlsa_update::model
