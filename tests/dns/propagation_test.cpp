#include "tlsa_update/dns/propagation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "support/scripted_server.hpp"
#include "support/zone_signer.hpp"

namespace tlsa_update::dns {
namespace propagation_test {

using namespace test;  // NOLINT: the words of the script
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::uint32_t noon = 1'795'300'000, day = 86'400;

// What one authoritative server answers; by default it serves the zone as it should be.
struct Authority {
  std::map<Question, std::vector<Record>> data;
  std::map<Question, std::vector<Record>> additional;
  std::set<Question> unanswerable = {};  // SERVFAIL
  std::uint16_t rcode = rcode::noerror;
  bool is_authoritative = true;

  Reply answer(const Received& request) const {
    const auto& question = request.message.questions.front();
    const auto found = data.find(question);
    Message message = answer_to(request, rcode, found == data.end() ? std::vector<Record>() : found->second);
    if (const auto more = additional.find(question); more != additional.end())
      message.additional = more->second;
    if (unanswerable.contains(question)) message.rcode = rcode::servfail;
    message.authoritative = is_authoritative;
    return say(encode(message));
  }
};

class PropagationTest : public testing::Test {
 protected:
  PropagationTest() {
    zone_.apex = name("example");
    zone_.is_signed = true;
    zone_.owners.push_back({});
    zone_.owners.back().owner = owner_;
    primary_data_.data[{zone_.apex, type::dnskey}] = {signer_.dnskey()};
    good_.data[{zone_.apex, type::soa}] = rrs({"example. 300 SOA ns0.example. root.example. 7 2 3 4 5"});
    good_.data[{owner_, type::tlsa}] = {tlsa_[0], tlsa_[1], signer_.sign(tlsa_, noon - day, noon + day)};
  }

  std::vector<ServerView> read(std::vector<ServerName> nameservers, std::uint16_t port = 53) {
    ScriptedServer primary(io_, [this](const Received& request) { return primary_data_.answer(request); });
    ScriptedServer recursive(io_, [this](const Received& request) { return resolver_data_.answer(request); });
    ExchangeOptions to_primary;
    to_primary.server = primary.name();
    to_primary.timeout = timeout_;
    Exchange exchange(io_.get_executor(), to_primary);
    ResolverOptions to_resolver;
    to_resolver.servers = {recursive.name()};
    to_resolver.timeout = timeout_;
    to_resolver.family = family_;
    Resolver resolver(io_.get_executor(), to_resolver);
    PropagationOptions options;
    options.nameservers = std::move(nameservers);
    options.timeout = timeout_;
    options.retries = 0;
    options.patience = patience_;
    options.port = port;
    options.now = noon;
    options.family = family_;
    return run(io_, read_servers(exchange, zone_, resolver, options));
  }

  // One server that answers so.
  ServerView read_one(const Authority& authority) {
    ScriptedServer server(io_, [&](const Received& request) { return authority.answer(request); });
    const auto servers = read({server.name()});
    EXPECT_EQ(servers.size(), 1U);
    return servers.empty() ? ServerView{} : servers.front();
  }

