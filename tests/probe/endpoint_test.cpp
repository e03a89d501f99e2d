#include "tlsa_update/probe/endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include "peer.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update {

void PrintTo(const Presented& presented, std::ostream* out) {
  static constexpr const char* outcomes[] = {"served", "not_offered", "unreachable", "no_tls"};
  *out << presented.address << ' ' << text(presented.key_type) << ' '
       << outcomes[static_cast<int>(presented.outcome)] << " \"" << presented.detail << "\", "
       << presented.chain.size() << " certificates" << (presented.matched ? ", accepted" : "")
       << (presented.matched ? ", matched " + presented.matched->text() : "");
}

}  // namespace tlsa_update

namespace tlsa_update::probe {
namespace endpoint_test {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using test::CertificateChain;
using test::Peer;
using test::TlsServer;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
const Time within_validity = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
const Time after_expiry = std::chrono::sys_days{std::chrono::year{2037} / 6 / 1};

CertificateChain chain_with(const std::string& key, const std::string& host = "mail.example.com",
                            const std::string& root_key = "P-256") {
  const auto root = tlsa_update::test::self_signed({.common_name = "Root",
                                                    .dns_names = {},
                                                    .is_ca = true,
                                                    .key = tlsa_update::test::shared_key(root_key)});
  const auto leaf = tlsa_update::test::issued_by(
      root, {.common_name = host, .dns_names = {host}, .key = tlsa_update::test::shared_key(key)});
  return {leaf, root};
}

Chain facts_of(const CertificateChain& chain) {
  std::vector<Bytes> ders;
  for (const auto& issued : chain) ders.push_back(issued.der);
  return x509::chain_of(ders, true).value();
}

TlsaRecord record(const char* parameters, const Certificate& certificate) {
  const auto parsed = parse_parameters(parameters).value();
  const auto& selected = parsed.selector == Selector::cert ? certificate.certificate : certificate.spki;
  return {parsed, selected.data(parsed.matching_type)};
}

Presented served(const Chain& chain, const std::string& address = "127.0.0.1") {
  return {address, chain.front().key_type, ProbeOutcome::served, "", chain, std::nullopt};
}

Presented not_offered(KeyType type, const std::string& address = "127.0.0.1") {
  return {address, type, ProbeOutcome::not_offered, "", {}, std::nullopt};
}

SocketAddress place_of(const tcp::endpoint& endpoint) { return {endpoint.address(), endpoint.port()}; }

class Endpoint : public testing::Test {
 protected:
  ProbeRequest request_to(std::initializer_list<const Peer*> peers) {
    ProbeRequest request;
    request.service = {Name::parse("mail.example.com").value(), 465, Protocol::tcp};
    for (const auto* peer : peers) request.addresses.push_back(place_of(peer->endpoint()));
    request.now = within_validity;
    return request;
  }

  std::vector<Presented> presented(ProbeRequest request) {
    return test::result_of(io_, probe(std::move(request))).presented;
  }

  // Of the only handshake that brought a chain.
  Presented judged(const CertificateChain& chain, ProbeRequest request) {
    TlsServer server({chain});
    const Peer peer(io_, server.behaviour());
    request.addresses = {place_of(peer.endpoint())};
    const auto both = presented(std::move(request));
    return both[0].outcome == ProbeOutcome::served ? both[0] : both[1];
  }

  ProbeRequest against(TlsaRecords records) {
    auto request = request_to({});
    request.rrset = Rrset{300, std::move(records)};
    return request;
  }

