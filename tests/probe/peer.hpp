// The other side of a probe, inside the test's own io_context: servers that behave and servers that do not,
// on loopback ports that the kernel gives.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/certificates.hpp"

namespace tlsa_update::probe::test {

using boost::asio::ip::tcp;
using CertificateChain = std::vector<tlsa_update::test::Issued>;  // leaf first, with the leaf's key

// Accepts for as long as it lives, and hands each connection to `behaviour`. What a connection needs must
// live in the behaviour's coroutine: it may go on when the test and its objects are gone.
class Peer {
 public:
  using Behaviour = std::function<boost::asio::awaitable<void>(tcp::socket)>;

  Peer(boost::asio::io_context& io, Behaviour behaviour, const std::string& address = "127.0.0.1");
  ~Peer();
  [[nodiscard]] tcp::endpoint endpoint() const;
  [[nodiscard]] int accepted() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Says the first line, and each next one when it has heard a line.
using Script = std::vector<std::string>;

// A TLS server with up to one chain of each kind of key.
class TlsServer {
 public:
  explicit TlsServer(const std::vector<CertificateChain>& chains, Script before_tls = {});

  void serve(const std::vector<CertificateChain>& chains);  // from the next connection on
  void speak_at_most(int version);
  void allow_weak_keys();
  void demand_certificates();  // of clients
  // What clients said inside TLS, with "." at the end of those that went properly.
  [[nodiscard]] const std::vector<std::string>& farewells() const;
  [[nodiscard]] Peer::Behaviour behaviour();

  [[nodiscard]] const std::vector<std::string>& names_asked() const;  // SNI; "" none
  [[nodiscard]] int most_at_once() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Runs `io` until the coroutine has returned, and gives back what it returned.
template <class T>
T result_of(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine);

}  // namespace tlsa_update::probe::test

#include <boost/asio/co_spawn.hpp>
#include <optional>

template <class T>
T tlsa_update::probe::test::result_of(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(coroutine), [&](const std::exception_ptr& failure, T value) {
    if (failure) std::rethrow_exception(failure);
    result.emplace(std::move(value));
  });
  io.restart();
  while (!result) io.run_one();
  return std::move(*result);
}
