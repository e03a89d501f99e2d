// After a deployment: who presents what was installed, who what it replaced, and who nothing any more?
#include "tlsa_update/core/uptake.hpp"

#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace uptake_test {

using testing::given;
using testing::name;
using testing::record;

struct Met {
  std::string address;
  std::string letter;  // of the chain; empty: none
};

std::vector<ServiceEvidence> met(const std::vector<Met>& all) {
  ServiceEvidence evidence;
  evidence.service = {name("mail.example.com"), 25, Protocol::tcp};
  for (const auto& [address, letter] : all) {
    Presented one;
    one.address = address;
    if (!letter.empty()) {
      one.outcome = ProbeOutcome::served;
      one.chain = given(letter)->chain;
    }
    evidence.presented.push_back(std::move(one));
  }
  return {evidence};
}

struct Row {
  const char* what;
  std::vector<Met> before, after;
  bool is_done;
  std::vector<std::string> lost;
};

TEST(Uptake, IsJudgedByWhatEachAddressPresents) {
  const std::vector<Row> rows{
      {"it has taken it up", {{"1", "old"}}, {{"1", "new"}}, true, {}},
      {"it has not", {{"1", "old"}}, {{"1", "old"}}, false, {}},
      {"one address has, one has not", {{"1", "old"}, {"2", "old"}}, {{"1", "new"}, {"2", "old"}}, false, {}},
      {"another machine has a certificate of its own",
       {{"1", "old"}, {"2", "theirs"}},
       {{"1", "new"}, {"2", "theirs"}},
       true,
       {}},
      {"only another machine is seen", {{"2", "theirs"}}, {{"2", "theirs"}}, false, {}},
      {"an address presents nothing any more", {{"1", "old"}}, {{"1", ""}}, false, {"1"}},
      {"one of two presents nothing any more",
       {{"1", "old"}, {"2", "old"}},
       {{"1", "new"}, {"2", ""}},
       true,
       {"2"}},
      {"it never presented anything", {{"1", ""}}, {{"1", ""}}, false, {}},
      {"one kind of key less is not nothing",
       {{"1", "old"}, {"1", "other"}},
       {{"1", "new"}, {"1", ""}},
       true,
       {}},
      {"an address that is no longer asked is not lost",
       {{"1", "old"}, {"2", "old"}},
       {{"1", "new"}},
       true,
       {}},
  };
  const std::set<std::string> replaced{to_hex(given("old")->chain.front().certificate.sha2_256)};
  for (const auto& row : rows) {
    const auto seen = uptake(met(row.before), met(row.after), {{given("new"), Role::current}}, replaced);
    EXPECT_EQ(seen.is_done, row.is_done) << row.what;
    EXPECT_EQ(seen.lost, row.lost) << row.what;
  }
}

TEST(Uptake, ANextKeyIsNotWhatWasInstalled) {
  EXPECT_FALSE(uptake({}, met({{"1", "next"}}), {{given("next"), Role::next}}, {}).is_done);
}

Rrset rrset(const std::vector<std::string>& letters, const char* combination = "3 1 1") {
  TlsaRecords records;
  for (const auto& letter : letters) records.push_back(record(combination, letter));
  return {60, testing::records(std::move(records))};
}

TEST(LeftBehind, IsARecordOfWhatIsReplacedAndOfNothingThatIsWanted) {
  const auto other = name("_2526._tcp.mail.example.com");
  const std::vector<GivenCredential> wanted{{given("new"), Role::current}, {given("next"), Role::next}};
  const std::vector<Chain> replaced{given("old")->chain};
  const auto judged = [&](const Rrset& there) { return left_behind({{other, there}}, replaced, wanted); };
  EXPECT_EQ(judged(rrset({"old"})), (LeftBehind{other, record("3 1 1", "old")}));
  EXPECT_EQ(judged(rrset({"old", "next"})), (LeftBehind{other, record("3 1 1", "old")}));
  EXPECT_EQ(judged(rrset({"old"}, "2 1 1")), (LeftBehind{other, record("2 1 1", "old")}));
  EXPECT_FALSE(judged(rrset({"old", "new"})));
  EXPECT_FALSE(judged(rrset({"theirs"})));
  EXPECT_FALSE(left_behind({{other, rrset({"old"})}}, {}, wanted));
}

}  // namespace uptake_test
}  // namespace tlsa_update
