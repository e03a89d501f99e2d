// One connection to one address: the dialogue before TLS, the handshake, and the farewell.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <optional>

#include "tls_client.hpp"

namespace tlsa_update::probe {

// What is asked, how far it got, what it brought.
struct Attempt {
  const ProbeRequest& request;
  boost::asio::ip::tcp::endpoint address;
  Kind kind;
  const char* phase = "connecting";
  bool is_rejected = false;   // by an alert that says: no common algorithm
  bool is_cut = false;        // the peer hung up without a word of TLS
  bool is_temporary = false;  // the peer was busy, or hung up before a word
  bool has_spoken = false;    // the peer has said something before TLS
  Presented presented{};

  Attempt(const ProbeRequest& asked, const SocketAddress& peer, Kind key);

  void breaks_off(const boost::system::error_code& error);
  void is_not_reached(const boost::system::error_code& error);
  void fails_in_tls(const boost::system::error_code& error);
  void runs_out_of_time();
};

// What all handshakes share. OpenSSL's is made for the first peer that agrees to TLS: it takes longer than to
// be refused by a closed port.
class Context {
 public:
  // A port of this machine that refused one connection refuses the next: thousands of names may lead there.
  [[nodiscard]] const Presented* refusal_at(const boost::asio::ip::tcp::endpoint& address) const {
    const auto known = closed_.find(address);
    return known == closed_.end() ? nullptr : &known->second;
  }
  void note_refusal(const boost::asio::ip::tcp::endpoint& address, const Presented& presented) {
    if (presented.is_closed) closed_.emplace(address, presented);
  }

  boost::asio::ssl::context& get() {
    if (!made_) made_.emplace(looking_context());
    return *made_;
  }

 private:
  std::optional<boost::asio::ssl::context> made_;
  std::map<boost::asio::ip::tcp::endpoint, Presented> closed_;
};

// Connects, and once more after a second where that may help: `attempt` is then what the second brought.
[[nodiscard]] boost::asio::awaitable<void> run(Context& context, Attempt& attempt);

}  // namespace tlsa_update::probe
