// A name server that says exactly what a test wants it to say, on loopback, over UDP and TCP at one ephemeral
// port, in the test's own io_context: no threads, no sleeping. For each request the script returns acts:
// messages, raw octets, a close, or nothing at all. What was asked, and on which connection, is kept for the
// test to compare.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/records.hpp"
#include "tlsa_update/dns/exchange.hpp"
#include "tlsa_update/dns/message.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns::test {

struct Received {
  Bytes wire;       // as it came, with its TSIG
  Message message;  // parsed; TSIG and OPT are not in `additional`
  bool udp = false;
  std::size_t connection = 0;  // 1 for the first TCP connection; 0 for UDP
  std::uint16_t port = 0;      // of the client
  std::size_t number = 0;      // 1 for the first request of all
};

struct Act {
  enum class Kind {
    message,   // with its length in front on TCP, a datagram on UDP
    octets,    // as they are; several acts of one reply go out in one segment
    bytewise,  // a message, one octet a write
    later,     // the rest of the acts only after the next request (out of order)
    close,     // the connection
  } kind = Kind::message;
  Bytes bytes;
};
using Reply = std::vector<Act>;
using Script = std::function<Reply(const Received&)>;

[[nodiscard]] inline Reply silence() { return {}; }
[[nodiscard]] inline Reply say(Bytes message) { return {{Act::Kind::message, std::move(message)}}; }
[[nodiscard]] Bytes framed(const Bytes& message);  // with its length in front

// A message to octets: names uncompressed, counts as they are in `message`.
[[nodiscard]] Bytes encode(const Message& message);

// The answer to a request: its ID, opcode and question, QR and AA set.
[[nodiscard]] Message answer_to(const Received& request, std::uint16_t rcode = rcode::noerror,
                                std::vector<Record> answer = {});

// The MAC in a request that was signed with `key`.
[[nodiscard]] Bytes mac_of(const Received& request, const TsigKey& key);
// The answer signed as RFC 8945 section 5.3 says; `now` is the server's clock.
[[nodiscard]] Bytes signed_answer(const Received& request, const Message& answer, const TsigKey& key,
                                  std::uint64_t now);
// A TSIG error as servers report it: unsigned (RFC 8945 section 5.3.2).
[[nodiscard]] Bytes tsig_error_answer(const Received& request, const TsigKey& key, std::uint16_t tsig_error,
                                      std::uint16_t rcode = rcode::notauth);

[[nodiscard]] std::shared_ptr<const TsigKey> key(const std::string& name = "update.example",
                                                 TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256,
                                                 std::uint8_t seed = 1);

class ScriptedServer {
 public:
  ScriptedServer(boost::asio::io_context& io, Script script, const std::string& address = "127.0.0.1",
                 std::uint16_t port = 0);
  ~ScriptedServer();
  [[nodiscard]] ServerName name() const;  // for ExchangeOptions::server
  [[nodiscard]] const std::vector<Received>& requests() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t left() const;  // connections that the client has closed
  void stop_listening();                   // connections stay, new ones are refused
  void drop_connections();                 // the server closes them all, as when idle

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A deadline for thousands of messages, also in the slow motion of a sanitizer.
inline constexpr std::chrono::seconds long_enough{60};

// Runs one conversation to its end. Fails the test after `limit`, which no test may need.
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> conversation,
      std::chrono::seconds limit = 2 * long_enough);

}  // namespace tlsa_update::dns::test

#include "scripted_server_run.hpp"