  asio::io_context io_;
};

// W10: two machines behind one address that take turns show themselves to two connections that offer all.
TEST_F(Endpoint, SamplesOfferEveryKindAndMeetMachinesThatTakeTurns) {
  TlsServer one({chain_with("P-256")}), other({chain_with("P-384")});
  int turn = 0;
  const Peer peer(io_, [&](tcp::socket socket) {
    return turn++ % 2 == 0 ? one.behaviour()(std::move(socket)) : other.behaviour()(std::move(socket));
  });
  auto request = request_to({&peer});
  const auto two = presented(request);
  EXPECT_EQ(two[0].outcome, ProbeOutcome::not_offered);
  EXPECT_EQ(two[1].outcome, ProbeOutcome::served);
  request.samples = 3;
  const auto samples = presented(request);
  ASSERT_EQ(samples.size(), 3U);
  for (const auto& sample : samples) EXPECT_EQ(sample.outcome, ProbeOutcome::served) << sample.detail;
  EXPECT_NE(samples[0].chain, samples[1].chain);
  EXPECT_EQ(samples[0].chain, samples[2].chain);
}

// Mail servers count connections: one at a time, whatever the port.
TEST_F(Endpoint, OneConnectionAtATimeToOneAddress) {
  TlsServer server({chain_with("P-256")});
  const Peer smtp(io_, server.behaviour()), imap(io_, server.behaviour());
  std::vector<ProbeRequest> requests{request_to({&smtp}), request_to({&imap})};
  EXPECT_EQ(test::result_of(io_, probe_all(requests)).size(), 2U);
  EXPECT_EQ(server.most_at_once(), 1);
}

// Says its words, hangs up, and is itself from the second connection on.
Peer::Behaviour first_says(std::string words, const TlsServer& server) {
  const auto turn = std::make_shared<int>(0);
  return [=, behave = TlsServer(server).behaviour()](tcp::socket socket) -> asio::awaitable<void> {
    if ((*turn)++ > 0) co_return co_await behave(std::move(socket));
    (void)co_await asio::async_write(socket, asio::buffer(words), as_result);
  };
}

TEST_F(Endpoint, ATemporaryRefusalIsTriedOnceMore) {
  for (const char* words : {"421 4.3.2 busy\r\n", ""}) {
    TlsServer server({chain_with("P-256")}, {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"});
    const Peer peer(io_, first_says(words, server));
    auto request = request_to({&peer});
    request.starttls = StartTls::smtp;
    request.samples = 1;
    const auto found = presented(request);
    EXPECT_EQ(found.at(0).outcome, ProbeOutcome::served) << words << found.at(0).detail;
    EXPECT_EQ(peer.accepted(), 2);
  }
}

// GnuTLS hangs up, and sends no alert, when it has no key of the kind (CASES D4).
TEST_F(Endpoint, HangingUpTwiceBesideAChainMeansNotOffered) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain});
  int turn = 0;
  const Peer peer(io_, [&](tcp::socket socket) {  // the RSA handshake comes first, and again
    if (turn++ < 2) socket.close();
    return server.behaviour()(std::move(socket));
  });
  EXPECT_THAT(presented(request_to({&peer})),
              ElementsAre(not_offered(KeyType::rsa), served(facts_of(chain))));
  EXPECT_EQ(turn, 3);
}

// CASES D5
TEST_F(Endpoint, AServerThatDemandsACertificateHasShownItsOwn) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain});
  server.speak_at_most(TLS1_2_VERSION);
  server.demand_certificates();
  const Peer peer(io_, server.behaviour());
  EXPECT_THAT(presented(request_to({&peer})),
              ElementsAre(not_offered(KeyType::rsa), served(facts_of(chain))));
}

