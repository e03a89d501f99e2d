// A record belongs to those who want it: it is stale for all of them, or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace wanters_test {

using namespace testing;
using std::chrono::hours;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B");
const Wanter mail{"/etc/mail.conf", "mail"}, web{"/etc/web.conf", "web"};

// A is published, ready and served nowhere; B is wanted now, by `now_asking`, and served.
struct Shared : Scene {
  explicit Shared(std::vector<Wanter> wanters_of_a) {
    ask({"A"}, std::move(wanters_of_a));
    publish({a, b}).serve({"A", "A"}).look();
    pass(hours(48)).serve({"B", "B"}).policy().grace = Seconds{0};
  }
  void ask(const std::vector<std::string>& letters, std::vector<Wanter> wanters) {
    want({letters});
    for (auto& wanted : wishes()[0].records) wanted.wanters = wanters;
  }
  // As the program that reads this configuration.
  void ask_as(const Wanter& who, std::vector<std::string> services) {
    ask({"B"}, {who});
    policy().asker = {who.configuration, services, services, {}};
    look().pass(hours(3)).look();
  }
  [[nodiscard]] Brief of_a() const { return steps(plan())[steps(plan())[0].record == a ? 0 : 1]; }
};

const Brief gone = stale(a, Action::remove, Reason::superseded);
const Brief kept{a, RecordState::kept, Action::none, Reason::protected_};
const Brief waiting = published(a, Action::wait, Reason::wanted_before);

TEST(Wanters, OfTheConfigurationThatAsksMayChangeTheirMinds) {
  Shared scene(std::vector{web});
  scene.ask_as(web, {"web"});
  EXPECT_EQ(scene.of_a(), gone);
}

TEST(Wanters, OfAnotherConfigurationKeepTheirRecord) {  // row 05
  Shared scene(std::vector{mail});
  scene.ask_as(web, {"web"});
  EXPECT_EQ(scene.of_a(), kept);
  scene.pass(hours(24 * 365)).look();
  EXPECT_EQ(scene.of_a(), kept);
}

// A pass that looked before the record was there, and stood still since, knows nothing of its absence.
TEST(Wanters, AreNotForgottenByWhoeverDidNotSeeTheirRecord) {
  const TlsaRecord c = record("3 1 1", "C");
  Shared scene(std::vector{web});
  scene.ask_as(web, {"web"});
  auto& entry = scene.ledger().owners.begin()->second.at(c);  // as the run of mail.conf writes it
  entry.owned = true;
  entry.wanters = {{mail}};
  scene.look().pass(hours(3)).look();
  ASSERT_NE(scene.ledger().owners.begin()->second.find(c), nullptr);
  scene.publish({b, c}).policy().adopt_all = true;
  EXPECT_THAT(steps(scene.look().plan()),
              ::testing::Contains(Brief{c, RecordState::kept, Action::none, Reason::protected_}));
}

TEST(Wanters, OfAConfigurationThatIsGoneCountForAWeek) {
  Shared scene(std::vector{mail});
  scene.ask_as(web, {"web"});
  scene.policy().asker.missing = {mail.configuration};
  scene.look();
  EXPECT_EQ(scene.of_a(), waiting);
  EXPECT_EQ(scene.plan().next_due, scene.now() + hours(24 * 7));
  EXPECT_EQ(usual_end(Reason::wanted_before), Ends::time);
  scene.policy().asker.missing.clear();  // it is back
  EXPECT_EQ((scene.pass(hours(24 * 8)).look(), scene.of_a()), kept);
  scene.policy().asker.missing = {mail.configuration};
  EXPECT_EQ((scene.look(), scene.of_a()), waiting);
  EXPECT_EQ((scene.pass(hours(24 * 7)).look(), scene.of_a()), gone);
}

TEST(Wanters, OfASectionThatIsGoneCountForAWeek) {  // row 36
  const Wanter section{web.configuration, "mail"};
  Shared scene(std::vector{section, web});
  scene.ask_as(web, {"mail", "web"});
  EXPECT_EQ(scene.of_a(), gone);  // both were asked, and neither wants it
  Shared other(std::vector{section});
  other.ask_as(web, {"web"});
  EXPECT_EQ(other.of_a(), waiting);
  other.remembered(a).released_at = other.now();
  other.policy().forget_after = hours(1);
  EXPECT_EQ((other.pass(hours(1)).look(), other.of_a()), gone);
}

