#include "tlsa_update/dns/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "resolv_conf.hpp"
#include "support/scripted_server.hpp"

namespace tlsa_update::dns {
namespace resolver_test {

using namespace test;  // NOLINT: the words of the script
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

// A recursive server that knows a few RRsets, and which of them are secure or bogus.
class ResolverTest : public testing::Test {
 protected:
  struct Known {
    std::vector<Record> answer;
    bool is_secure = true;
    bool is_bogus = false;
    std::uint16_t rcode = rcode::noerror;
    std::vector<Record> authority = {};
  };

  void know(const std::string& owner, std::uint16_t type, Known what) {
    zone_[{name(owner), type}] = std::move(what);
  }

  Reply answer(const Received& request) {
    const auto& question = request.message.questions.front();
    const bool checking_disabled = (request.wire[3] & 0x10) != 0;
    const auto known = zone_.find(question);
    if (known == zone_.end()) return say(encode(answer_to(request, rcode::nxdomain)));
    const Known& what = known->second;
    if (what.is_bogus && !checking_disabled) return say(encode(answer_to(request, rcode::servfail)));
    Message message = answer_to(request, what.rcode, what.answer);
    message.authority = what.authority;
    message.recursion_available = true;
    message.authentic = what.is_secure;
    return say(encode(message));
  }

  Resolver resolver() {
    ResolverOptions options;
    options.servers = {server_.name()};
    options.timeout = 200ms;
    options.retries = 0;
    options.family = family_;
    return {io_.get_executor(), options};
  }

  Family family_ = Family::any;
  boost::asio::io_context io_;
  std::map<Question, Known> zone_;
  ScriptedServer server_{io_, [this](const Received& request) { return answer(request); }};
};

TEST_F(ResolverTest, AddressesOfBothFamiliesAreFoundAtTheEndOfTheAlias) {
  know("www.example", type::a,
       {rrs({"www.example. 60 CNAME host.example.", "host.example. 60 A 192.0.2.1",
             "other.example. 60 A 192.0.2.66"})});
  know("www.example", type::aaaa,
       {rrs({"www.example. 60 CNAME host.example.", "host.example. 60 AAAA 2001:db8::1"})});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("www.example")));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->addresses, ElementsAre(address("192.0.2.1"), address("2001:db8::1")));
  EXPECT_THAT(found->aliases, ElementsAre(name("host.example")));
  EXPECT_TRUE(found->both_families_answered);
  EXPECT_EQ(found->dnssec, Dnssec::secure);
}

TEST_F(ResolverTest, QuestionsAskForRecursionAndTheAdBit) {
  know("mx.example", type::a, {rrs({"mx.example. 60 A 192.0.2.1"})});
  auto ask = resolver();
  ASSERT_TRUE(run(io_, ask.addresses(name("mx.example"))));
  for (const auto& request : server_.requests()) {
    EXPECT_TRUE(request.wire[2] & 0x01);  // RD
    EXPECT_TRUE(request.wire[3] & 0x20);  // AD (RFC 6840 section 5.7)
    EXPECT_TRUE(request.message.has_edns);
  }
}

TEST_F(ResolverTest, AResolverThatDoesNotFollowAliasesIsAskedForTheTarget) {
  know("www.example", type::a, {rrs({"www.example. 60 CNAME host.example."})});
  know("host.example", type::a, {rrs({"host.example. 60 A 192.0.2.1"}), false});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("www.example")));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->addresses, ElementsAre(address("192.0.2.1")));
  EXPECT_EQ(found->dnssec, Dnssec::insecure);  // the weakest link
}

TEST_F(ResolverTest, AliasesThatNeverEndAreAnError) {
  know("a.example", type::a, {rrs({"a.example. 60 CNAME b.example.", "b.example. 60 CNAME a.example."})});
  know("a.example", type::aaaa, {rrs({"a.example. 60 CNAME b.example.", "b.example. 60 CNAME a.example."})});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("a.example")));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::bad_data);
}

