// The reader and discovery against a primary that answers from zones written here, by query and by AXFR.
#include "tlsa_update/dns/zone_reader.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_primary.hpp"

namespace tlsa_update::dns {
namespace zone_reader_test {

using namespace test;
using boost::asio::awaitable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t noon = 1'795'300'000;

// A primary, and what a client needs to talk to it.
struct Conversation {
  explicit Conversation(FakePrimary& primary, bool with_key = false)
      : server(io, primary.script()), exchange(io.get_executor(), options(with_key)) {}

  ExchangeOptions options(bool with_key) const {
    ExchangeOptions result;
    result.server = server.name();
    result.timeout = std::chrono::milliseconds(2000);
    result.retries = 0;
    result.clock = [] { return noon; };
    if (with_key) result.key = key();
    return result;
  }

  PrimaryFor always() {
    return [this](Name) -> awaitable<Result<Exchange*>> { co_return &exchange; };
  }

  // What is uncovered once this owner is gone.
  std::optional<Uncovered> uncovered_at(const char* owner, ReadMode mode) {
    ReadOptions how;
    how.mode = mode;
    how.uncovers = true;
    const auto result = run(io, read_owners(always(), {name(owner)}, how));
    return result.zones.at(0).view.owners.at(0).uncovered;
  }

  ReadResult read(std::vector<Name> asked, ReadMode mode = ReadMode::query, std::optional<Name> zone = {}) {
    ReadOptions how;
    how.mode = mode;
    how.zone = std::move(zone);
    return run(io, read_owners(always(), std::move(asked), how));
  }

  Result<Location> find(const Name& asked, std::optional<Name> zone = {}) {
    return run(io, locate(always(), asked, std::move(zone)));
  }

