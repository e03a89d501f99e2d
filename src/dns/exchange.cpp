#include "tlsa_update/dns/exchange.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <set>
#include <utility>

#include "datagram.hpp"
#include "gate.hpp"
#include "lookup.hpp"
#include "pipeline.hpp"
#include "random.hpp"
#include "transfer.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
using Kind = Judgement::Kind;
using Outcome = UpdateOutcome::Kind;

constexpr std::size_t datagrams_at_once = 64;      // sockets
constexpr std::size_t plain_datagram_limit = 512;  // RFC 2136 section 2.1: UPDATE carries no EDNS

// Why each address was of no use, in the order they were tried; the last reason of each.
class Troubles {
 public:
  void add(const std::string& address, const Error& error) {
    const auto known =
        std::find_if(list_.begin(), list_.end(), [&](auto& entry) { return entry.first == address; });
    if (known == list_.end())
      list_.emplace_back(address, error);
    else
      known->second = error;
  }

  // "192.0.2.1@53: connection refused; 192.0.2.2@53: SERVFAIL"
  [[nodiscard]] Error fold(const ServerName& server) const {
    Error all{ErrorCode::no_answer, {}, {}, {}};
    for (const auto& [address, error] : list_) {
      if (!all.what.empty()) all.what += "; ";
      all.what += (list_.size() > 1 ? address + ": " : "") + error.what;
      all.code = more_severe(all.code, error.code);
      if (all.advice.empty()) all.advice = error.advice;
    }
    all.where = list_.size() == 1 ? list_.front().first : server.text();
    return all;
  }

 private:
  std::vector<std::pair<std::string, Error>> list_;
};

tl::unexpected<Error> at(const Endpoint& where, Error error) {
  if (error.where.empty()) error.where = where.text();
  return tl::unexpected<Error>(std::move(error));
}

// "TLSA at _25._tcp.mx.example. and 2 more"
std::string wish_of(const Update& update) {
  if (update.changes.empty()) return "nothing";
  std::string wish = "TLSA at " + update.changes.front().owner.text();
  if (update.changes.size() > 1) wish += " and " + std::to_string(update.changes.size() - 1) + " more";
  return wish;
}

// RFC 2136 section 4.6: with no connection, SERVFAIL and NOTIMP another address may do better.
bool is_for_another_address(const Carried& carried) {
  if (!carried.judgement) return !carried.sent && carried.trouble.code == ErrorCode::no_answer;
  return carried.judgement->kind == Kind::servfail || carried.judgement->rcode == rcode::notimp;
}

// Only what is signed proves what became of an UPDATE. An unsigned refusal is told, but it is no proof that
// nothing was done; an unsigned success is told to nobody.
UpdateOutcome outcome_of(const Judgement& judgement) {
  if (judgement.kind == Kind::answer)
    return {judgement.message->rcode == rcode::noerror ? Outcome::done : Outcome::prerequisite_failed, {}};
  if (!judgement.certain) return {Outcome::unknown, judgement.error};
  return {judgement.rcode == rcode::refused ? Outcome::denied : Outcome::refused, judgement.error};
}

}  // namespace

struct Exchange::State : std::enable_shared_from_this<Exchange::State> {
  State(asio::any_io_executor where, ExchangeOptions how)
      : executor(std::move(where)),
        options(std::move(how)),
        lookup(executor, 1),
        sockets(executor, datagrams_at_once) {
    if (const auto literal = literal_endpoint(options.server)) endpoints = {*literal};
  }
  ~State() {
    if (pipeline) pipeline->close();
  }

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
  [[nodiscard]] Request update_request(const Update& change, Bytes encoded);
  asio::awaitable<Result<Message>> query(Question question, QueryFlags flags);
  asio::awaitable<UpdateOutcome> update(Update change);
  asio::awaitable<UpdateOutcome> offer(const Request& request);
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
};

asio::awaitable<Result<void>> Exchange::State::find_endpoints() {
  const auto alone = co_await lookup.enter();
  if (!endpoints.empty()) co_return Result<void>{};
  const auto found = co_await look_up_server();
  if (!found) co_return tl::unexpected<Error>(found.error());
  for (const auto& address : found->addresses) endpoints.push_back({address, options.server.port});
  co_return Result<void>{};
}

// A function of its own, because GCC 12 destroys what a co_await in a conditional expression gives twice.
asio::awaitable<Result<HostAddresses>> Exchange::State::look_up_server() const {
  if (options.look_up) return options.look_up(options.server.host);
  return ask_system(options.server.host, options.timeout);
}

