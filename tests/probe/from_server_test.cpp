#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"
#include "tlsa_update/probe/endpoint.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::probe {
namespace from_server_test {

namespace asio = boost::asio;
using test::CertificateChain;
using test::Peer;
using test::TlsServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CertificateChain self_signed(const std::string& key) {
  return {tlsa_update::test::self_signed(
      {.common_name = "localhost", .dns_names = {"localhost"}, .key = tlsa_update::test::shared_key(key)})};
}

Credential credential(const CertificateChain& chain, const LiveServer& server) {
  auto facts = x509::chain_of({chain.front().der}, true).value();
  const auto key_type = facts.front().key_type;
  return {"server:" + server.text(), std::move(facts), std::nullopt, key_type};
}

const std::vector<asio::ip::address> loopback{asio::ip::make_address("127.0.0.1")};

TEST(FromServer, ADualServerGivesBothCredentials) {
  asio::io_context io;
  const auto rsa = self_signed("RSA:2048");
  const auto ecdsa = self_signed("P-256");
  TlsServer tls({rsa, ecdsa});
  const Peer peer(io, tls.behaviour());
  const LiveServer server{"127.0.0.1", peer.endpoint().port()};
  const auto served = test::result_of(io, from_server(server, loopback, StartTls::none));
  ASSERT_TRUE(served) << served.error().text();
  EXPECT_THAT(served->credentials, ElementsAre(credential(rsa, server), credential(ecdsa, server)));
  EXPECT_THAT(served->notes, IsEmpty());
  EXPECT_THAT(tls.names_asked(), ElementsAre("", ""));  // RFC 6066 section 3: no address in SNI
}

TEST(FromServer, AHostIsNamedToTheServerAtEachAddress) {
  asio::io_context io;
  const auto ecdsa = self_signed("P-256");
  TlsServer tls({ecdsa}, {"220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n"});
  const Peer peer(io, tls.behaviour());
  const LiveServer server{"localhost", peer.endpoint().port()};
  const std::vector addresses{loopback.front(), asio::ip::make_address("127.0.0.9")};
  const auto served = test::result_of(io, from_server(server, addresses, StartTls::smtp));
  ASSERT_TRUE(served) << served.error().text();
  EXPECT_THAT(served->credentials, ElementsAre(credential(ecdsa, server)));
  EXPECT_THAT(tls.names_asked(), ElementsAre("localhost", "localhost"));
}

// (Hanging up is an answer, of GnuTLS: it has no key of that kind.)
TEST(FromServer, AHandshakeThatBreaksOffIsNotedBesideTheOther) {
  asio::io_context io;
  const auto ecdsa = self_signed("P-256");
  TlsServer tls({ecdsa});
  int connections = 0;
  const auto babble = [](asio::ip::tcp::socket socket) -> asio::awaitable<void> {
    co_await asio::async_write(socket, asio::buffer(std::string("busy\r\n")), asio::use_awaitable);
  };
  const Peer peer(io, [&](asio::ip::tcp::socket socket) {  // the RSA handshake comes first, and again
    return connections++ < 2 ? babble(std::move(socket)) : tls.behaviour()(std::move(socket));
  });
  const LiveServer server{"127.0.0.1", peer.endpoint().port()};
  const auto served = test::result_of(io, from_server(server, loopback, StartTls::none));
  ASSERT_TRUE(served) << served.error().text();
  EXPECT_THAT(served->credentials, ElementsAre(credential(ecdsa, server)));
  EXPECT_THAT(served->notes, ElementsAre(HasSubstr("127.0.0.1 (rsa): in the TLS handshake: ")));
}

TEST(FromServer, NoChainAtAllSaysWhy) {
  asio::io_context io;
  TlsServer tls({}, {"220 mx\r\n", "250 mx\r\n", ""});
  const Peer peer(io, tls.behaviour());
  const LiveServer server{"127.0.0.1", peer.endpoint().port()};
  const auto served = test::result_of(io, from_server(server, loopback, StartTls::smtp));
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code, ErrorCode::no_answer);
  EXPECT_EQ(served.error().where, server.text());
  EXPECT_EQ(served.error().what,
            "presents no chain; 127.0.0.1 (rsa): does not offer STARTTLS; 127.0.0.1 (ecdsa): does not offer "
            "STARTTLS");
}

TEST(LiveServer, IsAHostAndAPort) {
  const std::pair<const char*, LiveServer> good[] = {
      {"mail.example.com:25", {"mail.example.com", 25}},
      {"mail.example.com.:25", {"mail.example.com", 25}},
      {"192.0.2.1:65535", {"192.0.2.1", 65535}},
      {"[2001:db8::1]:443", {"2001:db8::1", 443}},
      {"localhost:submission", {"localhost", 587}},
      {"b\xc3\xbc"
       "cher.example:25",
       {"xn--bcher-kva.example", 25}},
  };
  for (const auto& [text, server] : good) EXPECT_EQ(parse_live_server(text), server) << text;
  EXPECT_EQ((LiveServer{"2001:db8::1", 443}).text(), "[2001:db8::1]:443");

  for (const char* text :
       {"", "mail.example.com", ":25", "mail.example.com:", "mail.example.com:0", "[]:25",
        "mail.example.com:65536", "mail.example.com:25x", "2001:db8::1:25", "[mail]:25", "a..b:25",
        "[2001:db8::1:25", "[2001:db8::1]", "192.0.2.1:0", "192.0.2.1:x", "mx:example.com:25",
        "_25._tcp.mail.example.com", "mail.example.com:25,465", "mail.example.com:25/udp"}) {
    const auto server = parse_live_server(text);
    ASSERT_FALSE(server) << text;
    EXPECT_EQ(server.error().code, ErrorCode::usage) << text;
  }
}

}  // namespace from_server_test
}  // namespace tlsa_update::probe