TEST_F(ResolverTest, AHostThatDoesNotExistHasNoAddresses) {
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("nowhere.example")));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->addresses, IsEmpty());
  EXPECT_TRUE(found->both_families_answered);
}

TEST_F(ResolverTest, AServerOfOursIsFoundByTheResolverThatIsNamed) {
  know("ns.example", type::a, {rrs({"ns.example. 60 A 192.0.2.1"})});
  know("ns.example", type::aaaa, {rrs({"ns.example. 60 AAAA 2001:db8::1"})});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses_of_server("ns.example"));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->addresses, ElementsAre(address("192.0.2.1"), address("2001:db8::1")));
  EXPECT_TRUE(found->is_whole);
  EXPECT_EQ(run(io_, ask.addresses_of_server("nowhere.example")).error().code, ErrorCode::no_answer);
}

TEST_F(ResolverTest, OfOneFamilyTheOtherAddressesAreLeftOut) {
  family_ = Family::ipv6;
  know("ns.example", type::a, {{}, false, false, rcode::servfail});
  know("ns.example", type::aaaa, {rrs({"ns.example. 60 AAAA 2001:db8::1"})});
  know("old.example", type::a, {rrs({"old.example. 60 A 192.0.2.1"})});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("ns.example")));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->addresses, ElementsAre(address("2001:db8::1")));
  EXPECT_TRUE(found->both_families_answered);  // of those that count
  const auto none = run(io_, ask.addresses(name("old.example")));
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_TRUE(none->addresses.empty() && none->has_others);
  const auto server = run(io_, ask.addresses_of_server("old.example"));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().text(),
            "old.example: it has no IPv6 address; --ipv6-only leaves its other addresses out");
  // A literal is the operator's own choice.
  EXPECT_TRUE(run(io_, ask.addresses_of_server("192.0.2.1")));
}

TEST_F(ResolverTest, WhatIsNoMatterOfDnsIsNotAskedFor) {
  auto ask = resolver();
  EXPECT_THAT(run(io_, ask.addresses_of_server("2001:db8::1"))->addresses,
              ElementsAre(address("2001:db8::1")));
  // RFC 6761 section 6.3.
  const auto local = run(io_, ask.addresses_of_server("localhost"));
  ASSERT_TRUE(local) << local.error().text();
  EXPECT_TRUE(local->addresses.front().is_loopback());
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(ResolverTest, WithoutAResolverTheSystemKnowsTheServer) {
  Resolver ask(io_.get_executor(), {.servers = {}, .timeout = 2s});
  const auto found = run(io_, ask.addresses_of_server("localhost"));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(found->addresses.front().is_loopback());
  EXPECT_EQ(run(io_, ask.addresses_of_server("no-such-host.invalid")).error().code, ErrorCode::no_answer);
}

TEST_F(ResolverTest, TheParentsDsRecordsAreFound) {
  know("example.test", type::ds, {rrs({"example.test. 60 DS 1 13 2 aabb", "other.test. 60 DS 2 13 2 ccdd"})});
  auto ask = resolver();
  const auto found = run(io_, ask.ds_of(name("example.test")));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(*found, ElementsAre(rr("example.test. 60 DS 1 13 2 aabb")));
}

TEST_F(ResolverTest, NoDsIsAnAnswerOfTheParentAlone) {
  know("example.test", type::ds, {{}, true, false, rcode::noerror, {rr("test. 60 SOA ns. host. 1 2 3 4 5")}});
  know("island.test", type::ds,
       {{}, true, false, rcode::noerror, {rr("island.test. 60 SOA ns. host. 1 2 3 4 5")}});
  auto ask = resolver();
  const auto none = run(io_, ask.ds_of(name("example.test")));
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_THAT(*none, IsEmpty());
  // RFC 4035 section 3.1.4.1.
  const auto unknown = run(io_, ask.ds_of(name("island.test")));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::no_answer);
}

