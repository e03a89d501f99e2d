// What all requests of one Exchange share: addresses, the connection, the key, and how a request is carried.
// Only exchange.cpp (queries, transfers) and update_exchange.cpp (UPDATEs) see it.
#pragma once

#include <map>
#include <set>

#include "gate.hpp"
#include "pipeline.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

namespace asio = boost::asio;

inline constexpr std::size_t datagrams_at_once = 64;  // sockets

struct Exchange::State : std::enable_shared_from_this<Exchange::State> {
  State(asio::any_io_executor where, ExchangeOptions how);
  ~State();

  // What all attempts of one request have in common.
  struct Request {
    Asked asked;
    std::function<Bytes(std::uint16_t id, bool edns)> encode;
    bool over_tcp = true;
  };

  asio::awaitable<Result<void>> find_endpoints();
  asio::awaitable<Result<HostAddresses>> look_up_server() const;
  asio::awaitable<Carried> carry(const Request& request, Endpoint to);
  [[nodiscard]] Request query_request(const Question& question, QueryFlags flags) const;
  asio::awaitable<Result<Message>> query(Question question, QueryFlags flags);
  asio::awaitable<Error> reason_of(const Judgement& bad, Name name);
  [[nodiscard]] Error explained(Error error) const;

  // `key`: none, unsigned.
  [[nodiscard]] Request update_request(const Update& change, const TsigKey* key, Bytes encoded);
  asio::awaitable<UpdateOutcome> update(Update change, const TsigKey* key);
  asio::awaitable<UpdateOutcome> offer(Request request);
  asio::awaitable<Carried> offer_to(Request& request, Endpoint to);
  asio::awaitable<Carried> carry_update(const Request& request, Endpoint to);
  asio::awaitable<void> pause_briefly() const;
  asio::awaitable<Result<void>> transfer(Name zone, TransferBegin begin, TransferMessage message);

  Attempt make_attempt(Asked asked, Bytes wire);
  std::shared_ptr<Pipeline> connection_to(const Endpoint& to);
  std::unique_ptr<Stream> make_stream(bool for_transfer) const;
  // Whoever is patient is so for a request, and every request holds this State.
  [[nodiscard]] Patience patience() {
    return {options.timeout, [this] { return now(); }};
  }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoints[current % endpoints.size()]; }
  // All requests in flight notice a failure of the same address; it is left once.
  void leave(const Endpoint& failed) {
    if (endpoint().address == failed.address) ++current;
  }
  [[nodiscard]] std::size_t tries() const {
    return endpoints.size() * static_cast<std::size_t>(std::max(options.retries, 0) + 1);
  }
  // RFC 8945 section 5.2.3: servers may cache the newest Time Signed and refuse older ones.
  std::uint64_t now() { return newest = std::max(newest, options.clock ? options.clock() : 0); }
  void log(const std::string& line) const {
    if (options.log) options.log(line);
  }

  asio::any_io_executor executor;
  ExchangeOptions options;
  Gate lookup, sockets;
  std::vector<Endpoint> endpoints;
  std::size_t current = 0;
  std::shared_ptr<Pipeline> pipeline;
  Endpoint pipeline_peer;
  std::uint64_t newest = 0;
  std::set<asio::ip::address> verified;  // addresses that have signed an answer with our key
};

}  // namespace tlsa_update::dns