// CASES D3: who goes without a word is logged, and banned.
TEST_F(Endpoint, SaysFarewell) {
  const auto farewells_of = [&](StartTls starttls, std::vector<std::string> before) {
    TlsServer server({chain_with("P-256")}, std::move(before));
    const Peer peer(io_, server.behaviour());
    auto request = request_to({&peer});
    request.service.port = 4711;
    request.starttls = starttls;
    EXPECT_EQ(presented(request).back().outcome, ProbeOutcome::served);
    for (int i = 0; i < 1000 && server.farewells().empty(); ++i) io_.poll();
    return server.farewells();
  };
  EXPECT_THAT(farewells_of(StartTls::smtp, {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"}),
              ElementsAre("QUIT\r\n."));
  EXPECT_THAT(farewells_of(StartTls::none, {}), ElementsAre("."));
}

TEST_F(Endpoint, AFinalRefusalIsNotTriedAgain) {
  TlsServer server({chain_with("P-256")}, {"220 mx\r\n"});
  const Peer peer(io_, first_says("554 no\r\n", server));
  auto request = request_to({&peer});
  request.starttls = StartTls::smtp;
  request.samples = 1;
  EXPECT_EQ(presented(request).at(0).outcome, ProbeOutcome::unreachable);
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(Endpoint, ADualServerPresentsBothItsChains) {
  const auto rsa = chain_with("RSA:2048");
  const auto ecdsa = chain_with("P-256");
  TlsServer server({rsa, ecdsa});
  const Peer peer(io_, server.behaviour());
  const ServiceEvidence expected{
      request_to({}).service, {served(facts_of(rsa)), served(facts_of(ecdsa))}, false};
  EXPECT_EQ(test::result_of(io_, probe(request_to({&peer}))), expected);
  EXPECT_THAT(server.names_asked(), ElementsAre("mail.example.com", "mail.example.com"));
}

TEST_F(Endpoint, ADualServerOfTls12PresentsBothItsChains) {
  const auto rsa = chain_with("RSA:2048");
  const auto ecdsa = chain_with("P-384");
  TlsServer server({rsa, ecdsa});
  server.speak_at_most(TLS1_2_VERSION);
  const Peer peer(io_, server.behaviour());
  EXPECT_THAT(presented(request_to({&peer})), ElementsAre(served(facts_of(rsa)), served(facts_of(ecdsa))));
}

// RSASSA-PSS keys count as RSA; everything that is not RSA counts as ECDSA.
TEST_F(Endpoint, AServerWithOneKindOfKeyOffersNotTheOther) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* key : {"RSA:2048", "RSA-PSS:2048", "P-256", "P-521", "ED25519", "ED448"}) {
      const auto chain = chain_with(key);
      TlsServer server({chain});
      server.speak_at_most(version);
      const Peer peer(io_, server.behaviour());
      const auto found = presented(request_to({&peer}));
      if (std::string_view(key).starts_with("RSA")) {
        EXPECT_THAT(found, ElementsAre(served(facts_of(chain)), not_offered(KeyType::ecdsa))) << key;
      } else {
        EXPECT_THAT(found, ElementsAre(not_offered(KeyType::rsa), served(facts_of(chain)))) << key;
      }
    }
  }
}

TEST_F(Endpoint, ALeafMayBeSignedByAnIssuerOfAnotherKind) {
  for (const auto& [key, root_key] : {std::pair{"P-256", "RSA:2048"}, std::pair{"RSA:2048", "P-256"}}) {
    const auto chain = chain_with(key, "mail.example.com", root_key);
    EXPECT_EQ(judged(chain, request_to({})), served(facts_of(chain))) << key;
  }
}

TEST_F(Endpoint, AWeakKeyIsSeenAllTheSame) {
  const auto chain = chain_with("RSA:1024");
  TlsServer server({chain});
  server.allow_weak_keys();
  const Peer peer(io_, server.behaviour());
  EXPECT_EQ(presented(request_to({&peer})).front(), served(facts_of(chain)));
}

TEST_F(Endpoint, WhatIsServedNowIsSeenNow) {
  const auto before = chain_with("P-256");
  const auto after = chain_with("P-384");
  TlsServer server({before});
  const Peer peer(io_, server.behaviour());
  EXPECT_EQ(presented(request_to({&peer})).back(), served(facts_of(before)));
  server.serve({after});
  EXPECT_EQ(presented(request_to({&peer})).back(), served(facts_of(after)));
}

TEST_F(Endpoint, EveryAddressIsAsked) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain});
  const Peer first(io_, server.behaviour(), "127.0.0.1");
  const Peer second(io_, server.behaviour(), "127.0.0.2");
  const auto facts = facts_of(chain);
  EXPECT_THAT(presented(request_to({&first, &second})),
              ElementsAre(not_offered(KeyType::rsa), served(facts), not_offered(KeyType::rsa, "127.0.0.2"),
                          served(facts, "127.0.0.2")));
}

TEST_F(Endpoint, SpeaksIpv6) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain});
  std::optional<Peer> peer;
  try {
    peer.emplace(io_, server.behaviour(), "::1");
  } catch (const boost::system::system_error&) {
    GTEST_SKIP() << "no IPv6 on this machine";
  }
  EXPECT_EQ(presented(request_to({&*peer})).back(), served(facts_of(chain), "::1"));
}

