// DNS over TLS (RFC 7858, RFC 9103): TLS 1.3, ALPN "dot", and a peer that is either certified for the name or
// address we asked for, or has one of the pinned keys. Whoever is not ends the handshake before a request is
// sent.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "socket_trouble.hpp"
#include "stream.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/freer.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

constexpr std::string_view alpn("\3dot", 4);

using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;

std::string printed(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// SSL_CTX_load_verify_file() does not see a certificate behind a byte-order mark.
bool load_authorities(SSL_CTX* context, const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  std::string text;
  std::array<char, 4096> chunk;
  for (int got = 1; file && (got = BIO_read(file.get(), chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<std::size_t>(got));
  const auto pem = without_byte_order_mark(text);
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  bool is_any = false;
  while (const X509Ptr certificate{PEM_read_bio_X509(memory.get(), nullptr, no_passphrase, nullptr)})
    is_any = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) == 1 || is_any;
  ERR_clear_error();  // the end of the file
  return is_any;
}

// Base64 of the SHA-256 of the SubjectPublicKeyInfo, as RFC 7858 section 4.2 pins it (RFC 7469 section 2.4).
std::string pin_of(X509* certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  unsigned char* spki = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
  if (length < 0) return {};
  const bool hashed =
      EVP_Digest(spki, static_cast<std::size_t>(length), digest.data(), &size, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(spki);
  if (!hashed) return {};
  std::string text(static_cast<std::size_t>(4 * ((size + 2) / 3)) + 1, '\0');
  text.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), digest.data(), static_cast<int>(size))));
  return text;
}

class TlsStream final : public Stream {
 public:
  TlsStream(const asio::any_io_executor& executor, TlsOptions options, std::string host, bool must_negotiate)
      : options_(std::move(options)),
        host_(options_.hostname.empty() ? std::move(host) : options_.hostname),
        must_negotiate_(must_negotiate),
        context_(ssl::context::tls_client),
        socket_(executor) {}

  asio::awaitable<Result<void>> connect(const Endpoint& peer) override {
    if (auto ready = prepare(); !ready) co_return ready;
    boost::system::error_code error;
    auto with_error = asio::redirect_error(asio::use_awaitable, error);
    co_await socket_.async_connect({peer.address, peer.port}, with_error);
    if (error) co_return tl::unexpected(unreached(error, peer.address));
    socket_.set_option(tcp::no_delay(true), error);
    stream_.emplace(socket_, context_);
    if (auto named = name_peer(); !named) co_return named;
    co_await stream_->async_handshake(ssl::stream_base::client, with_error);
    if (!untrusted_.empty())
      co_return fail(ErrorCode::protocol, "the TLS peer is not trusted: " + untrusted_);
    if (error == asio::error::operation_aborted) co_return fail_socket(error);
    if (error)
      co_return fail(ErrorCode::protocol, "the TLS handshake failed: " + error.message(), {},
                     "is that a DNS over TLS port, and does it do TLS 1.3?");
    co_return check_alpn();
  }

  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> room) override {
    boost::system::error_code error;
    const auto size = co_await stream_->async_read_some(asio::buffer(room.data(), room.size()),
                                                        asio::redirect_error(asio::use_awaitable, error));
    // A truncation attack is caught by what DNS messages say of their length and TSIG of their number.
    if (error == ssl::error::stream_truncated) error = asio::error::eof;
    if (error) co_return fail_socket(error);
    co_return size;
  }

  asio::awaitable<Result<void>> write(ByteView octets) override {
    boost::system::error_code error;
    co_await asio::async_write(*stream_, asio::buffer(octets.data(), octets.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail_socket(error);
    co_return Result<void>{};
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  // Behind the records of TLS an end cannot be seen without reading; what lies unread is a sign of it.
  bool peer_has_closed() noexcept override {
    boost::system::error_code error;
    return end_of_stream(socket_.native_handle()) || socket_.available(error) > 0;
  }

 private:
  Result<void> prepare() {
    SSL_CTX* context = context_.native_handle();
    SSL_CTX_set_min_proto_version(context,
                                  TLS1_3_VERSION);  // RFC 9103 section 7 for transfers; no less for the rest
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, verify_peer, this);
    if (!options_.pins.empty()) return {};
    const bool loaded = options_.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                                 : load_authorities(context, options_.ca_file);
    if (!loaded)
      return fail(ErrorCode::unreadable, "no CA certificates can be read from it", options_.ca_file);
    return {};
  }

  // RFC 8310 section 8.1: the reference identifier is the name that was configured, or the address.
  Result<void> name_peer() {
    SSL* tls = stream_->native_handle();
    boost::system::error_code error;
    asio::ip::make_address(host_, error);
    const std::string name = host_.ends_with('.') ? host_.substr(0, host_.size() - 1) : host_;
    bool named = false;
    if (error) {
      std::string indication = name;  // RFC 6066 section 3; a copy, as the macro casts away const
      named = SSL_set1_host(tls, name.c_str()) == 1 &&
              SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, indication.data()) == 1;
    } else {
      named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host_.c_str()) == 1;
    }
    if (!named) return fail(ErrorCode::usage, "not a name that a certificate can have", host_);
    return {};
  }

  Result<void> check_alpn() {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream_->native_handle(), &chosen, &size);
    if (must_negotiate_ && size == 0)
      return fail(ErrorCode::protocol,
                  "the TLS peer does not negotiate ALPN \"dot\", which a transfer needs");
    return {};
  }

  static int verify_peer(X509_STORE_CTX* store, void* self) {
    return static_cast<TlsStream*>(self)->accepts(store) ? 1 : 0;
  }

  bool accepts(X509_STORE_CTX* store) {
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    const std::string pin = pin_of(leaf);
    if (options_.pins.empty()) {
      if (X509_verify_cert(store) == 1) return true;
      untrusted_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
      untrusted_ += " for " + host_;
    } else {
      for (const auto& wanted : options_.pins)
        if (!pin.empty() && wanted == pin) return true;
      untrusted_ = "its key has none of the pins";
      X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    }
    untrusted_ += "; it presented " + printed(X509_get_subject_name(leaf)) + ", issued by " +
                  printed(X509_get_issuer_name(leaf)) + ", pin " + pin;
    return false;
  }

  TlsOptions options_;
  std::string host_;
  bool must_negotiate_;
  std::string untrusted_;  // why the peer was not accepted, and what it presented
  ssl::context context_;
  tcp::socket socket_;
  std::optional<ssl::stream<tcp::socket&>> stream_;
};

}  // namespace

std::unique_ptr<Stream> make_tls_stream(const asio::any_io_executor& executor, const TlsOptions& options,
                                        const std::string& host, bool must_negotiate) {
  return std::make_unique<TlsStream>(executor, options, host, must_negotiate);
}

}  // namespace tlsa_update::dns
