#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/sha.h>

#include "support/certificates.hpp"
#include "support/scripted_server.hpp"

namespace tlsa_update::dns {
namespace tls_stream_test {

using namespace test;  // NOLINT: the words of the script
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using testing::HasSubstr;
using Family = tlsa_update::test::Family;

constexpr std::uint64_t noon = 1'795'300'000;

std::string pin_of(const Bytes& spki) {
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(spki.data(), spki.size(), digest);
  std::string text(45, '\0');
  text.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), digest, sizeof digest)));
  return text;
}

int choose_dot(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
               unsigned length, void*) {
  unsigned char* chosen = nullptr;
  static constexpr unsigned char dot[] = "\3dot";  // OpenSSL keeps a pointer into it
  if (SSL_select_next_proto(&chosen, size, dot, 4, offered, length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

struct Manner {
  int highest = TLS1_3_VERSION;
  bool negotiates = true;
};

// A DNS over TLS server that answers every request, signed, and counts what it was sent.
class TlsServer {
 public:
  TlsServer(asio::io_context& io, const Family& family, std::shared_ptr<const TsigKey> key,
            Manner manner = {})
      : context_(ssl::context::tls_server),
        acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}),
        key_(std::move(key)) {
    const std::string chain = family.leaf.pem() + family.intermediate.pem();
    context_.use_certificate_chain(asio::buffer(chain));
    context_.use_private_key(asio::buffer(tlsa_update::test::private_pem_of(family.leaf.key)),
                             ssl::context::pem);
    SSL_CTX_set_max_proto_version(context_.native_handle(), manner.highest);
    if (manner.negotiates) SSL_CTX_set_alpn_select_cb(context_.native_handle(), choose_dot, nullptr);
    asio::co_spawn(io, accept(), asio::detached);
  }

  [[nodiscard]] ServerName name() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      ++connections_;
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    ssl::stream<tcp::socket> stream(std::move(socket), context_);
    boost::system::error_code error;
    auto with_error = asio::redirect_error(asio::use_awaitable, error);
    co_await stream.async_handshake(ssl::stream_base::server, with_error);
    while (!error) {
      std::array<std::uint8_t, 2> length{};
      co_await asio::async_read(stream, asio::buffer(length), with_error);
      if (error) break;
      Received request;
      request.wire.resize(static_cast<std::size_t>(length[0] * 256 + length[1]));
      co_await asio::async_read(stream, asio::buffer(request.wire), with_error);
      if (error) break;
      ++requests_;
      request.message = parse_message(request.wire).value();
      const Bytes answer = framed(signed_answer(request, answer_to(request), *key_, noon));
      co_await asio::async_write(stream, asio::buffer(answer), with_error);
    }
  }

  ssl::context context_;
  tcp::acceptor acceptor_;
  std::shared_ptr<const TsigKey> key_;
  std::size_t requests_ = 0, connections_ = 0;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    char path[] = "/tmp/tls_stream_test.XXXXXX";
    folder_ = mkdtemp(path);
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  std::string ca_file(const tlsa_update::test::Issued& root) {
    const auto path = folder_ / (std::to_string(++files_) + ".pem");
    std::ofstream(path) << root.pem();
    return path;
  }

  ExchangeOptions options(const TlsServer& server, TlsOptions tls) {
    ExchangeOptions options;
    options.server = server.name();
    options.transport = Transport::tls;
    options.tls = std::move(tls);
    options.key = key_;
    options.timeout = 2s;
    options.retries = 1;
    options.clock = [] { return noon; };
    return options;
  }

  Result<Message> ask(const TlsServer& server, TlsOptions tls) {
    Exchange to(io_.get_executor(), options(server, std::move(tls)));
    return run(io_, to.query({name("mx.example"), type::a}));
  }

  asio::io_context io_;
  std::filesystem::path folder_;
  int files_ = 0;
  std::shared_ptr<const TsigKey> key_ = key();
  const Family family_ = tlsa_update::test::make_family("ns0.example");
};