  boost::asio::io_context io;
  ScriptedServer server;
  Exchange exchange;
};

// RFC 2308 section 5.
TEST(ZoneReader, ANegativeAnswerLivesNoLongerThanTheSoaThatCameWithIt) {
  FakePrimary primary;
  primary.serve("example", {"mx.example. 300 A 192.0.2.1"});
  primary.soa_ttl = 30;  // MINIMUM is 60
  for (const auto mode : {ReadMode::query, ReadMode::axfr}) {
    Conversation conversation(primary);
    const auto result = conversation.read({name("_25._tcp.mx.example")}, mode);
    ASSERT_THAT(result.zones, SizeIs(1));
    EXPECT_EQ(result.zones[0].view.negative_ttl, 30U);
  }
}

TEST(ZoneReader, WhatIsOddAboutATransferIsNoted) {
  FakePrimary primary;
  primary.serve("example", {"mx.example. 300 A 192.0.2.1"});
  primary.misbehave = [&](const Received& request) -> std::optional<Reply> {
    auto message = primary.handle(request);
    if (request.message.questions.at(0).type != type::axfr) return {};
    message.answer.insert(message.answer.begin() + 1, 2, rr("_25._tcp.mx.elsewhere. 300 TLSA 3 1 1 aa"));
    message.answer.back().ttl = 60;  // of the closing SOA
    return primary.reply(request, message);
  };
  Conversation conversation(primary);
  const auto result = conversation.read({name("_25._tcp.mx.example")}, ReadMode::axfr);
  EXPECT_THAT(result.zones, SizeIs(1));
  EXPECT_THAT(result.notes,
              ElementsAre("AXFR of example.: 2 records of other zones were ignored",
                          "AXFR of example.: the closing SOA has another TTL than the opening one"));
}

std::vector<std::string> asked_of(const ScriptedServer& server) {
  std::vector<std::string> questions;
  for (const auto& request : server.requests()) {
    const auto& question = request.message.questions.at(0);
    questions.push_back(question.name.text() + " " + type_text(question.type));
  }
  return questions;
}

FakePrimary example(bool is_signed) {
  FakePrimary primary;
  primary.serve(
      "example",
      {"example. 300 A 192.0.2.1",
       "mx.example. 300 A 192.0.2.2",
       "_25._tcp.mx.example. 7200 TLSA 3 1 1 aa",
       "_25._tcp.mx.example. 7200 TLSA 3 1 1 bb",
       "*.wild.example. 300 A 192.0.2.3",          // hosts that exist only through a wildcard
       "own.wild.example. 300 A 192.0.2.3",        // one that does not, with the same address
       "below.ent.wild.example. 300 A 192.0.2.3",  // and one that owns nothing (RFC 4592 section 2.2.2)
       "below.*.empty.example. 300 A 192.0.2.3",   // a wildcard that owns nothing (RFC 4592 section 4.9)
       "wt.example. 300 A 192.0.2.4",
       "*._tcp.wt.example. 300 TLSA 3 1 1 cc",
       "*.tlsawild.example. 300 TLSA 3 1 1 dd",
       "alias.example. 300 A 192.0.2.5",
       "_25._tcp.alias.example. 300 CNAME _25._tcp.mx.example.",
       "wa.example. 300 A 192.0.2.6",
       "*._tcp.wa.example. 300 CNAME _25._tcp.mx.example.",
       "*.hostalias.example. 300 CNAME mx.example.",
       "old.example. 300 DNAME example.",
       "_26._tcp.ent.example. 300 TLSA 3 1 1 ee",
       "mixed.example. 300 A 192.0.2.7",
       "sub.example. 300 NS ns.elsewhere."},
      is_signed);
  return primary;
}

OwnerView view(std::string_view owner) {
  OwnerView result;
  result.asked = result.owner = name(std::string(owner));
  return result;
}

// What must be seen of each owner of example(), however it is read.
std::vector<OwnerView> expected_views(bool is_signed) {
  std::vector<OwnerView> views;
  auto mx = view("_25._tcp.mx.example");
  mx.rrset = rrset(7200, {"3 1 1 aa", "3 1 1 bb"});
  mx.has_rrsig = is_signed;
  views.push_back(mx);
  views.push_back(view("_26._tcp.mx.example"));  // nothing there
  views.push_back(view("_443._tcp.example"));    // of the apex
  views.push_back(view("_25._tcp.own.wild.example"));
  views.push_back(view("_25._tcp.ent.example"));  // the host owns nothing, but exists
  views.push_back(view("_25._tcp.ent.wild.example"));
  auto empty = view("_25._tcp.a.empty.example");
  empty.hazards = {Hazard::host_is_wildcard};
  views.push_back(empty);
  auto wild = view("_25._tcp.a.wild.example");
  wild.hazards = {Hazard::host_is_wildcard};
  views.push_back(wild);
  auto wt = view("_25._tcp.wt.example");
  wt.wildcard_answer = rrset(300, {"3 1 1 cc"});
  wt.hazards = {Hazard::hides_wildcard};
  views.push_back(wt);
  auto own_wildcard = view("*._tcp.wt.example");
  own_wildcard.rrset = rrset(300, {"3 1 1 cc"});
  own_wildcard.has_rrsig = is_signed;
  views.push_back(own_wildcard);
  auto both = view("_25._tcp.a.tlsawild.example");
  both.wildcard_answer = rrset(300, {"3 1 1 dd"});
  both.hazards = {Hazard::host_is_wildcard, Hazard::hides_wildcard};
  views.push_back(both);
  auto host_alias = view("_26._tcp.a.hostalias.example");  // whose target has no TLSA records at this port
  host_alias.hazards = {Hazard::host_is_wildcard, Hazard::hides_wildcard};
  host_alias.wildcard_alias_ttl = 300;
  views.push_back(host_alias);
  for (const auto* alias : {"_25._tcp.alias.example", "_26._tcp.wa.example", "_25._tcp.mx.old.example",
                            "_25._tcp.a.hostalias.example"}) {
    auto followed = mx;
    followed.asked = name(alias);
    views.push_back(followed);
  }
  auto nobody = view("_25._tcp.nobody.example");
  nobody.host_exists = false;
  views.push_back(nobody);
  std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) {
    return std::tie(a.owner, a.asked) < std::tie(b.owner, b.asked);
  });
  return views;
}

std::vector<Name> asked(const std::vector<OwnerView>& views) {
  std::vector<Name> names;
  for (const auto& each : views) names.push_back(each.asked);
  return names;
}

class Reading : public testing::TestWithParam<std::tuple<bool, ReadMode>> {};

TEST_P(Reading, GivesTheSameViewByQueryAndByTransferSignedOrNot) {
  const auto [is_signed, mode] = GetParam();
  auto primary = example(is_signed);
  Conversation conversation(primary);
  const auto expected = expected_views(is_signed);
  const auto result = conversation.read(asked(expected), mode);
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_THAT(
      result.notes,  // RFC 7671 section 7
      ElementsAre(HasSubstr("a.hostalias.example. is an alias of mx.example., which has no TLSA records"),
                  HasSubstr("a.hostalias.example. is an alias of mx.example., whose TLSA records count"),
                  HasSubstr("mx.old.example. is an alias of mx.example., whose TLSA records count")));
  ASSERT_THAT(result.zones, SizeIs(1));
  const auto& zone = result.zones[0].view;
  for (std::size_t i = 0; i < std::min(expected.size(), zone.owners.size()); ++i)
    EXPECT_EQ(zone.owners[i], expected[i]) << expected[i].asked.text() << " " << zone.owners[i].asked.text();
  EXPECT_EQ(zone.owners.size(), expected.size());
  EXPECT_EQ(zone.apex, name("example"));
  EXPECT_EQ(zone.server, conversation.exchange.address());
  EXPECT_EQ(zone.serial, 1U);
  EXPECT_EQ(zone.negative_ttl, 60U);
  EXPECT_EQ(zone.is_signed, is_signed);
  EXPECT_EQ(result.zones[0].primary, &conversation.exchange);
}

