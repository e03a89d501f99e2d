// W5: a digest that matches is no chain that clients accept. One judge is asked for additions, readiness,
// removals and verdicts.
#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace chain_judge_test {

using namespace testing;
using std::chrono::hours;

constexpr const char* why = "unsuitable certificate purpose";

// Clients refuse these leaves by any record but that of their key.
class Refuses final : public ChainJudge {
 public:
  explicit Refuses(std::vector<std::string> letters) : letters_(std::move(letters)) {}
  [[nodiscard]] std::optional<std::string> refusal(const Chain& chain, const TlsaRecord& /*record*/,
                                                   const std::vector<Name>& names) const override {
    EXPECT_EQ(names, std::vector{name("mail.example.com")});
    const auto is_it = [&](const std::string& letter) { return chain.front() == leaf(letter); };
    return std::ranges::any_of(letters_, is_it) ? std::optional<std::string>(why) : std::nullopt;
  }

 private:
  std::vector<std::string> letters_;
};

// All signed by the CA of A.
std::shared_ptr<const Credential> renewed(const std::string& letter) {
  return std::make_shared<const Credential>(credential({leaf(letter), ca("CA of A")}, letter + ".pem"));
}

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), anchor = record("2 0 1", "A");

Desired wish_for(const std::string& letter, const char* combination) {
  auto wish = desire(name(Scene::owner_text), {{renewed(letter), Role::current}}, {parameters(combination)},
                     TaChoice::issuer)
                  .value();
  wish.longest_ttl = 60;  // nothing longer was there
  return wish;
}

// Known to everybody since long; `served` at both addresses.
Scene known(const TlsaRecords& published, const std::string& served, std::vector<std::string> refused) {
  Scene scene;
  scene.want({.current = {"A"}, .combinations = {"2 0 1"}}).publish(published).serve({served, served});
  for (auto& one : scene.evidence()[0].presented)
    if (!one.chain.empty()) one.chain = renewed(served)->chain;
  scene.policy().judge = std::make_shared<const Refuses>(std::move(refused));
  scene.look().pass(hours(48));
  return scene;
}

TEST(ChainJudge, W5_ARenewedChainThatClientsRefuseIsNotReady) {
  Scene scene = known({anchor}, "A", {"B"});
  scene.wishes() = {wish_for("B", "2 0 1")};
  const auto readiness = scene.look().plan().readiness.at(0);
  EXPECT_EQ(readiness.blockers,
            (std::vector{Blocker{anchor, "B.pem", Reason::not_accepted, {}, {}, {}, why}}));
  EXPECT_EQ(usual_end(Reason::not_accepted), Ends::operator_);

  scene.wishes() = {wish_for("C", "2 0 1")};
  EXPECT_TRUE(scene.look().plan().readiness.at(0).ready);
}

TEST(ChainJudge, W5_NothingIsLostOverOneThatClientsRefuseAlready) {
  Scene scene = known({anchor}, "A", {"A", "B"});
  scene.wishes() = {wish_for("B", "2 0 1")};
  EXPECT_TRUE(scene.look().plan().readiness.at(0).ready);
}

TEST(ChainJudge, W5_EveryCombinationHasToAcceptIt) {
  Scene scene = known(records({a, b, anchor}), "A", {"B"});
  scene.wishes() = {wish_for("B", "3 1 1")};
  const auto readiness = scene.look().plan().readiness.at(0);
  ASSERT_EQ(readiness.blockers.size(), 1U);  // somebody else's 2 0 1
  EXPECT_EQ(readiness.blockers.at(0).reason, Reason::not_accepted);
}

TEST(ChainJudge, W5_ACombinationByWhichTheServedChainIsRefusedIsNotAdded) {  // 03a, 03b
  Scene scene = known({a}, "A", {"A"});
  const Plan plan = scene.look().plan();
  EXPECT_EQ(steps(plan),
            briefs({missing(anchor, Action::wait, Reason::combination_would_break), foreign(a)}));
  EXPECT_EQ(plan.critical.size(), 1U);
  EXPECT_FALSE(scene.publish_plan().changes());
}

TEST(ChainJudge, W5_NoRecordIsDeletedForOneByWhichTheServedChainIsRefused) {
  for (const bool is_refused : {false, true}) {
    Scene scene = known(records({a, anchor}), "A",
                        is_refused ? std::vector<std::string>{"A"} : std::vector<std::string>{});
    scene.policy().adopt_all = true;
    scene.policy().grace = Seconds{0};
    const auto left = scene.look().plan();
    EXPECT_EQ(rrset_of(left).removes(), is_refused ? TlsaRecords{} : TlsaRecords{a});
  }
}

TEST(ChainJudge, W5_TheVerdictOnAnEndpointIsOfEachRrset) {
  Scene scene = known({anchor}, "A", {"A"});
  const auto& evidence = scene.evidence().front();
  const std::vector zones{scene.zone()};
  const EndpointJudge judge(zones, scene.policy().judge.get());
  const auto verdict = judge.on(evidence, evidence.presented.front());
  EXPECT_EQ(verdict.dane, Dane::mismatch);
  EXPECT_EQ(verdict.refusals.front().acceptance.refusal, why);
  EXPECT_EQ(why_refused(verdict.refusals.front().acceptance), std::string("clients do not accept: ") + why);
}

TEST(ChainJudge, W5_NobodyIsAskedAboutUsage3) {
  Scene scene = known({a}, "A", {"A"});
  scene.wishes() = {wish_for("A", "3 1 1")};
  EXPECT_TRUE(scene.look().plan().critical.empty());
  EXPECT_TRUE(scene.plan().readiness.at(0).ready);
}

}  // namespace chain_judge_test
}  // namespace tlsa_update
