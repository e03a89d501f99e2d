// One address of one authoritative server, read over one connection: the zone's SOA and keys, then every
// owner at once. Says what it gives; what that means is not judged here.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/dns/propagation.hpp"

namespace tlsa_update::dns {

// What is asked of every server, and what their answers are compared with.
struct Census {
  Name apex;
  std::set<Name> owners;
  std::vector<Record> keys;  // DNSKEY of the apex at the primary; empty when unsigned there, or not readable
  PropagationOptions options;
};

class ServerReader {
 public:
  // `view` has name and address, and is filled in by read(). Both are borrowed.
  ServerReader(boost::asio::any_io_executor executor, const Census& census, ServerView& view)
      : executor_(std::move(executor)), census_(census), view_(view) {}

  boost::asio::awaitable<void> read();

 private:
  // What a server says of the whole zone.
  struct ApexAnswer {
    std::uint32_t serial = 0;
    std::optional<std::vector<Record>> keys;  // DNSKEY and what signs them; nothing if it did not answer
  };

  [[nodiscard]] Exchange exchange(Transport transport) const;
  // Over TCP, else UDP: `server` is then the one that answers.
  [[nodiscard]] boost::asio::awaitable<Result<ApexAnswer>> reach(Exchange& server) const;
  void note_trouble(const std::string& about, Error error);
  void take_apex(ApexAnswer apex);
  [[nodiscard]] boost::asio::awaitable<Result<ApexAnswer>> ask_apex(Exchange& server) const;
  [[nodiscard]] boost::asio::awaitable<Result<std::uint32_t>> ask_serial(Exchange& server) const;
  [[nodiscard]] boost::asio::awaitable<Result<ServedRrset>> ask_owner(Exchange& server,
                                                                      const Name& owner) const;
  // Behind an unsigned primary it is the server that knows the keys.
  [[nodiscard]] const std::vector<Record>& keys() const {
    return census_.keys.empty() ? own_keys_ : census_.keys;
  }
  [[nodiscard]] std::optional<SignatureFault> fault_in(const Message& message, const Name& owner) const;

  boost::asio::any_io_executor executor_;
  const Census& census_;
  ServerView& view_;
  std::vector<Record> own_keys_;  // DNSKEY
};

}  // namespace tlsa_update::dns
