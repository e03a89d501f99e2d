#include "owner_facts.hpp"

#include <gtest/gtest.h>

#include "support/records.hpp"

namespace tlsa_update::dns {

void PrintTo(const OwnerView& view, std::ostream* out) {
  *out << view.asked.text() << " -> " << view.owner.text() << " rrset " << view.rrset.has_value()
       << " wildcard " << view.wildcard_answer.has_value() << " host_exists " << view.host_exists
       << " hazards";
  for (const auto hazard : view.hazards) *out << ' ' << static_cast<int>(hazard);
}

namespace owner_facts_test {

using namespace test;

const Name owner = name("_25._tcp.mx.example");

OwnerFacts at(Encloser encloser) {
  OwnerFacts facts;
  facts.asked = facts.owner = owner;
  facts.encloser = encloser;
  return facts;
}

OwnerView nothing_there() {
  OwnerView view;
  view.asked = view.owner = owner;
  return view;
}

TEST(OwnerFacts, TheOwnersOwnRecordsAreItsRrset) {
  auto facts = at(Encloser::owner);
  facts.answered = rrset(300, {"3 1 1 aa"});
  facts.has_rrsig = facts.mixed_ttl = true;
  auto view = nothing_there();
  view.rrset = facts.answered;
  view.has_rrsig = view.mixed_ttl = true;
  EXPECT_EQ(view_of(facts), view);
}

TEST(OwnerFacts, AHostThatExistsOnlyThroughAWildcardIsAHazard) {  // RFC 4592 section 2.2.2
  auto facts = at(Encloser::above_host);
  facts.covered = true;
  auto view = nothing_there();
  view.hazards = {Hazard::host_is_wildcard};
  EXPECT_EQ(view_of(facts), view);
}

TEST(OwnerFacts, AWildcardThatAnswersTlsaWouldBeHidden) {  // RFC 4592 section 3.3
  auto facts = at(Encloser::below_host);
  facts.covered = true;
  facts.answered = rrset(300, {"3 1 1 aa"});
  facts.has_rrsig = true;
  auto view = nothing_there();
  view.wildcard_answer = facts.answered;
  view.hazards = {Hazard::hides_wildcard};
  EXPECT_EQ(view_of(facts), view);
}

TEST(OwnerFacts, BothHazardsAreTold) {
  auto facts = at(Encloser::above_host);
  facts.covered = facts.covered_by_alias = true;
  EXPECT_EQ(view_of(facts).hazards, (std::vector{Hazard::host_is_wildcard, Hazard::hides_wildcard}));
}

// "example. A" beside "*.example. A" is how most web servers are written down.
TEST(OwnerFacts, AWildcardBesideAHostThatExistsIsNoHazard) {
  auto facts = at(Encloser::host);
  facts.covered = true;
  EXPECT_EQ(view_of(facts), nothing_there());
}

TEST(OwnerFacts, AHostThatNothingAnswersForDoesNotExist) {
  auto view = nothing_there();
  view.host_exists = false;
  EXPECT_EQ(view_of(at(Encloser::above_host)), view);
  EXPECT_EQ(view_of(at(Encloser::host)), nothing_there());
}

TEST(OwnerFacts, ATargetOfAnAliasHasNoHostToMiss) {
  auto facts = at(Encloser::above_host);
  facts.asked = name("_443._tcp.www.example");
  EXPECT_TRUE(view_of(facts).host_exists);
  facts.asked = facts.owner = name("dane.example");
  EXPECT_TRUE(view_of(facts).host_exists);
}

TEST(OwnerFacts, BelowACutNothingIsAnswered) {  // RFC 2136 section 7.18
  auto facts = at(Encloser::owner);
  facts.below_cut = true;
  auto view = nothing_there();
  view.hazards = {Hazard::below_zone_cut};
  EXPECT_EQ(view_of(facts), view);
}

TEST(OwnerFacts, TheHostIsWhatStandsBehindTheUnderscores) {
  EXPECT_EQ(host_of(owner), name("mx.example"));
  EXPECT_EQ(host_of(name("*._tcp.mx.example")), name("mx.example"));
  EXPECT_EQ(host_of(name("dane.example")), name("dane.example"));
  EXPECT_EQ(host_of(name("_25._tcp")), Name());
}

TEST(OwnerFacts, AncestorsAreInterestingUpToTheApex) {
  EXPECT_EQ(interesting_names({owner, name("_26._tcp.mx.example"), name("example")}, name("example")),
            (std::set{owner, name("_26._tcp.mx.example"), name("_tcp.mx.example"), name("mx.example")}));
}

TransferredZone zone_with(std::set<Name> existing) {
  TransferredZone zone;
  zone.apex = name("example");
  zone.existing = std::move(existing);
  return zone;
}

TEST(TransferredFacts, AnOwnerWithItsRecords) {
  auto zone = zone_with({owner, owner.parent(), name("mx.example")});
  zone.tlsa[owner] = rrset(300, {"3 1 1 aa"});
  zone.signed_tlsa = zone.mixed_ttl = {owner};
  const auto facts = facts_of(zone, owner);
  EXPECT_EQ(facts->encloser, Encloser::owner);
  EXPECT_EQ(facts->answered, rrset(300, {"3 1 1 aa"}));
  EXPECT_TRUE(facts->has_rrsig && facts->mixed_ttl && !facts->covered);
}

TEST(TransferredFacts, TheClosestEncloserIsTheLongestNameThatExists) {
  EXPECT_EQ(facts_of(zone_with({}), owner)->encloser, Encloser::above_host);
  EXPECT_EQ(facts_of(zone_with({name("mx.example")}), owner)->encloser, Encloser::host);
  EXPECT_EQ(facts_of(zone_with({name("mx.example"), owner.parent()}), owner)->encloser, Encloser::below_host);
  EXPECT_EQ(facts_of(zone_with({}), name("example"))->encloser, Encloser::owner);
}

TEST(TransferredFacts, OnlyTheWildcardAtTheClosestEncloserCovers) {  // RFC 4592 section 3.3.1
  auto zone = zone_with({name("mx.example")});
  zone.wildcards = {name("*.example")};
  EXPECT_FALSE(facts_of(zone, owner)->covered);
  zone.existing = {};
  EXPECT_TRUE(facts_of(zone, owner)->covered);
  zone.tlsa[name("*.example")] = rrset(300, {"3 1 1 aa"});
  EXPECT_EQ(facts_of(zone, owner)->answered, rrset(300, {"3 1 1 aa"}));
}

TEST(TransferredFacts, AnApexBelowTheHostStandsForIt) {
  TransferredZone zone;
  zone.apex = name("_tcp.mx.example");
  EXPECT_EQ(facts_of(zone, owner)->encloser, Encloser::below_host);
}

TEST(TransferredFacts, AliasesAndNamesBelowCutsAreToBeAskedFor) {
  auto zone = zone_with({owner});
  zone.cname[owner] = name("dane.example");
  EXPECT_EQ(facts_of(zone, owner), std::nullopt);
  zone.cname = {};
  for (const auto* dname : {"mx.example", "_tcp.mx.example", "example"}) {
    zone.dname = {{name(dname), name("test")}};
    EXPECT_EQ(facts_of(zone, owner), std::nullopt) << dname;
  }
  zone.dname = {{owner, name("test")}};  // hides what is below it, not itself
  EXPECT_NE(facts_of(zone, owner), std::nullopt);
  zone.dname = {};
  for (const auto& cut : {owner, name("mx.example")}) {
    zone.cuts = {cut};
    EXPECT_EQ(facts_of(zone, owner), std::nullopt) << cut.text();
  }
  EXPECT_EQ(facts_of(zone, name("_25._tcp.mx.test")), std::nullopt);
}

// Of the owner by itself, or of its host (RFC 7671 section 7).
TEST(TransferredFacts, AliasesByWildcardAreToBeAskedFor) {
  auto zone = zone_with({name("mx.example"), owner.parent()});
  zone.wildcards = {name("*._tcp.mx.example"), name("*.example")};
  zone.cname = {{name("*._tcp.mx.example"), name("dane.example")}, {name("*.example"), name("www.example")}};
  EXPECT_EQ(facts_of(zone, owner), std::nullopt);
  zone.existing = {};
  EXPECT_EQ(facts_of(zone, owner), std::nullopt);
  zone.cname = {{name("mx.example"), name("host.example")}};
  EXPECT_EQ(facts_of(zone, owner), std::nullopt);
  zone.cname = {};
  EXPECT_TRUE(facts_of(zone, owner));
}

}  // namespace owner_facts_test
}  // namespace tlsa_update::dns
