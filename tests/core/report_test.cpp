#include "tlsa_update/core/report.hpp"

#include <gtest/gtest.h>
#include <set>

namespace tlsa_update {
namespace report_test {

const Name owner = Name::parse("_25._tcp.mail.example.com").value();

TEST(Report, EveryReasonHasAWordOfItsOwnForJson) {
  std::set<std::string_view> words;
  const int count = static_cast<int>(Reason::malformed) + 1;
  for (int i = 0; i < count; ++i) {
    const auto word = text(static_cast<Reason>(i));
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << word;
    words.insert(word);
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(text(Reason::may_be_cached), "may-be-cached");
  EXPECT_EQ(text(Reason::protected_), "protected");
}

TEST(Report, StatesAndActionsAreTheWordsOfTheManual) {
  EXPECT_EQ(text(RecordState::published), "published");
  EXPECT_EQ(text(RecordState::missing), "missing");
  EXPECT_EQ(text(RecordState::stale), "stale");
  EXPECT_EQ(text(RecordState::foreign), "foreign");
  EXPECT_EQ(text(RecordState::kept), "kept");
  EXPECT_EQ(text(Action::none), "none");
  EXPECT_EQ(text(Action::add), "add");
  EXPECT_EQ(text(Action::remove), "delete");
  EXPECT_EQ(text(Action::wait), "wait");
}

TEST(Report, AWaitSaysUntilWhen) {
  Step step;
  step.action = Action::wait;
  step.reason = Reason::grace;
  step.ready_at = Time{Seconds{0}};
  EXPECT_EQ(detail(step, {}),
            "--grace has not passed since it was last seen live; until 1970-01-01T00:00:00Z");
}

TEST(Report, ATtlChangeSaysFromWhatToWhat) {
  Step step;
  step.reason = Reason::ttl_change;
  RrsetPlan plan;
  plan.observed = Rrset{7200, {}};
  plan.ttl = 300;
  EXPECT_EQ(detail(step, plan), "moves to the new TTL with the whole RRset: 7200 s to 300 s");
}

TEST(Report, EveryRefusalNamesTheOwnerAndSaysWhatToDo) {
  for (const auto hazard :
       {Hazard::below_zone_cut, Hazard::below_dname, Hazard::host_is_wildcard, Hazard::hides_wildcard}) {
    const Error error = refusal(hazard, owner);
    EXPECT_EQ(error.code, ErrorCode::unsafe);
    EXPECT_EQ(error.where, "_25._tcp.mail.example.com.");
    EXPECT_FALSE(error.what.empty());
    EXPECT_FALSE(error.advice.empty());
    Step step;
    step.reason = Reason::hazard;
    RrsetPlan plan;
    plan.owner = owner;
    plan.refused = hazard;
    EXPECT_EQ(detail(step, plan), error.what);
  }
}

}  // namespace report_test
}  // namespace tlsa_update