TEST_F(Endpoint, ManyServicesAreAskedAtOnceWithinTheLimit) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain});
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<ProbeRequest> requests;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<Peer>(io_, server.behaviour(), "127.0.0." + std::to_string(i + 1)));
    requests.push_back(request_to({peers.back().get()}));
  }
  requests.push_back(request_to({}));
  const auto evidence = test::result_of(io_, probe_all(requests, 4));
  ASSERT_EQ(evidence.size(), 11U);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(evidence[i].presented[1], served(facts_of(chain), "127.0.0." + std::to_string(i + 1)));
  EXPECT_TRUE(evidence[10].presented.empty());
  EXPECT_GT(server.most_at_once(), 1);
  EXPECT_LE(server.most_at_once(), 4);
}

// --- DANE
// ---------------------------------------------------------------------------------------------------

struct Judgement {
  const char* parameters;
  std::size_t certificate;  // 0 the leaf, 1 its issuer
};

TEST_F(Endpoint, DaneFindsTheRecordThatMatches) {
  const auto chain = chain_with("P-256");
  const auto facts = facts_of(chain);
  for (const auto& [parameters, certificate] : {Judgement{"3 1 1", 0},
                                                {"3 0 1", 0},
                                                {"3 1 2", 0},
                                                {"3 0 0", 0},
                                                {"3 1 0", 0},
                                                {"2 0 1", 1},
                                                {"2 1 1", 1},
                                                {"2 1 2", 1},
                                                {"2 0 0", 1}}) {
    const auto matching = record(parameters, facts[certificate]);
    auto expected = served(facts);
    expected.matched = matching;
    EXPECT_EQ(judged(chain, against({matching})), expected) << parameters;
  }
}

TEST_F(Endpoint, DaneMismatchIsNoReasonToHideTheChain) {
  const auto chain = chain_with("P-256");
  const auto other = facts_of(chain_with("P-384"));
  for (const char* parameters : {"3 1 1", "3 0 1", "2 0 1"}) {
    auto expected = served(facts_of(chain));
    expected.detail = "no matching DANE TLSA records";
    EXPECT_EQ(judged(chain, against({record(parameters, other[0])})), expected) << parameters;
  }
}

TEST_F(Endpoint, OneMatchingRecordAmongOthersIsEnough) {
  const auto chain = chain_with("P-256");
  const auto matching = record("3 1 1", facts_of(chain)[0]);
  const TlsaRecord other_key = record("3 1 1", facts_of(chain_with("P-384"))[0]);
  const TlsaRecord unusable{{Usage{9}, Selector{9}, MatchingType{9}}, {1, 2, 3}};
  const TlsaRecord too_short{{}, {1, 2, 3}};
  EXPECT_EQ(judged(chain, against({other_key, unusable, too_short, matching})).matched, matching);
  EXPECT_EQ(judged(chain, against({unusable, too_short})).detail, "no usable TLSA record");
}

// RFC 7671 section 5.1: neither names nor dates count for DANE-EE(3); section 5.2: they do for DANE-TA(2).
TEST_F(Endpoint, NamesAndDatesCountForUsage2AndNotForUsage3) {
  const auto stranger = chain_with("P-256", "other.example.net");
  const auto facts = facts_of(stranger);
  EXPECT_TRUE(judged(stranger, against({record("3 1 1", facts[0])})).matched);
  EXPECT_EQ(judged(stranger, against({record("2 0 1", facts[1])})).detail, "hostname mismatch");

  const auto chain = chain_with("P-256");
  auto late = against({record("3 1 1", facts_of(chain)[0])});
  late.now = after_expiry;
  EXPECT_TRUE(judged(chain, late).matched);
  late.rrset = Rrset{300, {record("2 0 1", facts_of(chain)[1])}};
  EXPECT_EQ(judged(chain, late).detail, "certificate has expired");
}

// RFC 7672 section 3.2.2, RFC 7673 section 6: the domain that the MX or SRV record was asked for counts too.
TEST_F(Endpoint, ACertificateOfUsage2MayNameTheSourceDomain) {
  const auto chain = chain_with("P-256", "example.org");
  auto request = against({record("2 0 1", facts_of(chain)[1])});
  EXPECT_FALSE(judged(chain, request).matched);
  request.source_domain = Name::parse("example.org").value();
  EXPECT_TRUE(judged(chain, request).matched);
}