INSTANTIATE_TEST_SUITE_P(EveryWay, Reading,
                         testing::Combine(testing::Bool(), testing::Values(ReadMode::query, ReadMode::axfr)));

// RFC 4592 section 3.3.1: the wildcard at the closest encloser that is left.
TEST(ZoneReader, W9_TellsWhatAWildcardWouldAnswerOnceAnOwnerIsGone) {
  FakePrimary primary;
  primary.serve("example",
                {"mx.example. 300 A 192.0.2.2", "_25._tcp.mx.example. 300 TLSA 3 1 1 aa",
                 "*._tcp.mx.example. 300 TLSA 3 1 1 bb", "_25._tcp.bare.example. 300 TLSA 3 1 1 aa",
                 "own.example. 300 A 192.0.2.2", "_25._tcp.own.example. 300 TLSA 3 1 1 aa",
                 "six.example. 300 AAAA 2001:db8::2", "_25._tcp.six.example. 300 TLSA 3 1 1 aa",
                 "*.six.example. 300 CNAME nobody.elsewhere.", "*.example. 300 CNAME _25._tcp.own.example."});
  const auto wildcard = [](const char* at, std::initializer_list<std::string_view> records) {
    return Uncovered{name(at), rrset(300, records)};
  };
  for (const auto mode : {ReadMode::query, ReadMode::axfr}) {
    Conversation conversation(primary);
    EXPECT_EQ(conversation.uncovered_at("_25._tcp.mx.example", mode),
              wildcard("*._tcp.mx.example", {"3 1 1 bb"}));
    EXPECT_EQ(conversation.uncovered_at("_25._tcp.bare.example", mode),  // its host goes with it
              wildcard("*.example", {"3 1 1 aa"}));
    EXPECT_EQ(conversation.uncovered_at("_25._tcp.own.example", mode), std::nullopt);
    EXPECT_EQ(conversation.uncovered_at("_25._tcp.six.example", mode),
              (Uncovered{name("*.six.example"), std::nullopt}));
  }
}

TEST(ZoneReader, AnOwnerAndItsHostCostAQuestionEach) {
  auto primary = example(true);
  Conversation conversation(primary);
  (void)conversation.read({name("_25._tcp.mx.example"), name("_26._tcp.mx.example")});
  EXPECT_THAT(asked_of(conversation.server),
              testing::UnorderedElementsAre("_25._tcp.mx.example. TLSA", "_26._tcp.mx.example. TLSA",
                                            "mx.example. A", "example. SOA", "example. DNSKEY"));
}

TEST(ZoneReader, NotesTheAddressesThatItLearntOnTheWay) {
  auto primary = example(true);
  Conversation conversation(primary);
  const auto result = conversation.read({name("_25._tcp.mx.example"), name("_26._tcp.wt2.example")});
  const auto address = boost::asio::ip::make_address("192.0.2.2");
  EXPECT_THAT(result.hosts, ElementsAre(testing::Pair(name("mx.example"), ElementsAre(address)),
                                        testing::Pair(name("wt2.example"), IsEmpty())));
  const auto other = conversation.read({name("_26._tcp.mx.example")});
  EXPECT_THAT(other.hosts, ElementsAre(testing::Pair(name("mx.example"), ElementsAre(address))));
  const auto asked = run(conversation.io, addresses_at(conversation.exchange, name("mx.example"), type::a));
  ASSERT_TRUE(asked) << asked.error().text();
  EXPECT_THAT(*asked, ElementsAre(address));
  const auto transferred = conversation.read({name("_26._tcp.mx.example")}, ReadMode::axfr);
  EXPECT_THAT(transferred.hosts, ElementsAre(testing::Pair(name("mx.example"), ElementsAre(address))));
}

