// Who serves a zone, found while it is read: each witness names servers, whoever is new is read at once, and
// nobody waits for the slowest witness.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server_reader.hpp"

namespace tlsa_update::dns {

class Survey {
 public:
  // All are borrowed.
  Survey(Exchange& primary, Resolver& resolver, const Census& census)
      : primary_(primary), resolver_(resolver), census_(census) {}

  // By the witnesses of the options.
  boost::asio::awaitable<void> by_ns();
  // By --nameserver: names are looked up as --server is.
  boost::asio::awaitable<void> by_option();

  [[nodiscard]] std::vector<ServerView> take();

 private:
  using Addresses = std::set<boost::asio::ip::address>;

  // One name, with all that is known of it.
  struct Host {
    std::map<boost::asio::ip::address, ServerView> at;
    bool is_named_by_primary = false;
    bool is_named_by_world = false;
    bool is_looked_up = false;
    bool is_whole = false;    // some witness knows all its addresses
    bool has_others = false;  // of a family that does not count
    bool has_too_many = false;
  };
  struct Delegation {
    std::set<Name> names;
    std::vector<Record> glue;
  };

  [[nodiscard]] bool asks_resolver() const { return census_.options.witnesses == ServerWitnesses::all; }
  [[nodiscard]] bool is_inside(const Name& host) const { return host.is_at_or_below(census_.apex); }

  boost::asio::awaitable<void> by_primary();
  boost::asio::awaitable<void> by_resolver();
  boost::asio::awaitable<void> by_parent();
  boost::asio::awaitable<void> ask_parents(std::vector<boost::asio::ip::address> parents);
  boost::asio::awaitable<Delegation> delegation_at(boost::asio::ip::address parent) const;
  boost::asio::awaitable<void> meet(std::set<Name> names, bool is_by_world);
  boost::asio::awaitable<void> look_up(Name host);
  boost::asio::awaitable<void> look_up_at_primary(Name host);
  boost::asio::awaitable<void> look_up_at_resolver(Name host);
  boost::asio::awaitable<void> read(Name host, Addresses addresses, bool is_by_world);
  void mark_named();
  void note(std::string name, std::string trouble);

  Exchange& primary_;
  Resolver& resolver_;
  const Census& census_;
  std::map<Name, Host> hosts_;
  std::vector<ServerView> others_;  // what has no address
};

}  // namespace tlsa_update::dns
