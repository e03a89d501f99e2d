// A second front end: a whole rollover through rollover::run, in a World that is neither the network's nor
// the command line's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rollover/model/model_world.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/rollover/dry_world.hpp"
#include "tlsa_update/rollover/rollover.hpp"
#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update::model {
namespace {

using testing::parameters;

class FrontEnd : public ::testing::Test {
 protected:
  FrontEnd() {
    wish_.combinations = {parameters("3 1 1")};
    wish_.ttl = 3600;
    world_.wish_for(wish_, {});
  }

  // One pass a minute, as a timer would, until nothing is left to wait for; the service takes up what it has.
  int minutes_until_done() {
    for (int minutes = 0; minutes < 1000; ++minutes) {
      const auto found = rollover::run(world_, ledger_, world_.request(), events_);
      EXPECT_TRUE(found);
      EXPECT_FALSE(truth_.outage()) << truth_.outage()->text;
      if (found && report::exit_status_of(*found) == 0) return minutes;
      truth_.transfer(0);
      truth_.take_up(0);
      truth_.pass(Seconds{60});
    }
    return -1;
  }

  [[nodiscard]] TlsaRecords records_of(int generation) const {
    return {record_of({generation, KeyType::rsa}, parameters("3 1 1"))};
  }

  Truth truth_{1, 1, std::nullopt, Keys{{0, KeyType::rsa}}};
  ModelWorld world_{truth_, {}, true};
  ModelLedger ledger_{world_};
  test::NotedEvents events_;
  Wish wish_;
};

TEST_F(FrontEnd, CarriesARolloverFromTheFirstRecordToTheLastDeletion) {
  ASSERT_GE(minutes_until_done(), 0);
  ASSERT_TRUE(truth_.at_primary());
  EXPECT_EQ(truth_.at_primary()->records, records_of(0));

  wish_.generation = 1;
  world_.wish_for(wish_, {});
  EXPECT_GE(minutes_until_done(), 2 * 60);  // two TTLs (RFC 7671 section 8.1)
  EXPECT_EQ(truth_.served(0), (Keys{{1, KeyType::rsa}}));
  EXPECT_EQ(truth_.at_primary()->records, records_of(1));
}

TEST_F(FrontEnd, ADryRunChangesNothing) {
  rollover::DryWorld dry(world_, events_);
  state::PeekedLedger nothing(ledger_);
  const auto found = rollover::run(dry, nothing, world_.request(), events_);
  ASSERT_TRUE(found);
  EXPECT_EQ(report::exit_status_of(*found), 1);
  EXPECT_FALSE(truth_.at_primary());
  EXPECT_EQ(ledger_.peek(), Ledger{});
}

}  // namespace
}  // namespace tlsa_update::model