TEST(ZoneReader, ServersThatDenyCompactlyAreReadToo) {  // RFC 9824
  auto primary = example(true);
  primary.denies_compactly = true;
  Conversation conversation(primary);
  auto wild = view("_25._tcp.a.wild.example");
  wild.hazards = {Hazard::host_is_wildcard};
  const auto result = conversation.read({name("_26._tcp.mx.example"), name("_25._tcp.a.wild.example")});
  EXPECT_THAT(result.zones.at(0).view.owners, ElementsAre(wild, view("_26._tcp.mx.example")));
}

std::vector<Name> many(std::size_t count, const std::string& below) {
  std::vector<Name> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(name("_25._tcp.h" + std::to_string(i) + below));
  return names;
}

TEST(ZoneReader, AutoAsksForFiftyAndTransfersForMore) {
  auto primary = example(true);
  for (const auto& [count, transfers] : {std::pair{auto_query_limit, 0}, {auto_query_limit + 1, 1}}) {
    Conversation conversation(primary);
    const auto result = conversation.read(many(count, ".example"), ReadMode::automatic);
    EXPECT_THAT(result.zones.at(0).view.owners, SizeIs(count));
    const auto questions = asked_of(conversation.server);
    EXPECT_EQ(std::count(questions.begin(), questions.end(), "example. AXFR"), transfers);
  }
}

TEST(ZoneReader, AutoCountsByZone) {
  auto primary = example(true);
  primary.serve("test", {});
  Conversation conversation(primary);
  auto names = many(30, ".example");
  const auto more = many(30, ".a.test");
  names.insert(names.end(), more.begin(), more.end());
  EXPECT_THAT(conversation.read(names, ReadMode::automatic).zones, SizeIs(2));
  EXPECT_THAT(asked_of(conversation.server), testing::Not(testing::Contains(HasSubstr("AXFR"))));
}

TEST(ZoneReader, AutoFallsBackWithANoteWhenTheTransferIsRefused) {
  auto primary = example(true);
  primary.refused_types = {type::axfr};
  Conversation conversation(primary);
  const auto result = conversation.read(many(60, ".example"), ReadMode::automatic);
  EXPECT_THAT(result.notes,
              ElementsAre(testing::AllOf(HasSubstr("no AXFR of example."), HasSubstr("REFUSED"))));
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_THAT(result.zones.at(0).view.owners, SizeIs(60));
}

TEST(ZoneReader, WhereOnlyATransferWillDoARefusalIsTheFailureOfEachName) {
  auto primary = example(true);
  primary.refused_types = {type::axfr};
  Conversation conversation(primary);
  const auto result = conversation.read(many(2, ".example"), ReadMode::axfr);
  EXPECT_THAT(result.zones, IsEmpty());
  ASSERT_THAT(result.failures, SizeIs(2));
  EXPECT_EQ(result.failures[0].second.code, ErrorCode::refused);
}

TEST(ZoneReader, AZoneCutInsideATransferIsItsOwnZone) {  // RFC 2136 section 7.18
  auto primary = example(true);
  primary.serve("sub.example",
                {"mx.sub.example. 300 A 192.0.2.9", "_25._tcp.mx.sub.example. 300 TLSA 3 1 1 ff"});
  for (const auto mode : {ReadMode::query, ReadMode::axfr}) {
    Conversation conversation(primary);
    auto names = many(2, ".example");
    names.push_back(name("_25._tcp.mx.sub.example"));
    const auto result = conversation.read(names, mode);
    ASSERT_THAT(result.zones, SizeIs(2));
    EXPECT_EQ(result.zones[0].view.apex, name("sub.example"));
    EXPECT_EQ(result.zones[0].view.owners.at(0).rrset, rrset(300, {"3 1 1 ff"}));
    EXPECT_THAT(result.zones[1].view.owners, SizeIs(2));
    EXPECT_THAT(result.failures, IsEmpty());
  }
}

TEST(ZoneReader, OneFailureHidesNothing) {
  auto primary = example(true);
  Conversation conversation(primary);
  const auto result = conversation.read({name("_25._tcp.mx.sub.example"), name("_25._tcp.mx.example"),
                                         name("_25._tcp.mx.test"), name("_25._tcp.mx.example")});
  EXPECT_THAT(result.zones.at(0).view.owners, SizeIs(1));
  ASSERT_THAT(result.failures, SizeIs(2));
  // The cut is named, and what to configure.
  EXPECT_EQ(result.failures[0].first, name("_25._tcp.mx.sub.example"));
  EXPECT_EQ(result.failures[0].second.code, ErrorCode::refused);
  EXPECT_THAT(
      result.failures[0].second.text(),
      testing::AllOf(HasSubstr("delegated to the zone sub.example."), HasSubstr("[zone.sub.example]")));
  EXPECT_THAT(result.failures[1].second.text(), HasSubstr("REFUSED to a query for _25._tcp.mx.test. TLSA"));
}

