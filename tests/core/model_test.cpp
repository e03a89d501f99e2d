// The promise, as a property: whatever the schedule, no client is ever served a chain that an RRset it may
// know does not match. And the model must be able to fail: planners that are wrong on purpose are caught.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <rapidcheck/gtest.h>

#include "core/model/play.hpp"

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

TEST(Model, IsAboutRolloversThatDoHappen) {
  std::mt19937 random(1);
  std::size_t deployments = 0;
  for (int i = 0; i < 30; ++i) {
    deployments += play(static_cast<std::uint32_t>(random()), schedule_of(random, 200), {}).deployments;
  }
  EXPECT_GT(deployments, 30U);
}

// Wrong planners.

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

Brain deletes_early() {
  Brain brain{"deletes as soon as the new record is there"};
  brain.spoil = [](Plan& plan, const Seen&) {
    const auto& steps = plan.zones[0].rrsets[0].steps;
    const auto is_missing = [](const Step& step) { return step.state == RecordState::missing; };
    if (std::ranges::none_of(steps, is_missing) && std::ranges::any_of(steps, is_wanted)) {
      delete_what_is_not_wanted(plan);
    }
  };
  return brain;
}

Brain replaces() {
  Brain brain{"replaces instead of adding"};
  brain.spoil = [](Plan& plan, const Seen&) {
    if (!plan.zones[0].rrsets[0].adds().empty()) delete_what_is_not_wanted(plan);
  };
  return brain;
}

Brain deploys_early() {
  Brain brain{"deploys as soon as the primary has the records"};
  brain.spoil = [](Plan& plan, const Seen&) {
    const auto& steps = plan.zones[0].rrsets[0].steps;
    plan.readiness[0].ready =
        std::ranges::none_of(steps, [](const Step& step) { return step.state == RecordState::missing; });
  };
  return brain;
}

Brain waits_one_ttl() {
  Brain brain{"waits one TTL where RFC 7671 asks for two"};
  brain.tune = [](Policy& policy) { policy.wait_factor = 1; };
  return brain;
}

Brain forgets_a_secondary() {
  Brain brain{"forgets the last secondary"};
  brain.squint = [](Seen& seen) { seen.zones[0].servers.pop_back(); };
  return brain;
}

Brain drops_handshakes(std::string name, std::function<bool(const Presented&)> is_dropped) {
  Brain brain{std::move(name)};
  brain.squint = [is_dropped](Seen& seen) { std::erase_if(seen.evidence[0].presented, is_dropped); };
  return brain;
}

Brain ignores_the_other_address() {
  return drops_handshakes("looks at the first address only",
                          [](const Presented& one) { return one.address != "192.0.2.1"; });
}

Brain takes_silence_for_consent() {
  return drops_handshakes("leaves out addresses that do not answer",
                          [](const Presented& one) { return one.outcome == ProbeOutcome::unreachable; });
}

Brain sees_the_rsa_half() {
  return drops_handshakes("makes RSA handshakes only",
                          [](const Presented& one) { return one.key_type == KeyType::ecdsa; });
}

Brain never_probes() {
  Brain brain{"changes parameters without a look at what is served"};
  brain.squint = [](Seen& seen) { seen.evidence.clear(); };
  return brain;
}

Brain believes_the_wall_clock() {
  Brain brain{"believes the wall clock"};
  brain.tell_time = [](ClockReading& clock) {
    clock.boot_id.clear();
    clock.is_confirmed = true;
  };
  return brain;
}

Brain forgets_what_it_released() {
  Brain brain{"forgets what it released for deployment"};
  brain.recall = [](Ledger& ledger, const Seen&) {
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.released_at.reset();
    }
  };
  return brain;
}

Brain forgets_the_ttl_before() {
  Brain brain{"counts the TTL after the change only"};
  brain.recall = [](Ledger& ledger, const Seen& seen) {
    const auto& rrset = seen.zones[0].owners[0].rrset;
    for (auto& [owner, memory] : ledger.owners) {
      for (auto& entry : memory.records) entry.ttl_bound = rrset ? rrset->ttl : 0;
    }
  };
  return brain;
}

class WrongPlanner : public ::testing::TestWithParam<Brain (*)()> {};

TEST_P(WrongPlanner, IsCaught) {
  const Brain brain = GetParam()();
  std::mt19937 random(7);
  for (int i = 0; i < 600; ++i) {
    const auto settings = static_cast<std::uint32_t>(random());
    if (play(settings, schedule_of(random, 150), brain).trouble) {
      RecordProperty("schedules", i + 1);
      return;
    }
  }
  FAIL() << brain.name << ", and nobody noticed";
}

INSTANTIATE_TEST_SUITE_P(Model, WrongPlanner,
                         ::testing::Values(deletes_early, replaces, deploys_early, waits_one_ttl,
                                           forgets_a_secondary, ignores_the_other_address,
                                           takes_silence_for_consent, sees_the_rsa_half, never_probes,
                                           believes_the_wall_clock, forgets_what_it_released,
                                           forgets_the_ttl_before),
                         [](const auto& one) {
                           std::string name = one.param().name;
                           std::ranges::replace_if(
                               name, [](char c) { return c < 'A' || c > 'z'; }, '_');
                           return name;
                         });

}  // namespace model_test
}  // namespace tlsa_update::model
