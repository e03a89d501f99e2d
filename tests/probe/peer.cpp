#include "peer.hpp"

#include <algorithm>
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

Peer::Peer(asio::io_context& io, Behaviour behaviour, const std::string& address)
    : acceptor_(io, tcp::endpoint(asio::ip::make_address(address), 0)), behaviour_(std::move(behaviour)) {
  asio::co_spawn(io, accept(), asio::detached);
}

asio::awaitable<void> Peer::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (error) co_return;
    ++accepted_;
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, behaviour_(std::move(socket)), asio::detached);
  }
}

TlsServer::TlsServer(const std::vector<CertificateChain>& chains, Script before_tls)
    : chains_(chains), before_tls_(std::move(before_tls)) {}

void TlsServer::serve(const std::vector<CertificateChain>& chains) { chains_ = chains; }

Peer::Behaviour TlsServer::behaviour() {
  return [this](tcp::socket socket) { return shake_hands(std::move(socket)); };
}

asio::awaitable<void> TlsServer::shake_hands(tcp::socket socket) {
  most_at_once_ = std::max(most_at_once_, ++at_once_);
  asio::ssl::context context(asio::ssl::context::tls_server);
  SSL_CTX_set_max_proto_version(context.native_handle(), max_version_);
  SSL_CTX_set_security_level(context.native_handle(), security_level_);
  SSL_CTX_callback_ctrl(context.native_handle(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&note_name));
  SSL_CTX_ctrl(context.native_handle(), SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, &names_asked_);
  for (const auto& chain : chains_) use_chain(context.native_handle(), chain);
  if (co_await perform(socket, before_tls_)) {
    asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
    co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
  }
  --at_once_;
}

}  // namespace tlsa_update::probe::test
