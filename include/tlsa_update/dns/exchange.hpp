// One conversation with one server: requests go out signed, answers come back verified and matched by ID and
// question. TCP by default, one connection, pipelined; UDP on a connected socket with TC to TCP; TLS (RFC
// 7858, RFC 9103). Every await is under a deadline. What an answer means is for the caller to decide.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/family.hpp"
#include "tlsa_update/dns/message.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns {

enum class Transport { tcp, udp, tls };
[[nodiscard]] Result<Transport> parse_transport(std::string_view text);

// HOST[@PORT]; IPv6 literals need no brackets.
struct ServerName {
  std::string host;
  std::uint16_t port = 53;
  auto operator<=>(const ServerName&) const = default;
  [[nodiscard]] std::string text() const;  // "HOST@PORT"
};
[[nodiscard]] Result<ServerName> parse_server(std::string_view text, std::uint16_t default_port = 53);

// The addresses of a host.
struct HostAddresses {
  std::vector<boost::asio::ip::address> addresses;  // each once
  bool is_whole = true;                             // A and AAAA were both answered, or the one that counts
};

[[nodiscard]] bool belongs_to(Family family, const boost::asio::ip::address& address);

// From a host name to at least one address, under a deadline of its own. Error no_answer.
using LookUp = std::function<boost::asio::awaitable<Result<HostAddresses>>(std::string host)>;

struct TlsOptions {
  std::string ca_file;            // --tls-ca; empty: the system's
  std::string hostname;           // --tls-hostname; empty: the server's host
  std::vector<std::string> pins;  // --tls-pin: base64 SHA-256 of the SPKI; then no CA is asked
  auto operator<=>(const TlsOptions&) const = default;
};

struct ExchangeOptions {
  ServerName server;  // looked up when it is a name; addresses tried in turn
  LookUp look_up;     // none: the system's resolver
  Transport transport = Transport::tcp;
  TlsOptions tls;
  std::shared_ptr<const TsigKey> key;           // none: unsigned queries only
  std::shared_ptr<const TsigKey> transfer_key;  // --transfer-key-file: for AXFR; none: `key`
  bool sign_queries = true;                     // --no-sign-queries
  std::chrono::milliseconds timeout{5000};      // one exchange
  int retries = 2;                              // of every address, after the first try
  bool servfail_is_an_answer = false;           // of a resolver it may mean "bogus": no retry, no error
  std::string origin;                           // what to do if this is the wrong server; may be empty
  std::function<std::uint64_t()> clock;         // seconds since 1970, for TSIG
  std::function<void(const std::string&)> log;  // debug lines; may be empty

  [[nodiscard]] const TsigKey* key_of_transfers() const {
    return transfer_key ? transfer_key.get() : key.get();
  }
};

// An UPDATE that got no usable answer may have been applied, now or later: read back first.
struct UpdateOutcome {
  enum class Kind {
    done,                 // NOERROR, signed
    prerequisite_failed,  // NXRRSET, YXRRSET, NXDOMAIN, YXDOMAIN, signed
    denied,               // REFUSED, signed: the policy forbids one of its owners, or all
    failed,               // SERVFAIL, signed, twice: the server fails at one of its owners, or at all
    refused,              // any other RCODE or TSIG error, signed, or never sent: `error` tells
    unknown,              // no answer or none that counts: read back before deciding
  } kind = Kind::unknown;
  std::optional<Error> error;  // for denied, failed, refused and unknown
};

class Exchange {
 public:
  Exchange(boost::asio::any_io_executor executor, ExchangeOptions options);
  ~Exchange();
  Exchange(Exchange&&) noexcept;
  Exchange& operator=(Exchange&&) noexcept;

  // Any RCODE but SERVFAIL and FORMERR is an answer, for the caller to judge; SERVFAIL and silence are
  // retried. Errors: no_answer (each address with its reason), protocol (unsigned, bad MAC ...), refused
  // (BADKEY, BADSIG, BADTIME, unauthenticated REFUSED, NOTAUTH, NOTIMP). Callable many times at once
  // (pipelined).
  [[nodiscard]] boost::asio::awaitable<Result<Message>> query(Question question, QueryFlags flags = {});

  // Signed, and sent once: silence, a lost connection and answers that do not count leave it unknown. Only a
  // signed SERVFAIL is tried once more (Knot gives it to bystanders of a bad one), and SERVFAIL and NOTIMP go
  // on to the server's next address (RFC 2136 section 4.6), and a truncated answer leads from UDP to TCP (RFC
  // 2181 section 9). The prerequisites make all of these harmless.
  [[nodiscard]] boost::asio::awaitable<UpdateOutcome> update(Update update);

  // The one UPDATE that nobody signs: doctor asks with it whether the zone takes such. Precondition: it
  // changes nothing, whoever carries it out.
  [[nodiscard]] boost::asio::awaitable<UpdateOutcome> update_unsigned(Update harmless);

  // AXFR (RFC 5936) over a connection of its own, by TLS or TCP. `begin` gives the ID and the MAC of the
  // request (empty when unsigned), and may be called again when a connection brought nothing. Then each
  // message as it came, not verified (axfr_stream.hpp does that), valid during the call, the next one not
  // before it returned; true: the transfer is complete. Errors: those of `message` as they are; no_answer
  // (silence within one timeout between messages, no connection), protocol (the connection ends before the
  // transfer does).
  using TransferBegin = std::function<void(std::uint16_t id, Bytes request_mac)>;
  using TransferMessage = std::function<Result<bool>(ByteView message)>;
  [[nodiscard]] boost::asio::awaitable<Result<void>> transfer(Name zone, TransferBegin begin,
                                                              TransferMessage message);

  [[nodiscard]] std::string address() const;  // "192.0.2.1@53": the one in use, else the name
  // Has the address in use signed an answer with our key? Then name, secret, algorithm and clock are right.
  [[nodiscard]] bool has_verified() const;
  [[nodiscard]] const ExchangeOptions& options() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tlsa_update::dns