  boost::asio::io_context io_;
  std::chrono::milliseconds timeout_{200}, patience_{0};
  ZoneView zone_;
  const Name owner_ = name("_25._tcp.mx.example");
  const std::vector<Record> tlsa_ =
      rrs({"_25._tcp.mx.example. 300 TLSA 3 1 1 aabb", "_25._tcp.mx.example. 300 TLSA 3 1 1 ccdd"});
  const ZoneSigner signer_{name("example")};
  Authority good_, primary_data_, resolver_data_;
  Family family_ = Family::any;
};

TEST_F(PropagationTest, AServerThatServesAllIsReadWhole) {
  const auto server = read_one(good_);
  EXPECT_TRUE(server.reachable) << server.trouble;
  EXPECT_EQ(server.serial, 7U);
  EXPECT_EQ(server.rrsets,
            (std::vector{ServedRrset{owner_, rrset(300, {"3 1 1 aabb", "3 1 1 ccdd"}), true, true}}));
}

TEST_F(PropagationTest, AServerThatIsNamedIsFoundByTheResolver) {
  ScriptedServer server(io_, [&](const Received& request) { return good_.answer(request); });
  const auto port = server.name().port;
  resolver_data_.data[{name("ns.example.net"), type::a}] = rrs({"ns.example.net. 60 A 127.0.0.1"});
  const auto whole = read({{"ns.example.net", port}});
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_TRUE(whole[0].reachable) << whole[0].trouble;
  EXPECT_EQ(whole[0].name, "ns.example.net");

  // An address that is not known may be the one that does not serve the record.
  resolver_data_.unanswerable.insert({name("ns.example.net"), type::aaaa});
  const auto half = read({{"ns.example.net", port}});
  ASSERT_EQ(half.size(), 2U);
  EXPECT_THAT(half[1].trouble, HasSubstr("other addresses"));
}

TEST_F(PropagationTest, AServerWithoutTheRrsetServesNothing) {
  auto lagging = good_;
  lagging.data.erase({owner_, type::tlsa});
  const auto server = read_one(lagging);
  EXPECT_TRUE(server.reachable) << server.trouble;
  EXPECT_EQ(server.rrsets, (std::vector{ServedRrset{owner_, {}, false, {}}}));
}

TEST_F(PropagationTest, AnExpiredSignatureIsInvalid) {
  auto stale = good_;
  stale.data[{owner_, type::tlsa}] = {tlsa_[0], tlsa_[1], signer_.sign(tlsa_, noon - 2 * day, noon - day)};
  const auto served = read_one(stale).rrsets.at(0);
  EXPECT_EQ(served.rrsig_valid, false);
  EXPECT_EQ(served.rrsig_fault, (SignatureFault{SignatureFault::Kind::expired, Time(Seconds(noon - day))}));
}

// A hidden primary without DNSSEC, and a signer behind it.
TEST_F(PropagationTest, BehindAnUnsignedPrimaryTheKeysAreTheServersOwn) {
  zone_.is_signed = false;
  const std::vector keys{signer_.dnskey()};
  good_.data[{zone_.apex, type::dnskey}] = {keys[0], signer_.sign(keys, noon - day, noon + day)};
  const auto server = read_one(good_);
  EXPECT_EQ(server.is_signed, true);
  EXPECT_EQ(server.key_fault, std::nullopt);
  EXPECT_EQ(server.rrsets.at(0).rrsig_valid, true);
  good_.data[{owner_, type::tlsa}].back() = ZoneSigner(zone_.apex).sign(tlsa_, noon - day, noon + day);
  EXPECT_EQ(read_one(good_).rrsets.at(0).rrsig_fault, SignatureFault{});
}

TEST_F(PropagationTest, TheSignatureOfTheKeysCountsAsWell) {
  const std::vector keys{signer_.dnskey()};
  good_.data[{zone_.apex, type::dnskey}] = {keys[0], signer_.sign(keys, noon - 2 * day, noon - day)};
  EXPECT_EQ(read_one(good_).key_fault,
            (SignatureFault{SignatureFault::Kind::expired, Time(Seconds(noon - day))}));
  good_.data.erase({zone_.apex, type::dnskey});
  EXPECT_EQ(read_one(good_).is_signed, false);
  good_.unanswerable.insert({zone_.apex, type::dnskey});
  const auto untold = read_one(good_);
  EXPECT_EQ(untold.is_signed, std::nullopt);
  EXPECT_TRUE(untold.reachable);
}

TEST_F(PropagationTest, OfOneFamilyNoOtherAddressIsAsked) {
  primary_data_.data[{zone_.apex, type::ns}] =
      rrs({"example. 300 NS ns1.example.", "example. 300 NS ns2.elsewhere.", "example. 300 NS ns3.example."});
  primary_data_.data[{name("ns1.example"), type::a}] = rrs({"ns1.example. 300 A 127.0.0.1"});
  primary_data_.data[{name("ns1.example"), type::aaaa}] = rrs({"ns1.example. 300 AAAA ::1"});
  primary_data_.data[{name("ns3.example"), type::aaaa}] = rrs({"ns3.example. 300 AAAA ::1"});
  resolver_data_.data[{name("ns2.elsewhere"), type::a}] = rrs({"ns2.elsewhere. 300 A 127.0.0.1"});
  resolver_data_.data[{name("ns2.elsewhere"), type::aaaa}] = rrs({"ns2.elsewhere. 300 AAAA ::1"});
  const auto read_them = [&](Family family) {
    family_ = family;
    std::vector<std::string> found;
    for (const auto& one : read({}, 1)) found.push_back(one.name + " " + one.address);
    return found;
  };
  EXPECT_EQ(read_them(Family::any).size(), 5U);
  EXPECT_EQ(read_them(Family::ipv4),
            (std::vector<std::string>{"ns1.example. 127.0.0.1@1", "ns2.elsewhere. 127.0.0.1@1"}));
  primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns3.example."});
  const auto none = read({}, 1);
  ASSERT_EQ(none.size(), 1U);
  EXPECT_THAT(none[0].trouble, HasSubstr("--ipv4-only"));
}

// What could not be asked for may be an address that counts.
TEST_F(PropagationTest, OfOneFamilyItsOwnAddressesMustBeKnown) {
  family_ = Family::ipv4;
  primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns2.elsewhere."});
  resolver_data_.data[{name("ns2.elsewhere"), type::aaaa}] = rrs({"ns2.elsewhere. 300 AAAA ::1"});
  resolver_data_.unanswerable.insert({name("ns2.elsewhere"), type::a});
  const auto servers = read({}, 1);
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_THAT(servers[0].trouble, HasSubstr("other addresses"));
}

// TCP to a multicast address has no route, whatever the host's network is.
TEST_F(PropagationTest, WithoutARouteTheOptionIsNamed) {
  const auto servers = read({{"ff0e::53", 53}, {"224.0.0.1", 53}});
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_THAT(servers[0].advice, HasSubstr("-4 (ipv4-only)"));
  EXPECT_THAT(servers[1].advice, HasSubstr("-6 (ipv6-only)"));
}

TEST_F(PropagationTest, ASignatureOfAnotherKeyIsInvalid) {
  auto foreign = good_;
  foreign.data[{owner_, type::tlsa}] = {tlsa_[0], tlsa_[1],
                                        ZoneSigner(name("example")).sign(tlsa_, noon - day, noon + day)};
  EXPECT_EQ(read_one(foreign).rrsets.at(0).rrsig_valid, false);
}

TEST_F(PropagationTest, AMissingSignatureIsSeen) {
  auto bare = good_;
  bare.data[{owner_, type::tlsa}] = tlsa_;
  EXPECT_EQ(read_one(bare).rrsets,
            (std::vector{ServedRrset{owner_, rrset(300, {"3 1 1 aabb", "3 1 1 ccdd"}), false, {}}}));
}

// RFC 4035 section 5.3.4.
TEST_F(PropagationTest, AWildcardsAnswerIsNotTheOwners) {
  auto synthesised = good_;
  synthesised.data[{owner_, type::tlsa}] = {tlsa_[0], tlsa_[1],
                                            rrsig(owner_, type::tlsa, 1, name("example"))};
  ServedRrset expected{owner_, {}, false, {}};
  expected.wildcard_answer = rrset(300, {"3 1 1 aabb", "3 1 1 ccdd"});
  EXPECT_EQ(read_one(synthesised).rrsets, std::vector{expected});
}

TEST_F(PropagationTest, ALameServerIsInTrouble) {
  auto refusing = good_;
  refusing.rcode = rcode::refused;
  auto caching = good_;
  caching.is_authoritative = false;
  auto empty = good_;
  empty.data.clear();
  const std::pair<Authority, const char*> table[] = {
      {refusing, "REFUSED"}, {caching, "not authoritative"}, {empty, "without the zone's SOA"}};
  for (const auto& [authority, trouble] : table) {
    const auto server = read_one(authority);
    EXPECT_FALSE(server.reachable);
    EXPECT_THAT(server.trouble, HasSubstr(trouble));
    EXPECT_TRUE(server.rrsets.empty());
  }
}

TEST_F(PropagationTest, ASilentServerAndAClosedPortAreInTrouble) {
  ScriptedServer mute(io_, [](const Received&) { return silence(); });
  ScriptedServer gone(io_, [](const Received&) { return silence(); });
  gone.stop_listening();
  const auto servers = read({mute.name(), gone.name()});
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_FALSE(servers[0].reachable);
  EXPECT_THAT(servers[0].trouble, HasSubstr("no answer in 200 ms"));
  EXPECT_FALSE(servers[1].reachable);
  EXPECT_THAT(servers[1].trouble, HasSubstr("connection refused"));
}

// W4: a server that restarts is not out of reach.
TEST_F(PropagationTest, AServerThatDoesNotAnswerIsGivenTwoMoreTriesOverTheTime) {
  const auto is_reached = [&](std::chrono::milliseconds patience, std::size_t first_answer) {
    ScriptedServer server(io_, [&](const Received& request) {
      return request.number < first_answer ? Reply{{Act::Kind::close, {}}} : good_.answer(request);
    });
    patience_ = patience;
    return read({server.name()}).at(0).reachable;
  };
  EXPECT_TRUE(is_reached(60ms, 5));
  EXPECT_FALSE(is_reached(0ms, 5));
  EXPECT_FALSE(is_reached(60ms, 1000));
}

TEST_F(PropagationTest, AServerWithoutTcpIsReadOverUdp) {
  ScriptedServer server(io_, [&](const Received& request) {
    return request.udp ? good_.answer(request) : Reply{{Act::Kind::close, {}}};
  });
  const auto servers = read({server.name()});
  EXPECT_TRUE(servers.at(0).reachable) << servers.at(0).trouble;
}

TEST_F(PropagationTest, EveryAddressOfEveryNsIsAsked) {
  ScriptedServer server(io_, [&](const Received& request) { return good_.answer(request); });
  primary_data_.data[{zone_.apex, type::ns}] =
      rrs({"example. 300 NS ns1.example.", "example. 300 NS ns2.elsewhere.", "example. 300 NS ns3.nowhere."});
  primary_data_.data[{name("ns1.example"), type::a}] = rrs({"ns1.example. 300 A 127.0.0.1"});
  primary_data_.data[{name("ns1.example"), type::aaaa}] = rrs({"ns1.example. 300 AAAA ::ffff:127.0.0.1"});
  resolver_data_.data[{name("ns2.elsewhere"), type::a}] = rrs({"ns2.elsewhere. 300 A 127.0.0.1"});
  const auto servers = read({}, server.name().port);
  const auto port = std::to_string(server.name().port);
  ASSERT_EQ(servers.size(), 4U);
  EXPECT_EQ(servers[0].name, "ns1.example.");
  EXPECT_EQ(servers[0].address, "127.0.0.1@" + port);
  EXPECT_TRUE(servers[0].reachable) << servers[0].trouble;
  EXPECT_EQ(servers[1].name, "ns1.example.");
  EXPECT_EQ(servers[1].address, "::ffff:127.0.0.1@" + port);
  EXPECT_EQ(servers[2].name, "ns2.elsewhere.");
  EXPECT_TRUE(servers[2].reachable) << servers[2].trouble;
  EXPECT_EQ(servers[3].name, "ns3.nowhere.");
  EXPECT_FALSE(servers[3].reachable);
  EXPECT_EQ(servers[3].trouble, "it has no address");
}

// W2. The resolver answers for itself and for the parent, whose servers give a delegation.
class WitnessTest : public PropagationTest {
 protected:
  WitnessTest() {
    primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns1.example."});
    primary_data_.data[{name("ns1.example"), type::a}] = rrs({"ns1.example. 300 A 127.0.0.1"});
    resolver_data_.data[{Name(), type::soa}] = rrs({". 300 SOA a.root. x.root. 1 2 3 4 5"});
    resolver_data_.data[{Name(), type::ns}] = rrs({". 300 NS a.root."});
    resolver_data_.data[{name("a.root"), type::a}] = rrs({"a.root. 300 A 127.0.0.1"});
  }