TEST_F(TlsTest, AServerCertifiedForTheNameIsAsked) {
  TlsServer server(io_, family_, key_);
  const auto answer = ask(server, {ca_file(family_.root), "ns0.example", {}});
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST_F(TlsTest, AServerWithAPinnedKeyIsAskedWithoutAnyCa) {
  TlsServer server(io_, family_, key_);
  const auto answer = ask(server, {"", "", {"AAAA", pin_of(tlsa_update::test::spki_of(family_.leaf.key))}});
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST_F(TlsTest, AConversationUsesOneConnection) {
  TlsServer server(io_, family_, key_);
  Exchange to(io_.get_executor(), options(server, {ca_file(family_.root), "ns0.example", {}}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(io_, to.query({name("mx.example"), type::a})));
  EXPECT_EQ(server.requests(), 3U);
  EXPECT_EQ(server.connections(), 1U);
}

struct Row {
  const char* what;
  TlsOptions tls;
  const char* text;
};

// RFC 8310 section 8, RFC 7858 section 4.2: nothing is sent to a peer that is not the one we were told of.
TEST_F(TlsTest, APeerThatCannotBeVerifiedIsToldNothing) {
  TlsServer server(io_, family_, key_);
  const auto stranger = tlsa_update::test::make_family("ns0.example");
  const auto pin = pin_of(tlsa_update::test::spki_of(family_.leaf.key));
  const Row rows[] = {
      {"another CA", {ca_file(stranger.root), "ns0.example", {}}, "the TLS peer is not trusted"},
      {"another name", {ca_file(family_.root), "ns1.example", {}}, "for ns1.example"},
      {"the address is not in the certificate", {ca_file(family_.root), "", {}}, "for 127.0.0.1"},
      {"another pin", {"", "", {pin_of(tlsa_update::test::spki_of(stranger.leaf.key))}}, "none of the pins"},
      {"the CA's own store does not make up for a wrong pin",
       {ca_file(family_.root), "ns0.example", {"AAAA"}},
       "none of the pins"},
      {"what was presented", {ca_file(stranger.root), "ns0.example", {}}, pin.c_str()},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const auto answer = ask(server, row.tls);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::protocol);
    EXPECT_THAT(answer.error().text(), HasSubstr(row.text));
    EXPECT_THAT(answer.error().text(), HasSubstr(server.name().text()));
  }
  EXPECT_EQ(server.requests(), 0U);
  EXPECT_EQ(server.connections(), std::size(rows));  // and it is not tried again
}

TEST_F(TlsTest, ACaFileThatCannotBeReadIsSaid) {
  TlsServer server(io_, family_, key_);
  const auto answer = ask(server, {folder_ / "none.pem", "ns0.example", {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unreadable);
  EXPECT_THAT(answer.error().text(), HasSubstr("none.pem"));
}

// RFC 9103 section 7.
TEST_F(TlsTest, OlderThanTls13IsNoTls) {
  TlsServer server(io_, family_, key_, {TLS1_2_VERSION, true});
  const auto answer = ask(server, {ca_file(family_.root), "ns0.example", {}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::protocol);
  EXPECT_EQ(server.requests(), 0U);
}

TEST_F(TlsTest, ATransferNeedsAlpnDotAndAQuestionDoesNot) {
  TlsServer server(io_, family_, key_, {TLS1_3_VERSION, false});
  const TlsOptions tls{ca_file(family_.root), "ns0.example", {}};
  EXPECT_TRUE(ask(server, tls));
  Exchange to(io_.get_executor(), options(server, tls));
  const auto done = run(
      io_, to.transfer(
               name("example"), [](std::uint16_t, Bytes) {}, [](ByteView) -> Result<bool> { return true; }));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::protocol);
  EXPECT_EQ(server.requests(), 1U);
}

TEST_F(TlsTest, ATransferGoesOverTls) {
  TlsServer server(io_, family_, key_);
  Exchange to(io_.get_executor(), options(server, {ca_file(family_.root), "ns0.example", {}}));
  std::size_t messages = 0;
  const auto done = run(io_, to.transfer(
                                 name("example"), [](std::uint16_t, Bytes) {},
                                 [&](ByteView) -> Result<bool> { return ++messages == 1; }));
  EXPECT_TRUE(done) << done.error().text();
}

TEST_F(TlsTest, AServerThatDoesNotSpeakTlsIsAFault) {
  tcp::acceptor junk(io_, {asio::ip::make_address("127.0.0.1"), 0});
  junk.async_accept([](const boost::system::error_code&, tcp::socket socket) {
    asio::write(socket, asio::buffer("220 mail.example ESMTP\r\n", 24));
  });
  ExchangeOptions to_junk;
  to_junk.server = {"127.0.0.1", junk.local_endpoint().port()};
  to_junk.transport = Transport::tls;
  to_junk.timeout = 500ms;
  to_junk.tls.pins = {"AAAA"};
  Exchange to(io_.get_executor(), to_junk);
  const auto answer = run(io_, to.query({name("mx.example"), type::a}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::protocol);
  EXPECT_THAT(answer.error().text(), HasSubstr("the TLS handshake failed"));
}

}  // namespace tls_stream_test
}  // namespace tlsa_update::dns
