#include "peer.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

namespace tlsa_update::probe::test {
namespace {

namespace asio = boost::asio;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

using X509Ptr = std::shared_ptr<X509>;

X509Ptr x509_of(const Bytes& der) {
  const unsigned char* cursor = der.data();
  return {d2i_X509(nullptr, &cursor, static_cast<long>(der.size())), X509_free};
}

void use_chain(SSL_CTX* context, const CertificateChain& chain) {
  const std::shared_ptr<STACK_OF(X509)> issuers(sk_X509_new_null(), [](auto* stack) { sk_X509_free(stack); });
  std::vector<X509Ptr> certificates;
  for (const auto& issued : chain) certificates.push_back(x509_of(issued.der));
  for (auto i = certificates.begin() + 1; i != certificates.end(); ++i) sk_X509_push(issuers.get(), i->get());
  if (SSL_CTX_use_cert_and_key(context, certificates.front().get(), chain.front().key.get(), issuers.get(),
                               1) != 1) {
    throw std::runtime_error("the server cannot use the chain");
  }
}

// When ClientHello has come.
int note_name(SSL* ssl, int* /*alert*/, void* names) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  static_cast<std::vector<std::string>*>(names)->emplace_back(name != nullptr ? name : "");
  return SSL_TLSEXT_ERR_OK;
}

// What the client says until it goes, with "." at the end if it goes properly: by close_notify, or by QUIT,
// which is obeyed.
asio::awaitable<std::string> hear_out(asio::ssl::stream<tcp::socket>& stream) {
  std::string heard;
  for (;;) {
    std::array<char, 512> buffer{};
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(buffer), as_result);
    heard.append(buffer.data(), size);
    if (error) co_return heard + (error == asio::error::eof ? "." : "");
    if (!heard.starts_with("QUIT")) continue;
    co_await stream.async_shutdown(as_result);
    co_return heard + ".";
  }
}

// False when the client is gone.
asio::awaitable<bool> perform(tcp::socket& socket, const Script& script) {
  std::string heard;
  for (std::size_t i = 0; i < script.size(); ++i) {
    if (i > 0) {
      const auto [error, size] =
          co_await asio::async_read_until(socket, asio::dynamic_buffer(heard), '\n', as_result);
      if (error) co_return false;
      heard.erase(0, size);
    }
    const auto [error, size] = co_await asio::async_write(socket, asio::buffer(script[i]), as_result);
    if (error) co_return false;
  }
  co_return true;
}

}  // namespace

struct Peer::State {
  tcp::acceptor acceptor;
  Behaviour behaviour;
  int accepted = 0;

  static asio::awaitable<void> accept(std::shared_ptr<State> self) {
    for (;;) {
      auto [error, socket] = co_await self->acceptor.async_accept(as_result);
      if (error) co_return;
      ++self->accepted;
      asio::co_spawn(self->acceptor.get_executor(), self->behaviour(std::move(socket)), asio::detached);
    }
  }
};

Peer::Peer(asio::io_context& io, Behaviour behaviour, const std::string& address)
    : state_(std::make_shared<State>(State{
          tcp::acceptor(io, tcp::endpoint(asio::ip::make_address(address), 0)), std::move(behaviour)})) {
  asio::co_spawn(io, State::accept(state_), asio::detached);
}

Peer::~Peer() { state_->acceptor.close(); }
tcp::endpoint Peer::endpoint() const { return state_->acceptor.local_endpoint(); }
int Peer::accepted() const { return state_->accepted; }

struct TlsServer::State {
  std::vector<CertificateChain> chains;
  Script before_tls;
  int max_version = 0;
  int security_level = 2;
  bool demands_certificate = false;
  std::vector<std::string> farewells{};
  std::vector<std::string> names_asked{};
  int at_once = 0;
  int most_at_once = 0;

  [[nodiscard]] asio::ssl::context context() {
    asio::ssl::context context(asio::ssl::context::tls_server);
    auto* const raw = context.native_handle();
    SSL_CTX_set_max_proto_version(raw, max_version);
    SSL_CTX_set_security_level(raw, security_level);
    if (demands_certificate)
      SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_callback_ctrl(raw, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(&note_name));
    SSL_CTX_ctrl(raw, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, &names_asked);
    for (const auto& chain : chains) use_chain(raw, chain);
    return context;
  }

  static asio::awaitable<void> shake_hands(std::shared_ptr<State> self, tcp::socket socket) {
    self->most_at_once = std::max(self->most_at_once, ++self->at_once);
    auto context = self->context();
    if (co_await perform(socket, self->before_tls)) {
      asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
      const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
      if (!error) self->farewells.push_back(co_await hear_out(stream));
    }
    --self->at_once;
  }
};

TlsServer::TlsServer(const std::vector<CertificateChain>& chains, Script before_tls)
    : state_(std::make_shared<State>(State{chains, std::move(before_tls)})) {}

void TlsServer::serve(const std::vector<CertificateChain>& chains) { state_->chains = chains; }
void TlsServer::speak_at_most(int version) { state_->max_version = version; }
void TlsServer::demand_certificates() { state_->demands_certificate = true; }
const std::vector<std::string>& TlsServer::farewells() const { return state_->farewells; }
void TlsServer::allow_weak_keys() { state_->security_level = 0; }

Peer::Behaviour TlsServer::behaviour() {
  return [state = state_](tcp::socket socket) { return State::shake_hands(state, std::move(socket)); };
}

const std::vector<std::string>& TlsServer::names_asked() const { return state_->names_asked; }
int TlsServer::most_at_once() const { return state_->most_at_once; }

}  // namespace tlsa_update::probe::test
