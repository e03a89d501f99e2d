#include "server_reader.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "gather.hpp"
#include "rrsig.hpp"
#include "tlsa_answer.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;

constexpr std::size_t owners_at_once = 256;

}  // namespace

asio::awaitable<void> ServerReader::read() {
  auto server = exchange(Transport::tcp);
  auto apex = co_await reach(server);
  // A server that restarts is soon there again: three tries, over the whole of the time.
  const auto pause = census_.options.patience / 2;
  for (int tries = 1; !apex && apex.error().code == ErrorCode::no_answer && tries < 3; ++tries) {
    if (pause.count() == 0) break;
    asio::steady_timer timer(executor_, pause);
    co_await timer.async_wait(asio::use_awaitable);
    apex = co_await reach(server);
  }
  if (!apex) {
    note_trouble({}, apex.error());
    co_return;
  }
  take_apex(*std::move(apex));
  const std::vector<Name> owners(census_.owners.begin(), census_.owners.end());
  view_.rrsets.resize(owners.size());
  const auto ask = [&](std::size_t i) -> asio::awaitable<void> {
    auto served = co_await ask_owner(server, owners[i]);
    if (served)
      view_.rrsets[i] = std::move(*served);
    else
      note_trouble(owners[i].text() + ": ", served.error());
  };
  co_await gather(owners.size(), owners_at_once, ask);
  // What did not answer every question has not been read.
  view_.reachable = view_.trouble.empty();
  if (!view_.reachable) view_.rrsets.clear();
}

asio::awaitable<Result<ServerReader::ApexAnswer>> ServerReader::reach(Exchange& server) const {
  server = exchange(Transport::tcp);
  auto apex = co_await ask_apex(server);
  if (!apex && apex.error().code == ErrorCode::no_answer) {
    // Every name server must do TCP (RFC 7766 section 5), but resolvers get by on UDP where one does not.
    server = exchange(Transport::udp);
    if (auto over_udp = co_await ask_apex(server)) apex = std::move(over_udp);
  }
  co_return apex;
}

Exchange ServerReader::exchange(Transport transport) const {
  ExchangeOptions options;
  options.server = *parse_server(view_.address);
  options.transport = transport;
  options.timeout = census_.options.timeout;
  options.retries = transport == Transport::tcp ? census_.options.retries : 0;
  options.log = census_.options.log;
  return {executor_, std::move(options)};
}

void ServerReader::note_trouble(const std::string& about, Error error) {
  view_.advice = std::exchange(error.advice, {});
  view_.trouble = about + error.text();
}

void ServerReader::take_apex(ApexAnswer apex) {
  view_.serial = apex.serial;
  if (!apex.keys) return;
  std::vector<Record> signatures;
  for (auto& record : *apex.keys) {
    if (record.owner != census_.apex) continue;
    if (record.type == type::dnskey) own_keys_.push_back(record);
    if (record.type == type::rrsig) signatures.push_back(record);
  }
  view_.is_signed = !own_keys_.empty();
  if (*view_.is_signed)
    view_.key_fault = signature_fault(own_keys_, signatures, own_keys_, census_.apex, census_.options.now);
}

// One after the other, as BIND answers two small questions at once later (see inquiry.cpp).
asio::awaitable<Result<ServerReader::ApexAnswer>> ServerReader::ask_apex(Exchange& server) const {
  const auto serial = co_await ask_serial(server);
  if (!serial) co_return tl::unexpected<Error>(serial.error());
  auto keys = co_await server.query(Question(census_.apex, type::dnskey));
  const bool is_told = keys && keys->rcode == rcode::noerror && keys->authoritative;
  if (!is_told) co_return ApexAnswer{*serial, std::nullopt};
  co_return ApexAnswer{*serial, std::move(keys->answer)};
}

asio::awaitable<Result<std::uint32_t>> ServerReader::ask_serial(Exchange& server) const {
  const auto answer = co_await server.query(Question(census_.apex, type::soa));
  if (!answer) co_return tl::unexpected<Error>(answer.error());
  if (answer->rcode != rcode::noerror || !answer->authoritative)
    co_return fail(ErrorCode::refused,
                   "it does not serve the zone: " +
                       (answer->rcode != rcode::noerror ? rcode_text(answer->rcode) : "not authoritative"),
                   view_.address);
  for (const auto& record : answer->answer) {
    if (record.type != type::soa || record.owner != census_.apex) continue;
    const auto soa = soa_of(record);
    if (!soa) co_return tl::unexpected<Error>(soa.error());
    co_return soa->serial;
  }
  co_return fail(ErrorCode::protocol, "it answers without the zone's SOA", view_.address);
}

asio::awaitable<Result<ServedRrset>> ServerReader::ask_owner(Exchange& server, const Name& owner) const {
  const auto message = co_await server.query(Question(owner, type::tlsa));
  if (!message) co_return tl::unexpected<Error>(message.error());
  const auto answer = read_tlsa_answer(*message, owner, view_.address);
  if (!answer) co_return tl::unexpected<Error>(answer.error());
  ServedRrset served;
  served.owner = owner;
  if (answer->kind != TlsaAnswer::Kind::data) co_return served;
  // RFC 4035 section 5.3.4: fewer labels mean that a wildcard answered, not the owner.
  if (answer->signed_labels && !is_own(owner, *answer->signed_labels)) {
    served.wildcard_answer = answer->rrset;
    co_return served;
  }
  served.rrset = answer->rrset;
  served.has_rrsig = answer->has_rrsig;
  if (answer->has_rrsig && !keys().empty()) {
    served.rrsig_fault = fault_in(*message, owner);
    served.rrsig_valid = !served.rrsig_fault;
  }
  co_return served;
}

std::optional<SignatureFault> ServerReader::fault_in(const Message& message, const Name& owner) const {
  return signature_fault(records_at(message.answer, owner, type::tlsa),
                         records_at(message.answer, owner, type::rrsig), keys(), census_.apex,
                         census_.options.now);
}

}  // namespace tlsa_update::dns