TEST(ZoneReader, AZoneThatWasNamedIsCheckedAndItsCutsAreHazards) {
  auto primary = example(true);
  Conversation conversation(primary);
  auto below = view("_25._tcp.mx.sub.example");
  below.hazards = {Hazard::below_zone_cut};
  const auto cut = conversation.read({below.asked}, ReadMode::query, name("example"));
  EXPECT_EQ(cut.zones.at(0).view.apex, name("example"));
  EXPECT_THAT(cut.zones.at(0).view.owners, ElementsAre(below));
  const auto no_zone = conversation.read({name("_25._tcp.mx.example")}, ReadMode::query, name("mx.example"));
  EXPECT_EQ(no_zone.failures.at(0).second.code, ErrorCode::refused);
  const auto outside = conversation.read({name("_25._tcp.mx.example")}, ReadMode::query, name("test"));
  EXPECT_EQ(outside.failures.at(0).second.code, ErrorCode::usage);
}

TEST(ZoneReader, ModesAreParsed) {
  EXPECT_EQ(parse_read_mode("query"), ReadMode::query);
  EXPECT_EQ(parse_read_mode("axfr"), ReadMode::axfr);
  EXPECT_EQ(parse_read_mode("auto"), ReadMode::automatic);
  EXPECT_EQ(parse_read_mode("AXFR").error().code, ErrorCode::usage);
}

TEST(Discovery, TheZoneIsTheDeepestThatHoldsTheName) {  // RFC 2136 section 4.1: asked, not guessed
  FakePrimary primary;
  primary.serve("a.example", {"mx.b.c.d.a.example. 300 A 192.0.2.1"}).serve("d.a.example", {});
  Conversation conversation(primary);
  EXPECT_EQ(conversation.find(name("_25._tcp.mx.b.c.d.a.example"))->zone, name("d.a.example"));
  EXPECT_EQ(conversation.find(name("_25._tcp.mx.e.a.example"))->zone, name("a.example"));
}

TEST(Discovery, AnAliasLeadsIntoTheZoneOfItsTarget) {  // RFC 6698 appendix A.2.1.1
  FakePrimary primary;
  primary.serve("example", {"_25._tcp.mx.example. 300 CNAME dane.test."})
      .serve("test", {"dane.test. 300 TLSA 3 1 1 aa"});
  Conversation conversation(primary);
  const auto location = conversation.find(name("_25._tcp.mx.example"));
  EXPECT_EQ(location->owner, name("dane.test"));
  EXPECT_EQ(location->zone, name("test"));
  EXPECT_THAT(location->aliases, ElementsAre(name("_25._tcp.mx.example")));
  EXPECT_EQ(location->primary, &conversation.exchange);
}

TEST(Discovery, LoopsAndEndlessAliasesAreErrors) {
  FakePrimary primary;
  primary.serve("example", {"a.example. 300 CNAME b.example.", "b.example. 300 CNAME a.example.",
                            "self.example. 300 CNAME self.example."});
  for (int i = 0; i < 10; ++i)
    primary.add("c" + std::to_string(i) + ".example. 300 CNAME c" + std::to_string(i + 1) + ".example.");
  primary.add("c10.example. 300 TLSA 3 1 1 aa");
  Conversation conversation(primary);
  EXPECT_THAT(conversation.find(name("a.example")).error().text(), HasSubstr("loop"));
  EXPECT_THAT(conversation.find(name("self.example")).error().text(), HasSubstr("loop"));
  EXPECT_EQ(conversation.find(name("c1.example")).error().code, ErrorCode::bad_data);
  EXPECT_EQ(conversation.find(name("c2.example"))->owner, name("c10.example"));  // eight of them
}

// Some servers give no SOA with "no such data": then it is asked for, upwards.
TEST(Discovery, WithoutAnSoaInTheAnswerItIsAskedFor) {
  auto primary = example(false);
  primary.misbehave = [&](const Received& request) -> std::optional<Reply> {
    if (request.message.questions.at(0).type != type::tlsa) return {};
    auto message = primary.handle(request);
    message.authority.clear();
    return primary.reply(request, message);
  };
  Conversation conversation(primary);
  EXPECT_EQ(conversation.find(name("_26._tcp.mx.example"))->zone, name("example"));
}

}  // namespace zone_reader_test
}  // namespace tlsa_update::dns
