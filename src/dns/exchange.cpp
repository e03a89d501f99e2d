#include "tlsa_update/dns/exchange.hpp"

#include <algorithm>
#include <utility>

#include "datagram.hpp"
#include "exchange_state.hpp"
#include "lookup.hpp"
#include "random.hpp"
#include "tlsa_answer.hpp"
#include "transfer.hpp"
#include "troubles.hpp"

namespace tlsa_update::dns {
namespace {

bool is_unexplained_refusal(const Judgement& judgement) {
  return !judgement.certain && (judgement.rcode == rcode::refused || judgement.rcode == rcode::notauth);
}

// The zone that an authoritative answer to a question for its SOA at `name` is of.
std::optional<Name> zone_in(const Message& message, const Name& name) {
  if (!message.authoritative) return std::nullopt;
  for (const auto& record : message.answer) {
    if (record.type == type::soa && record.owner == name) return name;
  }
  return zone_of_negative(message, name);
}

}  // namespace

Exchange::State::State(asio::any_io_executor where, ExchangeOptions how)
    : executor(std::move(where)),
      options(std::move(how)),
      lookup(executor, 1),
      sockets(executor, datagrams_at_once) {
  if (const auto literal = literal_endpoint(options.server)) endpoints = {*literal};
}

Exchange::State::~State() {
  if (pipeline) pipeline->close();
}

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
    asked.is_key_known = verified.contains(to.address);
    return make_attempt(std::move(asked), request.encode(id, request.asked.edns));
  };
  Carried carried;
  if (request.over_tcp) {
    carried = co_await connection_to(to)->carry(std::move(make));
  } else {
    const auto place = co_await sockets.enter();
    carried = co_await carry_datagram(to, std::move(make), patience());
  }
  if (request.asked.key && carried.judgement && carried.judgement->kind == Judgement::Kind::answer)
    verified.insert(to.address);
  co_return carried;
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
  if (auto found = co_await find_endpoints(); !found)
    co_return tl::unexpected<Error>(explained(found.error()));
  Request request = query_request(question, flags);
  Troubles troubles;
  for (std::size_t tried = 0; tried < tries();) {
    const Endpoint to = endpoint();
    Carried carried = co_await carry(request, to);
    auto& judgement = carried.judgement;
    if (judgement && judgement->kind == Judgement::Kind::answer) co_return std::move(*judgement->message);
    if (judgement && judgement->kind == Judgement::Kind::bad) {
      auto error = co_await reason_of(*judgement, question.name);
      co_return tl::unexpected<Error>(std::move(error));
    }
    if (judgement && judgement->kind == Judgement::Kind::truncated) {
      request.over_tcp = true;  // RFC 7766 section 5; not a try
    } else if (judgement && judgement->kind == Judgement::Kind::no_edns) {
      request.asked.edns = false;  // RFC 6891 section 6.2.2; not a try either, and once only
    } else if (!judgement && carried.progressed) {
      log(to.text() + ": " + carried.trouble.what + "; asking again on a new connection");  // RFC 7766 6.2.4
    } else {
      const Error trouble = judgement ? *judgement->error : carried.trouble;
      // Another address does not help against a bad CA file or a peer that cannot be trusted.
      if (trouble.code != ErrorCode::no_answer && !carried.sent) co_return at(to, trouble);
      troubles.add(to.text(), trouble);
      log(to.text() + ": " + trouble.what);
      leave(to);
      ++tried;
    }
  }
  co_return tl::unexpected<Error>(explained(troubles.fold(options.server)));
}

// What a bad answer to a query for `name` means, and what the server says of it to somebody without a key
// when it refuses ours without a reason: that is known to be no matter of the zone then.
asio::awaitable<Error> Exchange::State::reason_of(const Judgement& bad, Name name) {
  Error error = *bad.error;
  if (is_unexplained_refusal(bad)) {
    Request request = query_request({name, type::soa}, {});
    request.asked.key = nullptr;
    const auto carried = co_await carry(request, endpoint());
    const bool is_answered = carried.judgement && carried.judgement->kind == Judgement::Kind::answer;
    const auto zone = is_answered ? zone_in(*carried.judgement->message, name) : std::nullopt;
    if (zone) error.advice += "; without a key the server answers for this name, of zone " + zone->text();
  }
  co_return explained(std::move(error));
}

Error Exchange::State::explained(Error error) const {
  const bool may_be_another = error.code == ErrorCode::no_answer || error.code == ErrorCode::refused;
  if (may_be_another && !options.origin.empty())
    error.advice += (error.advice.empty() ? "" : "; ") + options.origin;
  return error;
}

asio::awaitable<Result<void>> Exchange::State::transfer(Name zone, TransferBegin begin,
                                                        TransferMessage message) {
  const auto self = shared_from_this();
  if (auto found = co_await find_endpoints(); !found)
    co_return tl::unexpected<Error>(explained(found.error()));
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
    if (carried.started || trouble.code != ErrorCode::no_answer) co_return at(to, explained(trouble));
    troubles.add(to.text(), trouble);
    leave(to);
  }
  co_return tl::unexpected<Error>(explained(troubles.fold(options.server)));
}

Exchange::Exchange(asio::any_io_executor executor, ExchangeOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {}
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;
Exchange& Exchange::operator=(Exchange&&) noexcept = default;

asio::awaitable<Result<Message>> Exchange::query(Question question, QueryFlags flags) {
  return state_->query(std::move(question), flags);
}

asio::awaitable<Result<void>> Exchange::transfer(Name zone, TransferBegin begin, TransferMessage message) {
  return state_->transfer(std::move(zone), std::move(begin), std::move(message));
}

std::string Exchange::address() const {
  return state_->endpoints.empty() ? state_->options.server.text() : state_->endpoint().text();
}

bool Exchange::has_verified() const {
  return !state_->endpoints.empty() && state_->verified.contains(state_->endpoint().address);
}

const ExchangeOptions& Exchange::options() const { return state_->options; }

}  // namespace tlsa_update::dns