TEST_F(ResolverTest, AFamilyWithoutAnAnswerIsNoted) {
  know("mx.example", type::a, {rrs({"mx.example. 60 A 192.0.2.1"})});
  know("mx.example", type::aaaa, {{}, false, false, rcode::servfail});
  auto ask = resolver();
  const auto found = run(io_, ask.addresses(name("mx.example")));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->both_families_answered);
  EXPECT_EQ(found->dnssec, Dnssec::unknown);
}

TEST_F(ResolverTest, VerdictsComeFromTheAdBitAndBogusFromDisabledChecking) {
  know("secure.example", type::tlsa, {{}, true});
  know("insecure.example", type::tlsa, {{}, false});
  know("bogus.example", type::tlsa, {{}, false, true});
  know("broken.example", type::tlsa, {{}, false, false, rcode::servfail});
  auto ask = resolver();
  const auto verdict = [&](const char* owner) { return run(io_, ask.verdict({name(owner), type::tlsa})); };
  EXPECT_EQ(verdict("secure.example"), Dnssec::secure);
  EXPECT_EQ(verdict("insecure.example"), Dnssec::insecure);
  EXPECT_EQ(verdict("bogus.example"), Dnssec::bogus);
  EXPECT_EQ(verdict("broken.example").error().code, ErrorCode::no_answer);
}

// RFC 7672 section 2.2; RFC 5321 section 5.1.
TEST_F(ResolverTest, MxHostsComeByPreferenceEachOnce) {
  know("example", type::mx,
       {rrs({"example. 60 MX 20 b.example.", "example. 60 MX 10 a.example.",
             "example. 60 MX 30 a.example."})});
  know("a.example", type::a, {rrs({"a.example. 60 A 192.0.2.1"})});
  know("b.example", type::a, {rrs({"b.example. 60 CNAME a.example.", "a.example. 60 A 192.0.2.1"})});
  auto ask = resolver();
  const auto found = run(io_, ask.expand_mx({name("example"), 25}));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->services, ElementsAre(Service{name("a.example"), 25, Protocol::tcp},
                                           Service{name("b.example"), 25, Protocol::tcp}));
  EXPECT_EQ(found->dnssec, Dnssec::secure);
  EXPECT_THAT(found->notes, ElementsAre(HasSubstr("MX host b.example. is a CNAME of a.example.")));
}

// RFC 7505.
TEST_F(ResolverTest, ANullMxStandsForNoService) {
  know("example", type::mx, {rrs({"example. 60 MX 0 ."})});
  auto ask = resolver();
  const auto found = run(io_, ask.expand_mx({name("example"), 25}));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->services, IsEmpty());
  EXPECT_THAT(found->notes, ElementsAre(HasSubstr("null MX")));
}

TEST_F(ResolverTest, ADomainWithoutMxIsItsOwnMailHost) {
  know("example", type::mx, {{}});
  know("example", type::a, {rrs({"example. 60 A 192.0.2.1"})});
  auto ask = resolver();
  const auto found = run(io_, ask.expand_mx({name("example"), 2525}));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->services, ElementsAre(Service{name("example"), 2525, Protocol::tcp}));
}

TEST_F(ResolverTest, ADomainThatDoesNotExistHasNoMail) {
  auto ask = resolver();
  EXPECT_EQ(run(io_, ask.expand_mx({name("example"), 25})).error().code, ErrorCode::bad_data);
}

// RFC 7673 section 3.3, RFC 2782.
TEST_F(ResolverTest, SrvTargetsComeWithTheirPorts) {
  know("_imap._tcp.example", type::srv,
       {rrs({"_imap._tcp.example. 60 SRV 20 0 143 b.example.",
             "_imap._tcp.example. 60 SRV 10 5 9143 a.example."})});
  auto ask = resolver();
  const auto found = run(io_, ask.expand_srv({name("_imap._tcp.example"), Protocol::tcp}));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_THAT(found->services, ElementsAre(Service{name("a.example"), 9143, Protocol::tcp},
                                           Service{name("b.example"), 143, Protocol::tcp}));
}