  // One server is all that anybody names: the child's, and at the same port the parent's.
  std::vector<std::string> found() {
    ScriptedServer server(io_, [this](const Received& request) {
      if (request.message.questions.front().type != type::ns) return good_.answer(request);
      Message referral = answer_to(request);
      referral.authority = delegation_;
      referral.additional = glue_;
      referral.authoritative = false;
      return say(encode(referral));
    });
    std::vector<std::string> names;
    servers_ = read({}, server.name().port);
    for (const auto& one : servers_) {
      const auto at = one.address.substr(0, one.address.find('@'));
      names.push_back(one.name + " " + at + (one.is_named_by_primary ? " primary" : "") +
                      (one.is_named_by_world ? " world" : ""));
    }
    return names;
  }

  std::vector<Record> delegation_, glue_;
  std::vector<ServerView> servers_;
};

using Found = std::vector<std::string>;

TEST_F(WitnessTest, ThePrimaryAlone) { EXPECT_EQ(found(), Found{"ns1.example. 127.0.0.1 primary"}); }

TEST_F(WitnessTest, W2_WhomTheResolverNamesIsAskedToo) {
  resolver_data_.data[{zone_.apex, type::ns}] =
      rrs({"example. 300 NS ns1.example.", "example. 300 NS ns2.elsewhere."});
  resolver_data_.data[{name("ns1.example"), type::a}] = rrs({"ns1.example. 300 A 127.0.0.1"});
  resolver_data_.data[{name("ns2.elsewhere"), type::aaaa}] = rrs({"ns2.elsewhere. 60 AAAA ::ffff:127.0.0.1"});
  EXPECT_EQ(found(),
            (Found{"ns1.example. 127.0.0.1 primary world", "ns2.elsewhere. ::ffff:127.0.0.1 world"}));
  EXPECT_TRUE(servers_[1].reachable) << servers_[1].trouble;
}

// ADVERSARY, 08.
TEST_F(WitnessTest, W2_WhomOnlyTheParentNamesIsAskedTooAtItsGlue) {
  delegation_ = rrs({"example. 300 NS ns9.example."});
  glue_ = rrs({"ns9.example. 300 AAAA ::ffff:127.0.0.1", "other.example. 300 A 127.0.0.9"});
  EXPECT_EQ(found(), (Found{"ns1.example. 127.0.0.1 primary", "ns9.example. ::ffff:127.0.0.1 world"}));
  EXPECT_TRUE(servers_[1].reachable) << servers_[1].trouble;
}

// ADVERSARY, 99: an old primary's copy leads to itself.
TEST_F(WitnessTest, W2_ANameThatHasAnotherAddressInTheWorldIsAskedAtBoth) {
  resolver_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns1.example."});
  resolver_data_.data[{name("ns1.example"), type::aaaa}] = rrs({"ns1.example. 60 AAAA ::ffff:127.0.0.1"});
  EXPECT_EQ(found(), (Found{"ns1.example. 127.0.0.1 primary", "ns1.example. ::ffff:127.0.0.1 world"}));
}

TEST_F(WitnessTest, W2_AParentWithoutAnAnswerNamesNobody) {
  resolver_data_.unanswerable.insert({Name(), type::soa});
  resolver_data_.unanswerable.insert({zone_.apex, type::ns});
  EXPECT_EQ(found(), Found{"ns1.example. 127.0.0.1 primary"});
}

// W7.
TEST_F(PropagationTest, TheAddressesOfAHostAreThoseOfEveryServer) {
  const Name host = name("mx.example");
  auto second_data = good_;
  good_.data[{host, type::a}] = rrs({"mx.example. 60 A 192.0.2.1"});
  second_data.data[{host, type::a}] = rrs({"mx.example. 60 A 192.0.2.1", "mx.example. 60 A 192.0.2.2"});
  second_data.data[{host, type::aaaa}] = rrs({"mx.example. 60 AAAA 2001:db8::1"});
  ScriptedServer first(io_, [&](const Received& request) { return good_.answer(request); });
  ScriptedServer second(io_, [&](const Received& request) { return second_data.answer(request); });
  PropagationOptions options;
  options.timeout = timeout_;
  options.retries = 0;
  const std::vector servers{first.name().text(), second.name().text()};
  const auto ask = [&] { return run(io_, addresses_at_servers(servers, host, options)); };
  EXPECT_EQ(ask().addresses.size(), 3U);
  EXPECT_TRUE(ask().is_whole);
  options.family = Family::ipv4;
  EXPECT_EQ(ask().addresses.size(), 2U);
  second_data.unanswerable = {{host, type::a}};
  EXPECT_FALSE(ask().is_whole);
  second_data.unanswerable.clear();
  good_.data[{host, type::a}] = rrs({"mx.example. 60 CNAME mx.elsewhere."});  // knows no end of it
  EXPECT_FALSE(ask().is_whole);
}

TEST_F(PropagationTest, AZoneWhoseServersAreNotKnownIsNowhere) {
  const auto servers = read({});
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_FALSE(servers[0].reachable);
  EXPECT_THAT(servers[0].trouble, HasSubstr("the primary names none"));
}

TEST_F(PropagationTest, ANsWhoseAddressesAreHalfKnownIsInTrouble) {
  ScriptedServer server(io_, [&](const Received& request) { return good_.answer(request); });
  primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns2.elsewhere."});
  ScriptedServer recursive(io_, [](const Received& request) {
    if (request.message.questions.front().type == type::aaaa) return silence();
    return say(encode(answer_to(request, rcode::noerror, rrs({"ns2.elsewhere. 300 A 127.0.0.1"}))));
  });
  ScriptedServer primary(io_, [this](const Received& request) { return primary_data_.answer(request); });
  ExchangeOptions to_primary;
  to_primary.server = primary.name();
  Exchange exchange(io_.get_executor(), to_primary);
  ResolverOptions to_resolver;
  to_resolver.servers = {recursive.name()};
  to_resolver.timeout = 100ms;
  to_resolver.retries = 0;
  Resolver resolver(io_.get_executor(), to_resolver);
  PropagationOptions options;
  options.port = server.name().port;
  options.now = noon;
  const auto servers = run(io_, read_servers(exchange, zone_, resolver, options));
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_TRUE(servers[0].reachable) << servers[0].trouble;
  EXPECT_FALSE(servers[1].reachable);
}

// A forged answer must not send us to thousands of addresses; and what was left out is not known.
TEST_F(PropagationTest, OfANameWithManyAddressesSomeAreReadAndTheRestIsInTrouble) {
  const Question a(name("ns1.example"), type::a);
  primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns1.example."});
  for (int i = 1; i <= 65; ++i)
    primary_data_.data[a].push_back(rrs({"ns1.example. 300 A 127.0.7." + std::to_string(i)}).front());
  timeout_ = 20ms;
  const auto servers = read({}, 1);
  ASSERT_EQ(servers.size(), 65U);
  EXPECT_EQ(servers.front().address, "127.0.7.1@1");
  EXPECT_EQ(servers.back().address, "");
  EXPECT_EQ(servers.back().trouble, "it has more than 64 addresses");
}

// The primary fails to say whether its name server has an IPv6 address; the resolver may know.
TEST_F(PropagationTest, AnAddressThatThePrimaryDoesNotTellIsNotTakenForNone) {
  ScriptedServer server(io_, [&](const Received& request) { return good_.answer(request); });
  const Question aaaa(name("ns1.example"), type::aaaa);
  primary_data_.data[{zone_.apex, type::ns}] = rrs({"example. 300 NS ns1.example."});
  primary_data_.data[{aaaa.name, type::a}] = rrs({"ns1.example. 300 A 127.0.0.1"});
  primary_data_.unanswerable = {aaaa};
  resolver_data_.unanswerable = {aaaa};
  const auto servers = read({}, server.name().port);
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_TRUE(servers[0].reachable) << servers[0].trouble;
  EXPECT_FALSE(servers[1].reachable);
  EXPECT_EQ(servers[1].trouble, "its other addresses could not be found");

  resolver_data_.unanswerable.clear();
  resolver_data_.data[aaaa] = rrs({"ns1.example. 300 AAAA ::ffff:127.0.0.1"});
  const auto both = read({}, server.name().port);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(both[1].reachable) << both[1].trouble;
}

TEST_F(PropagationTest, ThousandsOfOwnersAreReadOverOneConnection) {
  timeout_ = long_enough;
  std::vector<ServedRrset> expected;
  zone_.is_signed = false;
  zone_.owners.clear();
  good_.data[{owner_, type::tlsa}] = tlsa_;
  for (int i = 1000; i < 3000; ++i) {
    const auto owner = name("_" + std::to_string(i) + "._tcp.mx.example");
    zone_.owners.push_back({});
    zone_.owners.back().owner = owner;
    good_.data[{owner, type::tlsa}] = {Record{owner, type::tlsa, 1, 60, tlsa_[0].rdata}};
    expected.push_back({owner, rrset(60, {"3 1 1 aabb"}), false, {}});
  }
  ScriptedServer server(io_, [&](const Received& request) { return good_.answer(request); });
  const auto servers = read({server.name()});
  EXPECT_EQ(servers.at(0).rrsets, expected);
  EXPECT_EQ(server.connections(), 1U);
}

}  // namespace propagation_test
}  // namespace tlsa_update::dns
