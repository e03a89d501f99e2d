// What list says of a record.
#include "tlsa_update/core/listing.hpp"

#include "planner_scene.hpp"
#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {
namespace listing_test {

using namespace testing;

const TlsaRecord a = record("3 1 1", "A"), b = record("3 1 1", "B"), c = record("3 1 1", "C");
const TlsaRecord cut{parameters("3 1 1"), Bytes(31)};
const Name owner = name("_25._tcp.mail.example.com"), other = name("_25._tcp.old.example.com");

// A is wanted at `owner`, C kept there, and B was once; the ledger knows all that `owned` names.
struct ListScene {
  std::vector<Desired> wishes{desired("_25._tcp.mail.example.com", {.current = {"A"}, .keep = {c}})};
  TlsaRecords kept;
  Ledger ledger;

  void own(const Name& at, const TlsaRecord& record) { ledger.owners[at].at(record).owned = true; }

  [[nodiscard]] Listed on(const Name& at, const TlsaRecord& record, bool is_occluded = false) const {
    return RecordJudge(wishes, {{given("A"), Role::current}}, kept, ledger).on(at, record, is_occluded);
  }
};

TEST(Listing, OfAnOwnerThatIsConfigured) {
  ListScene scene;
  EXPECT_EQ(scene.on(owner, a), (Listed{RecordState::published, Reason::wanted, false, "A.pem"}));
  EXPECT_EQ(scene.on(owner, b), (Listed{RecordState::foreign, Reason::foreign}));
  EXPECT_EQ(scene.on(owner, c), (Listed{RecordState::kept, Reason::protected_}));
  scene.own(owner, b);
  EXPECT_EQ(scene.on(owner, b), (Listed{RecordState::stale, Reason::not_wanted, true}));
  scene.wishes.front().is_partial = true;
  EXPECT_EQ(scene.on(owner, b), (Listed{RecordState::published, Reason::unread, true}));
}

TEST(Listing, OfAnOwnerThatTwoServicesShare) {
  ListScene scene;
  scene.wishes.push_back(desired("_25._tcp.mail.example.com", {.current = {"B"}}));
  EXPECT_EQ(scene.on(owner, a).reason, Reason::wanted);
  EXPECT_EQ(scene.on(owner, b).reason, Reason::wanted);
}

TEST(Listing, OfAnOwnerThatNothingAsksFor) {
  ListScene scene;
  EXPECT_EQ(scene.on(other, b), (Listed{RecordState::foreign, Reason::orphan}));
  EXPECT_EQ(scene.on(other, a), (Listed{RecordState::published, Reason::orphan, false, "A.pem"}));
  scene.own(other, b);
  EXPECT_EQ(scene.on(other, b), (Listed{RecordState::published, Reason::orphan, true}));
  scene.ledger.owners[other].at(b).retired_at = noon;
  EXPECT_EQ(scene.on(other, b), (Listed{RecordState::stale, Reason::orphan, true}));
  scene.wishes.clear();
  EXPECT_EQ(scene.on(other, c), (Listed{RecordState::foreign, Reason::unasked}));
}

TEST(Listing, OfRecordsThatNoClientUses) {
  ListScene scene;
  EXPECT_EQ(scene.on(owner, cut),
            (Listed{RecordState::foreign, Reason::malformed, false, {}, malformed(cut).value()}));
  EXPECT_EQ(scene.on(owner, a, true), (Listed{RecordState::foreign, Reason::occluded, false, "A.pem"}));
}

TEST(Listing, KeepWithoutANameProtectsEverywhere) {
  ListScene scene;
  scene.kept = {b};
  EXPECT_EQ(scene.on(other, b), (Listed{RecordState::kept, Reason::protected_}));
}

TEST(Listing, HasWordsForEachCase) {
  const std::string gone = "published by us, matches no credential that is configured";
  EXPECT_EQ(detail(Listed{RecordState::stale, Reason::not_wanted, true}), gone);
  EXPECT_EQ(detail(Listed{RecordState::foreign, Reason::foreign, false, "A.pem"}),
            "not wanted, though it matches A.pem");
  EXPECT_EQ(detail(Listed{RecordState::published, Reason::orphan, true, "A.pem"}),
            "published by us, orphan, nothing configured asks for it, matches A.pem");
  EXPECT_EQ(detail(Listed{RecordState::foreign, Reason::unasked}), "nothing is configured");
  EXPECT_EQ(detail(Listed{RecordState::published, Reason::wanted, true, "A.pem"}), "matches A.pem");
  EXPECT_EQ(detail(Listed{RecordState::foreign, Reason::malformed, false, {}, "31 octets for SHA2-256"}),
            "malformed, 31 octets for SHA2-256");
}

}  // namespace listing_test
}  // namespace tlsa_update