TEST_F(ResolverTest, AnSrvTargetOfRootStandsForNoService) {
  know("_pop3._tcp.example", type::srv, {rrs({"_pop3._tcp.example. 60 SRV 0 0 0 ."})});
  auto ask = resolver();
  const auto found = run(io_, ask.expand_srv({name("_pop3._tcp.example"), Protocol::tcp}));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->services, IsEmpty());
  EXPECT_THAT(found->notes, ElementsAre(HasSubstr("not available")));
}

TEST_F(ResolverTest, ThePrimaryIsTheMnameOfTheEnclosingZone) {
  const auto soa = rrs({"example. 60 SOA ns0.example. root.example. 1 2 3 4 5"});
  know("_25._tcp.mx.example", type::soa, {{}, true, false, rcode::nxdomain, soa});
  auto ask = resolver();
  EXPECT_EQ(run(io_, ask.primary_of(name("_25._tcp.mx.example"))), name("ns0.example"));
}

// The SOA behind an alias is another zone's.
TEST_F(ResolverTest, ThePrimaryIsNotTakenFromBehindAnAlias) {
  know("www.example", type::soa,
       {rrs({"www.example. 60 CNAME www.else."}), true, false, rcode::noerror,
        rrs({"else. 60 SOA ns0.else. root.else. 1 2 3 4 5"})});
  know("example", type::soa, {rrs({"example. 60 SOA ns0.example. root.example. 1 2 3 4 5"})});
  auto ask = resolver();
  EXPECT_EQ(run(io_, ask.primary_of(name("www.example"))), name("ns0.example"));
}

TEST_F(ResolverTest, SilenceOfAllResolversIsNoAnswer) {
  ScriptedServer mute(io_, [](const Received&) { return silence(); });
  ResolverOptions options;
  options.servers = {mute.name()};
  options.timeout = 100ms;
  options.retries = 0;
  Resolver ask(io_.get_executor(), options);
  EXPECT_EQ(run(io_, ask.addresses(name("mx.example"))).error().code, ErrorCode::no_answer);
  EXPECT_EQ(run(io_, ask.verdict({name("mx.example"), type::a})).error().code, ErrorCode::no_answer);
}

TEST_F(ResolverTest, ASilentResolverIsPassedOver) {
  know("mx.example", type::a, {rrs({"mx.example. 60 A 192.0.2.1"})});
  ScriptedServer mute(io_, [](const Received&) { return silence(); });
  ResolverOptions options;
  options.servers = {mute.name(), server_.name()};
  options.timeout = 100ms;
  options.retries = 0;
  Resolver ask(io_.get_executor(), options);
  const auto found = run(io_, ask.addresses(name("mx.example")));
  ASSERT_TRUE(found);
  EXPECT_THAT(found->addresses, ElementsAre(address("192.0.2.1")));
}

TEST(ResolvConf, IsReadAsTheSystemReadsIt) {
  const auto conf = parse_resolv_conf(
      "# comment\n; another\nnameserver 192.0.2.53\nsearch example.com\n"
      "nameserver   2001:db8::53  \nnameserver not-an-address\noptions timeout:1 trust-ad\n");
  EXPECT_THAT(conf.servers, ElementsAre(ServerName{"192.0.2.53", 53}, ServerName{"2001:db8::53", 53}));
  EXPECT_TRUE(conf.trust_ad);
}

TEST(ResolvConf, WithoutServersIsThisHost) {
  for (const auto* text : {"", "nameserver\n", "options\n", "nameserver x\noptions trust\n"}) {
    const auto conf = parse_resolv_conf(text);
    EXPECT_THAT(conf.servers, ElementsAre(ServerName{"127.0.0.1", 53}));
    EXPECT_FALSE(conf.trust_ad);
  }
}

}  // namespace resolver_test
}  // namespace tlsa_update::dns
