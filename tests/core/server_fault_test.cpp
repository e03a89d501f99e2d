// One authoritative server compared with its zone: for status, verify and doctor the same.
#include "tlsa_update/core/server_fault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

#include "tlsa_update/core/report.hpp"

namespace tlsa_update {
namespace server_fault_test {

using Kind = ServerFault::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Name apex = *Name::parse("example.test");
const Name owner = *Name::parse("_25._tcp.mail.example.test");
constexpr Time noon{Seconds(1'800'000'000)};

Rrset rrset(std::uint8_t digit) { return {300, {{{}, Bytes(32, digit)}}}; }

ServerView server(std::uint32_t serial, std::optional<Rrset> served) {
  ServerView view;
  view.name = "ns2.example.test.";
  view.address = "192.0.2.2@53";
  view.reachable = true;
  view.serial = serial;
  view.is_signed = true;
  view.rrsets = {{owner, std::move(served), true, true}};
  return view;
}

// Serial 7, one record, signed.
ZoneView zone(std::vector<ServerView> servers) {
  ZoneView view;
  view.apex = apex;
  view.serial = 7;
  view.is_signed = true;
  auto& one = view.owners.emplace_back();
  one.asked = one.owner = owner;
  one.rrset = rrset(1);
  view.servers = std::move(servers);
  return view;
}

std::vector<Kind> kinds(const ServerView& one) {
  std::vector<Kind> found;
  const auto faults = faults_of(zone({one}));
  for (const auto& fault : faults.front()) found.push_back(fault.kind);
  return found;
}

TEST(ServerFaults, AServerLikeThePrimaryHasNone) { EXPECT_THAT(kinds(server(7, rrset(1))), IsEmpty()); }

TEST(ServerFaults, TheRecordsCountWhateverTheSerial) {
  EXPECT_THAT(kinds(server(7, rrset(2))), ElementsAre(Kind::other_records));
  EXPECT_THAT(kinds(server(8, rrset(2))), ElementsAre(Kind::other_records));
  EXPECT_THAT(kinds(server(8, rrset(1))), ElementsAre(Kind::newer_serial));
  EXPECT_THAT(kinds(server(7, std::nullopt)), ElementsAre(Kind::other_records));
  EXPECT_THAT(kinds(server(6, rrset(1))), ElementsAre(Kind::older_serial));
  EXPECT_THAT(kinds(server(6, rrset(2))), ElementsAre(Kind::older_serial, Kind::other_records));
  auto longer = rrset(1);
  longer.ttl = 3600;  // a matter of waiting, not of what is served
  EXPECT_THAT(kinds(server(7, longer)), IsEmpty());
}

// A server that signs tells a wildcard's answer from the owner's, one that does not sign cannot.
TEST(ServerFaults, AWildcardsAnswerIsTheSameAsAtThePrimary) {
  auto one = zone({server(7, rrset(1))});
  one.owners[0].wildcard_answer = std::exchange(one.owners[0].rrset, std::nullopt);
  EXPECT_THAT(faults_of(one).front(), IsEmpty());
  one.servers[0].rrsets[0].rrset = rrset(2);
  EXPECT_EQ(faults_of(one).front().at(0).kind, Kind::other_records);
  one.servers[0].rrsets[0].rrset.reset();
  EXPECT_THAT(faults_of(one).front(), IsEmpty());
}

TEST(ServerFaults, SignaturesCountWhereTheWorldSeesASignedZone) {
  auto bare = server(7, rrset(1));
  bare.rrsets[0].has_rrsig = false;
  bare.rrsets[0].rrsig_valid.reset();
  bare.is_signed = false;
  EXPECT_THAT(kinds(bare), ElementsAre(Kind::no_signature, Kind::no_signature));
  auto hidden = zone({bare});
  hidden.is_signed = false;
  EXPECT_THAT(faults_of(hidden).front(), IsEmpty());
  hidden.has_signer = true;
  EXPECT_EQ(faults_of(hidden).front().size(), 2U);
}

TEST(ServerFaults, ABadSignatureIsToldFromOneThatIsBadEverywhere) {
  auto expired = server(7, rrset(1));
  expired.rrsets[0].rrsig_valid = false;
  expired.rrsets[0].rrsig_fault = {SignatureFault::Kind::expired, noon};
  const auto some = faults_of(zone({server(7, rrset(1)), expired}));
  EXPECT_THAT(some[0], IsEmpty());
  EXPECT_EQ(some[1], (std::vector{ServerFault{Kind::bad_signature, owner, expired.rrsets[0].rrsig_fault}}));
  auto silent = server(7, rrset(1));
  silent.reachable = false;
  const auto all = faults_of(zone({expired, silent, expired}));
  EXPECT_TRUE(all[0].front().is_everywhere && all[2].front().is_everywhere);
  EXPECT_EQ(all[1], (std::vector{ServerFault{Kind::unreachable, apex}}));
}

TEST(ServerFaults, AreToldWithServerRrsetAndTime) {
  auto expired = server(7, rrset(1));
  expired.key_fault = {SignatureFault::Kind::expired, noon};
  expired.rrsets[0].rrsig_valid = false;
  expired.rrsets[0].rrsig_fault = {SignatureFault::Kind::early, noon};
  const auto view = zone({expired});
  const auto faults = faults_of(view).front();
  ASSERT_EQ(faults.size(), 2U);
  const auto keys = trouble(faults[0], view, view.servers[0]);
  EXPECT_EQ(keys.where, "ns2.example.test. 192.0.2.2@53");
  EXPECT_EQ(keys.what,
            "the signature (RRSIG) of the DNSKEY records of example.test. expired at 2027-01-15T08:00:00Z");
  EXPECT_EQ(trouble(faults[1], view, view.servers[0]).what,
            "the signature (RRSIG) of _25._tcp.mail.example.test. TLSA does not begin before "
            "2027-01-15T08:00:00Z");
}

// Invariant I8, as JSON shows it of one server: "complete".
TEST(ServerIsComplete, WhenItGivesAllThatIsWantedSigned) {
  RrsetPlan wanted;
  wanted.owner = owner;
  wanted.steps.resize(2);
  wanted.steps[0].record = rrset(1).records[0];
  wanted.steps[0].credential = "mail.pem";
  wanted.steps[1].record = rrset(9).records[0];
  const ZonePlan plan{apex, "192.0.2.1@53", {wanted}};
  const auto complete = [&](const ServerView& one, bool is_signed = true) {
    auto view = zone({one});
    view.is_signed = is_signed;
    return is_complete(one, view, plan);
  };
  const auto sound = server(7, rrset(1));
  EXPECT_TRUE(complete(sound));  // what is not wanted need not be there
  auto two = rrset(1);
  two.records.push_back(rrset(2).records[0]);
  EXPECT_TRUE(complete(server(7, two)));
  EXPECT_FALSE(complete(server(7, rrset(2))));
  EXPECT_FALSE(complete(server(7, std::nullopt)));
  auto silent = sound, unasked = sound, badly_signed = sound;
  silent.reachable = false;
  EXPECT_FALSE(complete(silent));
  unasked.rrsets.clear();
  EXPECT_FALSE(complete(unasked));
  badly_signed.rrsets[0].rrsig_valid = false;
  EXPECT_FALSE(complete(badly_signed));
  EXPECT_TRUE(complete(badly_signed, false));
}

}  // namespace server_fault_test
}  // namespace tlsa_update