TEST(Wanters, OfAServiceThatThisRunIsNotAboutAreNotJudged) {
  Shared scene(std::vector{Wanter{web.configuration, "mail"}});
  scene.ask({"B"}, {web});
  scene.policy().asker = {web.configuration, {"mail", "web"}, {"web"}, {}};
  scene.look().pass(hours(3)).look();
  EXPECT_EQ(scene.of_a(), kept);
}

TEST(Wanters, OfACommandLineMakeRoomForWhoeverAsksForTheName) {
  Shared same(std::vector{Wanter{"", name(Scene::owner_text).text()}});
  same.ask_as(web, {"web"});
  EXPECT_EQ(same.of_a(), gone);
  Shared another(std::vector{Wanter{"", "_25._tcp.alias.example.com."}});
  another.ask_as(web, {"web"});
  EXPECT_EQ(another.of_a(), waiting);
}

TEST(Wanters, AreForgottenWhenTheyAreNamed) {
  for (const char* named : {"mail", "/etc/mail.conf"}) {
    Shared scene(std::vector{mail});
    scene.ask_as(web, {"web"});
    scene.policy().forget = {named};
    EXPECT_EQ((scene.look(), scene.of_a()), gone) << named;
  }
  Shared scene(std::vector{mail});
  scene.ask_as(web, {"web"});
  scene.policy().forget = {"web", "/etc/other.conf", ""};
  EXPECT_EQ((scene.look(), scene.of_a()), kept);
}

TEST(Wanters, KeepTheirRecordFromBeingUnpublished) {
  Shared scene(std::vector{mail});
  scene.ask_as(web, {"web"});
  scene.policy().unpublish = true;
  EXPECT_FALSE(scene.look().plan().changes());  // alone it would match nothing that is served here (I3)
  scene.policy().force = true;
  EXPECT_EQ(rrset_of(scene.look().plan()).removes(), TlsaRecords{b});
}

TEST(Wanters, OfAnOlderLedgerAreThoseWhoAsk) {  // which knows none
  Shared scene(std::vector<Wanter>{});
  scene.ask_as(web, {"web"});
  EXPECT_EQ(scene.of_a(), gone);
}

TEST(AdoptAll, LeavesAloneWhatAnAddressPresentsAndNothingHereWants) {  // row 111
  Scene scene;
  scene.want({{"B"}}).publish({a, b}).serve({"B", "A"}).policy().adopt_all = true;
  scene.look();
  EXPECT_FALSE(scene.remembered(a).owned);
  scene.serve({"B", "B"}).look();
  EXPECT_TRUE(scene.remembered(a).owned);
  Scene another_combination;  // of what is wanted here
  another_combination.want({{"B"}}).publish({record("3 1 2", "B"), b}).serve({"B", "B"}).policy().adopt_all =
      true;
  EXPECT_TRUE((another_combination.look(), another_combination.remembered(record("3 1 2", "B")).owned));
  Scene by_name;
  by_name.want({{"B"}}).publish({a, b}).serve({"B", "A"}).policy().adopt = {{a, std::nullopt}};
  EXPECT_TRUE((by_name.look(), by_name.remembered(a).owned));
}

// Row 33 of the adversary: two programs want two TTLs.
TEST(TtlMoves, AreGivenUpWhenSomebodyElseMeansIt) {
  Scene scene;
  scene.want({{"A"}}).publish({a}, 60).policy().ttl = 2;
  const auto run = [&] {
    const Plan plan = scene.look().plan();
    scene.apply(plan);
    if (rrset_of(plan).moves_ttl) scene.ledger() = moved_ttls(scene.ledger(), {{scene.view().owner, 2}});
    scene.look();
    return plan;
  };
  EXPECT_TRUE(rrset_of(run()).moves_ttl);
  EXPECT_FALSE(rrset_of(run()).moves_ttl);
  scene.publish({a}, 60);
  EXPECT_TRUE(rrset_of(run()).moves_ttl);
  scene.publish({a}, 60);
  const Plan plan = run();
  EXPECT_FALSE(plan.changes());
  EXPECT_TRUE(rrset_of(plan).ttl_is_contested);
  scene.policy().ttl = 30;  // another word
  EXPECT_TRUE(rrset_of(scene.look().plan()).moves_ttl);
  scene.policy().ttl = 2;
  scene.publish({a}, 2).look();  // whoever set the other one gives in
  scene.publish({a}, 60);
  EXPECT_TRUE(rrset_of(run()).moves_ttl);
}

}  // namespace wanters_test
}  // namespace tlsa_update
