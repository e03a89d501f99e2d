// The promise, as a property of the shipped driver: whatever the schedule, no client is ever served a chain
// that an RRset it may know does not match. That the model can fail is proven in tests/proof, where drivers
// that are wrong on purpose are caught.
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

}  // namespace model_test
}  // namespace tlsa_update::model