std::unique_ptr<Stream> Exchange::State::make_stream(bool for_transfer) const {
  if (options.transport == Transport::tls)
    return make_tls_stream(executor, options.tls, options.server.host, for_transfer);
  return make_tcp_stream(executor);
}

std::shared_ptr<Pipeline> Exchange::State::connection_to(const Endpoint& to) {
  if (!pipeline || pipeline->is_spent() || pipeline_peer.address != to.address) {
    if (pipeline && pipeline->is_spent()) pipeline->close();
    pipeline = std::make_shared<Pipeline>(executor, make_stream(false), to, patience());
    pipeline_peer = to;
    log("connecting to " + to.text());
  }
  return pipeline;
}

Attempt Exchange::State::make_attempt(Asked asked, Bytes wire) {
  if (asked.key) {
    Signed fresh = sign(wire, *asked.key, now());
    wire = std::move(fresh.wire);
    asked.mac = std::move(fresh.mac);
  }
  return {std::move(asked), std::move(wire), options.log};
}

asio::awaitable<Carried> Exchange::State::carry(const Request& request, Endpoint to) {
  MakeAttempt make = [this, &request, &to](std::uint16_t id) {
    Asked asked = request.asked;
    asked.id = id;
    asked.over_udp = !request.over_tcp;
    asked.server = to.text();
    return make_attempt(std::move(asked), request.encode(id, request.asked.edns));
  };
  if (request.over_tcp) co_return co_await connection_to(to)->carry(std::move(make));
  const auto place = co_await sockets.enter();
  co_return co_await carry_datagram(to, std::move(make), patience());
}

Exchange::State::Request Exchange::State::query_request(const Question& question, QueryFlags flags) const {
  Request request;
  request.over_tcp = options.transport != Transport::udp;
  request.asked.question = question;
  request.asked.key = options.sign_queries ? options.key.get() : nullptr;
  request.asked.edns = flags.edns;
  request.asked.servfail_is_an_answer = options.servfail_is_an_answer;
  request.encode = [question, flags](std::uint16_t id, bool edns) mutable {
    flags.edns = edns;
    return make_query(id, question, flags);
  };
  return request;
}

asio::awaitable<Result<Message>> Exchange::State::query(Question question, QueryFlags flags) {
  const auto self = shared_from_this();
  if (auto found = co_await find_endpoints(); !found) co_return tl::unexpected<Error>(found.error());
  Request request = query_request(question, flags);
  Troubles troubles;
  for (std::size_t tried = 0; tried < tries();) {
    const Endpoint to = endpoint();
    Carried carried = co_await carry(request, to);
    auto& judgement = carried.judgement;
    if (judgement && judgement->kind == Kind::answer) co_return std::move(*judgement->message);
    if (judgement && judgement->kind == Kind::bad) co_return tl::unexpected<Error>(*judgement->error);
    if (judgement && judgement->kind == Kind::truncated) {
      request.over_tcp = true;  // RFC 7766 section 5; not a try
    } else if (judgement && judgement->kind == Kind::no_edns) {
      request.asked.edns = false;  // RFC 6891 section 6.2.2; not a try either, and once only
    } else if (!judgement && carried.progressed) {
      log(to.text() + ": " + carried.trouble.what + "; asking again on a new connection");  // RFC 7766 6.2.4
    } else {
      const Error trouble = judgement ? *judgement->error : carried.trouble;
      // Another address will not mend a CA file or a peer that is not to be trusted.
      if (trouble.code != ErrorCode::no_answer && !carried.sent) co_return at(to, trouble);
      troubles.add(to.text(), trouble);
      log(to.text() + ": " + trouble.what);
      leave(to);
      ++tried;
    }
  }
  co_return tl::unexpected<Error>(troubles.fold(options.server));
}

Exchange::State::Request Exchange::State::update_request(const Update& change, Bytes encoded) {
  Request request;
  request.asked.opcode = opcode::update;
  request.asked.question = {change.zone, type::soa};
  request.asked.key = options.key.get();
  request.asked.wish = wish_of(change);
  request.over_tcp = options.transport != Transport::udp ||
                     sign(encoded, *options.key, now()).wire.size() > plain_datagram_limit;
  request.encode = [wire = std::move(encoded)](std::uint16_t id, bool) mutable {
    wire[0] = static_cast<std::uint8_t>(id >> 8);
    wire[1] = static_cast<std::uint8_t>(id & 255);
    return wire;
  };
  return request;
}

