// Which services publish looks at before it adds.
#include "tlsa_update/core/look_first.hpp"

#include "planner_scene.hpp"

namespace tlsa_update {
namespace look_first_test {

using namespace testing;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c512 = record("3 1 2", "C");
const TlsaRecord c_by_certificate = record("3 0 1", "C");
const Name owner = name(Scene::owner_text);

struct Row {
  const char* what;
  TlsaRecords published;
  std::vector<const char*> combinations;  // wanted of A
  LookFirst expected;
};

const LookFirst nothing, nearby{{}, {owner}}, everywhere{{owner}, {}};
const Row rows[] = {
    {"all is there", {a}, {"3 1 1"}, nothing},
    {"a first record", {}, {"3 1 1"}, everywhere},
    {"one more in a combination that is there", {b}, {"3 1 1"}, nearby},
    {"a new combination, where all that is there is wanted", {a}, {"3 1 1", "3 1 2"}, everywhere},
    {"a new combination beside another's, of another selector", {c_by_certificate}, {"3 1 1"}, everywhere},
    {"a stronger digest beside another's (RFC 7671 section 9)", {b}, {"3 1 2"}, everywhere},
};

TEST(LookFirst, AtWhatANewRecordMayBreak) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    Scene scene;
    scene.policy().force = true;  // what there is to add, whatever is served
    scene.want({.current = {"A"}, .combinations = row.combinations});
    if (!row.published.empty()) scene.publish(row.published);
    EXPECT_EQ(look_first(scene.publish_plan()), row.expected);
  }
}

TEST(LookFirst, EverywhereWhereAStrongerDigestHidesWhatIsWanted) {
  Scene scene;
  scene.want({{"A"}}).publish({a, c512});
  ASSERT_TRUE(rrset_of(scene.publish_plan()).is_passed_over);
  EXPECT_EQ(look_first(scene.publish_plan()), everywhere);
}

TEST(LookFirst, AtEveryNameThatLeadsToTheOwner) {
  Scene scene;
  scene.policy().force = true;
  Plan plan = scene.want({{"A"}}).publish({b}).publish_plan();
  const Name alias = name("_465._tcp.mail.example.com");
  plan.zones.front().rrsets.front().also_asked = {alias};
  EXPECT_EQ(look_first(plan).nearby, (std::set<Name>{owner, alias}));
}

}  // namespace look_first_test
}  // namespace tlsa_update
