// UPDATEs of an Exchange (RFC 2136 sections 4 to 6): signed, to one address after the other, and what came of
// it.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "exchange_state.hpp"
#include "random.hpp"
#include "troubles.hpp"

namespace tlsa_update::dns {
namespace {

using Outcome = UpdateOutcome::Kind;

constexpr std::size_t plain_datagram_limit = 512;  // RFC 2136 section 2.1: UPDATE carries no EDNS

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
  return carried.judgement->kind == Judgement::Kind::servfail || carried.judgement->rcode == rcode::notimp;
}

// Only what is signed proves what became of an UPDATE. An unsigned refusal is reported, but it is no proof
// that nothing was done; an unsigned success is not reported.
UpdateOutcome outcome_of(const Judgement& judgement) {
  if (judgement.kind == Judgement::Kind::answer)
    return {judgement.message->rcode == rcode::noerror ? Outcome::done : Outcome::prerequisite_failed, {}};
  if (!judgement.certain) return {Outcome::unknown, judgement.error};
  return {judgement.rcode == rcode::refused ? Outcome::denied : Outcome::refused, judgement.error};
}

UpdateOutcome never_sent(Error error) { return {Outcome::refused, std::move(error)}; }

asio::awaitable<UpdateOutcome> no_key(ServerName server) {
  co_return never_sent({ErrorCode::usage, "an UPDATE needs a TSIG key", server.text(), "give --key-file"});
}

}  // namespace

Exchange::State::Request Exchange::State::update_request(const Update& change, const TsigKey* key,
                                                         Bytes encoded) {
  Request request;
  request.asked.opcode = opcode::update;
  request.asked.question = {change.zone, type::soa};
  request.asked.key = key;
  request.asked.wish = wish_of(change);
  const std::size_t size = key ? sign(encoded, *key, now()).wire.size() : encoded.size();
  request.over_tcp = options.transport != Transport::udp || size > plain_datagram_limit;
  request.encode = [wire = std::move(encoded)](std::uint16_t id, bool) mutable {
    wire[0] = static_cast<std::uint8_t>(id >> 8);
    wire[1] = static_cast<std::uint8_t>(id & 255);
    return wire;
  };
  return request;
}

asio::awaitable<UpdateOutcome> Exchange::State::update(Update change, const TsigKey* key) {
  const auto self = shared_from_this();
  auto encoded = make_update(0, change);
  if (!encoded) co_return never_sent(encoded.error());
  if (auto found = co_await find_endpoints(); !found) co_return never_sent(explained(found.error()));
  auto outcome = co_await offer(update_request(change, key, std::move(*encoded)));
  if (outcome.error) outcome.error = explained(std::move(*outcome.error));
  co_return outcome;
}

// To one address after the other, until one takes it or finally refuses.
asio::awaitable<UpdateOutcome> Exchange::State::offer(Request request) {
  Troubles troubles;
  std::set<asio::ip::address> declined;  // these have answered, and are not asked again
  bool all_certain = true, is_failed = false;
  for (std::size_t tried = 0; tried < tries() && declined.size() < endpoints.size(); ++tried) {
    const Endpoint to = endpoint();
    if (declined.contains(to.address)) {
      leave(to);
      continue;
    }
    const Carried carried = co_await offer_to(request, to);
    const auto& judgement = carried.judgement;
    const Error trouble = judgement && judgement->error ? *judgement->error : carried.trouble;
    if (!is_for_another_address(carried)) {
      if (judgement) co_return outcome_of(*judgement);
      co_return UpdateOutcome{carried.sent ? Outcome::unknown : Outcome::refused, at(to, trouble).value()};
    }
    if (judgement) {
      declined.insert(to.address);
      all_certain = all_certain && judgement->certain;
      is_failed = is_failed || judgement->kind == Judgement::Kind::servfail;
    }
    troubles.add(to.text(), trouble);
    log(to.text() + ": " + trouble.what);
    if (declined.size() < endpoints.size()) leave(to);
  }
  const auto end = is_failed ? Outcome::failed : Outcome::refused;
  co_return UpdateOutcome{all_certain ? end : Outcome::unknown, troubles.fold(options.server)};
}

// RFC 2181 section 9, RFC 8945 section 5.3: a truncated answer is ignored, and the request goes by TCP. If
// the first one was carried out, the prerequisites of the second fail, and reading back tells.
asio::awaitable<Carried> Exchange::State::offer_to(Request& request, Endpoint to) {
  Carried carried = co_await carry_update(request, to);
  if (!carried.judgement || carried.judgement->kind != Judgement::Kind::truncated) co_return carried;
  log(to.text() + ": the answer to the UPDATE is truncated; sending it by TCP");
  request.over_tcp = true;
  carried = co_await carry_update(request, to);
  carried.sent = true;
  co_return carried;
}

// Knot gives SERVFAIL to all that it applies together with a bad one, so a signed one is tried once more.
// Every change carries its prerequisite, so a second time can do no harm (RFC 2136 section 5).
asio::awaitable<Carried> Exchange::State::carry_update(const Request& request, Endpoint to) {
  Carried carried = co_await carry(request, to);
  if (!carried.judgement || carried.judgement->kind != Judgement::Kind::servfail ||
      !carried.judgement->certain)
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

asio::awaitable<UpdateOutcome> Exchange::update(Update update) {
  // RFC 3007 section 2: an UPDATE that nobody has signed is not for us to send.
  if (const auto* key = state_->options.key.get()) return state_->update(std::move(update), key);
  return no_key(state_->options.server);
}

asio::awaitable<UpdateOutcome> Exchange::update_unsigned(Update harmless) {
  return state_->update(std::move(harmless), nullptr);
}

}  // namespace tlsa_update::dns
