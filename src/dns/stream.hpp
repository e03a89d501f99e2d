// A connection that carries octets in order: TCP, or TLS over it (RFC 7858). Has no deadlines of its own:
// whoever uses it closes it, which ends whatever runs. Nothing is read ahead of what is asked for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <span>

#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct Endpoint {
  boost::asio::ip::address address;
  std::uint16_t port = 53;
  [[nodiscard]] std::string text() const;  // "192.0.2.1@53"
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Error no_answer: refused, unreachable. Error protocol: the TLS peer is not the one that was asked for.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> connect(const Endpoint& peer) = 0;
  // Octets read, never 0. Error no_answer: closed or broken.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::size_t>> read_some(
      std::span<std::uint8_t> room) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> write(ByteView octets) = 0;
  virtual void close() noexcept = 0;
  // Asked before an idle connection is used again: has the peer closed it meanwhile?
  [[nodiscard]] virtual bool peer_has_closed() noexcept = 0;
};

[[nodiscard]] std::unique_ptr<Stream> make_tcp_stream(const boost::asio::any_io_executor& executor);

// `must_negotiate`: RFC 9103 section 7 requires ALPN "dot" for transfers, RFC 7858 knew none.
[[nodiscard]] std::unique_ptr<Stream> make_tls_stream(const boost::asio::any_io_executor& executor,
                                                      const TlsOptions& options, const std::string& host,
                                                      bool must_negotiate);

}  // namespace tlsa_update::dns