// RFC 7672 section 3.2.3: an asterisk is a whole label.
TEST_F(Endpoint, AWildcardCertificateCoversOneLabel) {
  const auto wildcard = chain_with("P-256", "*.example.com");
  EXPECT_TRUE(judged(wildcard, against({record("2 0 1", facts_of(wildcard)[1])})).matched);
  const auto partial = chain_with("P-256", "ma*.example.com");
  EXPECT_FALSE(judged(partial, against({record("2 0 1", facts_of(partial)[1])})).matched);
}

// RFC 7671 section 5.3 and 5.4: usages 0 and 1 also want a chain to a root that the system trusts.
TEST_F(Endpoint, AMatchOfUsage0Or1AloneIsNotEnough) {
  const auto chain = chain_with("P-256");
  EXPECT_EQ(judged(chain, against({record("1 1 1", facts_of(chain)[0])})).detail,
            "self-signed certificate in certificate chain");
  EXPECT_FALSE(judged(chain, against({record("0 0 1", facts_of(chain)[1])})).matched);
}

// RFC 7672 section 3.1.3
TEST_F(Endpoint, Usages0And1AreUnusableOnPort25) {
  const auto chain = chain_with("P-256");
  auto request = against({record("1 1 1", facts_of(chain)[0]), record("0 0 1", facts_of(chain)[1])});
  request.service.port = 25;
  const auto judgement = judged(chain, request);
  EXPECT_FALSE(judgement.matched);
  EXPECT_EQ(judgement.detail, "no usable TLSA record");
}

// --- STARTTLS
// -----------------------------------------------------------------------------------------------

TEST_F(Endpoint, AsksForTlsInPlainTextFirst) {
  const auto chain = chain_with("P-256");
  TlsServer server({chain}, {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"});
  const Peer peer(io_, server.behaviour());
  auto request = request_to({&peer});
  request.starttls = StartTls::smtp;
  EXPECT_THAT(presented(request), ElementsAre(not_offered(KeyType::rsa), served(facts_of(chain))));
}

TEST_F(Endpoint, AServerWithoutStartTlsIsNotUnreachable) {
  TlsServer server({}, {"220 mx\r\n", "250 mx\r\n", ""});
  const Peer peer(io_, server.behaviour());
  auto request = request_to({&peer});
  request.starttls = StartTls::smtp;
  const auto expected = [](KeyType type) {
    return Presented{"127.0.0.1", type, ProbeOutcome::no_tls, "does not offer STARTTLS", {}, std::nullopt};
  };
  EXPECT_THAT(presented(request), ElementsAre(expected(KeyType::rsa), expected(KeyType::ecdsa)));
}

// --- Peers that misbehave
// -----------------------------------------------------------------------------------

asio::awaitable<void> listen(tcp::socket socket) {
  std::array<char, 512> buffer{};
  for (;;) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), as_result);
    if (error) co_return;
  }
}