asio::awaitable<UpdateOutcome> Exchange::State::update(Update change) {
  const auto self = shared_from_this();
  const auto refuse = [](Error error) { return UpdateOutcome{Outcome::refused, std::move(error)}; };
  // RFC 3007 section 2: an UPDATE that nobody has signed is not for us to send.
  if (!options.key)
    co_return refuse(
        {ErrorCode::usage, "an UPDATE needs a TSIG key", options.server.text(), "give --key-file"});
  auto encoded = make_update(0, change);
  if (!encoded) co_return refuse(encoded.error());
  if (auto found = co_await find_endpoints(); !found) co_return refuse(found.error());
  co_return co_await offer(update_request(change, std::move(*encoded)));
}

// To one address after the other, as long as none has taken it or said a final word.
asio::awaitable<UpdateOutcome> Exchange::State::offer(const Request& request) {
  Troubles troubles;
  std::set<asio::ip::address> declined;  // these have answered, and are not asked again
  bool all_certain = true;
  for (std::size_t tried = 0; tried < tries() && declined.size() < endpoints.size(); ++tried) {
    const Endpoint to = endpoint();
    if (declined.contains(to.address)) {
      leave(to);
      continue;
    }
    const Carried carried = co_await carry_update(request, to);
    const auto& judgement = carried.judgement;
    const Error trouble = judgement && judgement->error ? *judgement->error : carried.trouble;
    if (!is_for_another_address(carried)) {
      if (judgement) co_return outcome_of(*judgement);
      co_return UpdateOutcome{carried.sent ? Outcome::unknown : Outcome::refused, at(to, trouble).value()};
    }
    if (judgement) {
      declined.insert(to.address);
      all_certain = all_certain && judgement->certain;
    }
    troubles.add(to.text(), trouble);
    log(to.text() + ": " + trouble.what);
    if (declined.size() < endpoints.size()) leave(to);
  }
  co_return UpdateOutcome{all_certain ? Outcome::refused : Outcome::unknown, troubles.fold(options.server)};
}

// Knot gives SERVFAIL to all that it applies together with a bad one, so a signed one is tried once more.
// Every change carries its prerequisite, so a second time can do no harm (RFC 2136 section 5).
asio::awaitable<Carried> Exchange::State::carry_update(const Request& request, Endpoint to) {
  Carried carried = co_await carry(request, to);
  if (!carried.judgement || carried.judgement->kind != Kind::servfail || !carried.judgement->certain)
    co_return carried;
  log(to.text() + ": SERVFAIL to the UPDATE; sending it once more");
  co_await pause_briefly();
  co_return co_await carry(request, to);
}

asio::awaitable<void> Exchange::State::pause_briefly() const {
  asio::steady_timer timer(executor, std::chrono::milliseconds(50 + random_number() % 200));
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<Result<void>> Exchange::State::transfer(Name zone, TransferBegin begin,
                                                        TransferMessage message) {
  const auto self = shared_from_this();
  if (auto found = co_await find_endpoints(); !found) co_return found;
  Troubles troubles;
  for (std::size_t tried = 0; tried < tries(); ++tried) {
    const Endpoint to = endpoint();
    // RFC 5936 section 2.1: flags all zero. Signed whenever there is a key, and never sent again without
    // (2.1.5).
    const std::uint16_t id = random_number();
    Bytes wire = make_query(id, {zone, type::axfr}, {.dnssec_ok = false, .edns = false});
    Signed request{wire, {}};
    if (const auto* key = options.key_of_transfers()) request = sign(wire, *key, now());
    begin(id, std::move(request.mac));
    const auto carried =
        co_await carry_transfer(make_stream(true), to, request.wire, message, options.timeout);
    if (carried.result) co_return Result<void>{};
    const Error& trouble = carried.result.error();
    if (carried.started || trouble.code != ErrorCode::no_answer) co_return at(to, trouble);
    troubles.add(to.text(), trouble);
    leave(to);
  }
  co_return tl::unexpected<Error>(troubles.fold(options.server));
}

Exchange::Exchange(asio::any_io_executor executor, ExchangeOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {}
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;

asio::awaitable<Result<Message>> Exchange::query(Question question, QueryFlags flags) {
  return state_->query(std::move(question), flags);
}

asio::awaitable<UpdateOutcome> Exchange::update(Update update) { return state_->update(std::move(update)); }

asio::awaitable<Result<void>> Exchange::transfer(Name zone, TransferBegin begin, TransferMessage message) {
  return state_->transfer(std::move(zone), std::move(begin), std::move(message));
}

std::string Exchange::address() const {
  return state_->endpoints.empty() ? state_->options.server.text() : state_->endpoint().text();
}

const ExchangeOptions& Exchange::options() const { return state_->options; }

}  // namespace tlsa_update::dns
