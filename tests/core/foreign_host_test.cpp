// Whose is a host that MX or SRV records name?
#include "tlsa_update/core/foreign_host.hpp"

#include <gtest/gtest.h>

#include "core/planner_scene.hpp"

namespace tlsa_update {
namespace foreign_host_test {

using namespace testing;

// A's key is served, B's is installed, and the primary refuses the zone of a host outside the domain.
std::vector<Desired> own() {
  auto desired = desire(Name(), {{given("A"), Role::current}}, {parameters("3 1 1")}, TaChoice::issuer);
  desired->installed = {given("B")};
  return {*desired};
}

HostWitness elsewhere(const TlsaRecords& records = {}) {
  HostWitness host;
  host.has_server = true;
  host.refusal = Error{ErrorCode::refused, "REFUSED", {}, {}};
  host.resolved = ResolvedRrset{"192.0.2.53@53", std::nullopt};
  if (!records.empty()) host.resolved->rrset = Rrset{300, records};
  return host;
}

TEST(ForeignHost, IsWhatThePrimaryDoesNotHoldAndNoRecordTiesToWhatIsDeployedHere) {
  EXPECT_TRUE(is_foreign(elsewhere(), own()));
  EXPECT_TRUE(is_foreign(elsewhere({record("3 1 1", "P"), record("2 0 1", "P")}), own()));
}

TEST(ForeignHost, IsNoneWithARecordOfAnyCertificateHereInWhateverCombination) {
  for (const auto& mine :
       {record("3 1 1", "A"), record("3 1 2", "A"), record("2 0 1", "A"), record("3 1 1", "B")})
    EXPECT_FALSE(is_foreign(elsewhere({record("3 1 1", "P"), mine}), own())) << mine.text();
  auto kept = own();
  kept.front().keep = {record("3 1 1", "K")};
  EXPECT_FALSE(is_foreign(elsewhere(kept.front().keep), kept));
  auto bare = own();
  bare.front().credentials = {{std::make_shared<const Credential>(bare_key("C")), Role::next}};
  const auto of_key = records_of(bare_key("C"), parameters("3 1 2"), TaChoice::issuer).value();
  EXPECT_FALSE(is_foreign(elsewhere(of_key), bare));
}

TEST(ForeignHost, IsNoneWhereAnythingElseSpeaksForIt) {
  std::vector<HostWitness> none(5, elsewhere());
  none[0].is_in_domain = true;
  none[1].has_own_section = true;
  none[2].refusal.reset();
  none[3].resolved.reset();                      // nobody knows its records
  none[4].refusal->code = ErrorCode::no_answer;  // our own primary is down
  for (const auto& host : none) EXPECT_FALSE(is_foreign(host, own()));
}

TEST(ForeignHost, ThatIsOutOfReachIsForeignOnlyWhereNobodyNamedItsPrimary) {
  auto host = elsewhere();
  host.refusal->code = ErrorCode::no_answer;
  host.has_server = false;
  EXPECT_TRUE(is_foreign(host, own()));
  host.refusal->code = ErrorCode::protocol;
  EXPECT_FALSE(is_foreign(host, own()));
}

}  // namespace foreign_host_test
}  // namespace tlsa_update