asio::awaitable<void> repeat(tcp::socket socket, std::string words, std::chrono::milliseconds pause) {
  asio::steady_timer timer(socket.get_executor());
  for (;;) {
    const auto [error, size] = co_await asio::async_write(socket, asio::buffer(words), as_result);
    if (error) co_return;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> say(tcp::socket socket, std::string words) {
  co_await asio::async_write(socket, asio::buffer(words), as_result);
  co_await listen(std::move(socket));
}

asio::awaitable<void> hang_up(tcp::socket /*socket*/) { co_return; }

Peer::Behaviour says_nothing() { return listen; }
Peer::Behaviour hangs_up() { return hang_up; }
Peer::Behaviour says(const std::string& words) {
  return [words](tcp::socket socket) { return say(std::move(socket), words); };
}
Peer::Behaviour repeats(const std::string& words, std::chrono::milliseconds pause) {
  return [=](tcp::socket socket) { return repeat(std::move(socket), words, pause); };
}

struct Misbehaviour {
  const char* title;
  Peer::Behaviour behaviour;
  StartTls starttls;
  const char* detail;
};

TEST_F(Endpoint, EveryMisbehaviourEndsAsUnreachableInTime) {
  const Misbehaviour table[] = {
      {"silence before a greeting", says_nothing(), StartTls::smtp,
       "in the STARTTLS dialogue: no end within 150 ms"},
      {"silence after ClientHello", says_nothing(), StartTls::none,
       "in the TLS handshake: no end within 150 ms"},
      {"an octet at a time", repeats("2", 10ms), StartTls::smtp,
       "in the STARTTLS dialogue: no end within 150 ms"},
      {"an octet of TLS at a time", repeats("\x16", 10ms), StartTls::none, "in the TLS handshake: "},
      {"a greeting that never ends", repeats("220-hello\r\n", 10ms), StartTls::smtp,
       "in the STARTTLS dialogue: no end within 150 ms"},
      {"a flood", repeats(std::string(4000, 'x') + "\r\n", 0ms), StartTls::imap, "greets with \"xxx"},
      {"a flood of greeting", repeats("220-" + std::string(4000, 'x') + "\r\n", 0ms), StartTls::smtp,
       "sends more than 65536 octets before TLS"},
      {"hanging up", hangs_up(), StartTls::smtp, "in the STARTTLS dialogue: "},
      {"hanging up on ClientHello", hangs_up(), StartTls::none, "in the TLS handshake: "},
      {"another protocol", says("HTTP/1.0 400 no\r\n"), StartTls::smtp,
       "says \"HTTP/1.0 400 no\", which is no reply"},
      {"another protocol than TLS", says("220 hello\r\n"), StartTls::none,
       "in the TLS handshake: wrong version number"},
      {"escape sequences", says("421 \x1b[2J\r\n"), StartTls::smtp, "greets with \"421 \\x1b[2J\""},
  };
  for (const auto& [title, behaviour, starttls, detail] : table) {
    const Peer peer(io_, behaviour);
    auto request = request_to({&peer});
    request.starttls = starttls;
    // Short only where it is to run out: a busy machine may be slow at everything else.
    if (std::string_view(detail).ends_with("150 ms")) request.timeout = 150ms;
    const auto begin = std::chrono::steady_clock::now();
    const auto found = presented(request);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << title;  // a hang-up is tried again
    EXPECT_THAT(found, Each(AllOf(testing::Field(&Presented::outcome, ProbeOutcome::unreachable),
                                  testing::Field(&Presented::detail, StartsWith(detail)))))
        << title;
  }
}

TEST_F(Endpoint, ARefusedConnectionIsUnreachable) {
  auto request = request_to({});
  tcp::acceptor gone(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  request.addresses = {place_of(gone.local_endpoint())};
  gone.close();
  EXPECT_THAT(presented(request), Each(testing::Field(&Presented::detail, "connecting: Connection refused")));
}

// Not the alert alone: who rejects both kinds has not shown that it serves anything.
TEST_F(Endpoint, AServerThatServesNeitherKindHasNotSaidNo) {
  TlsServer server({});
  const Peer peer(io_, server.behaviour());
  EXPECT_THAT(presented(request_to({&peer})),
              Each(AllOf(testing::Field(&Presented::outcome, ProbeOutcome::unreachable),
                         testing::Field(&Presented::detail, HasSubstr("handshake failure")))));
}

TEST_F(Endpoint, AChainWithoutEndIsNotRead) {
  auto chain = chain_with("P-256");
  chain.resize(400, chain.back());
  auto request = request_to({});
  request.timeout = 60s;  // a sanitizer is slow
  EXPECT_THAT(judged(chain, request).detail, StartsWith("in the TLS handshake: excessive message size"));
}

TEST_F(Endpoint, OnlyTcpServicesAreProbed) {
  TlsServer server({chain_with("P-256")});
  const Peer peer(io_, server.behaviour());
  auto request = request_to({&peer});
  request.service.protocol = Protocol::udp;
  EXPECT_THAT(presented(request),
              Each(testing::Field(&Presented::detail, "only TCP services can be probed")));
  EXPECT_EQ(peer.accepted(), 0);
}

}  // namespace endpoint_test
}  // namespace tlsa_update::probe
