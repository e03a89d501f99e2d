#include "support/scripted_server.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace tlsa_update::dns::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value & 255));
}

void put(Bytes& out, ByteView octets) { out.insert(out.end(), octets.begin(), octets.end()); }

void put(Bytes& out, const Record& record) {
  put(out, record.owner.wire());
  put16(out, record.type);
  put16(out, record.rr_class);
  put16(out, record.ttl >> 16);
  put16(out, record.ttl & 0xFFFF);
  put16(out, record.rdata.size());
  put(out, record.rdata);
}

}  // namespace

Bytes framed(const Bytes& message) {
  Bytes out;
  put16(out, message.size());
  put(out, message);
  return out;
}

Bytes encode(const Message& message) {
  Bytes out;
  put16(out, message.id);
  put16(out, static_cast<std::size_t>(message.is_response << 15 | message.opcode << 11 |
                                      message.authoritative << 10 | message.truncated << 9 |
                                      message.recursion_available << 7 | message.authentic << 5 |
                                      (message.rcode & 15)));
  put16(out, message.questions.size());
  put16(out, message.answer.size());
  put16(out, message.authority.size());
  put16(out, message.additional.size() + (message.has_edns ? 1 : 0));
  for (const auto& question : message.questions) {
    put(out, question.name.wire());
    put16(out, question.type);
    put16(out, 1);
  }
  for (const auto* section : {&message.answer, &message.authority, &message.additional})
    for (const auto& entry : *section) put(out, entry);
  if (message.has_edns)
    put(out, Bytes{0, 0, 41, 4, 208, static_cast<std::uint8_t>(message.rcode >> 4), 0, 0, 0, 0, 0});
  return out;
}

Message answer_to(const Received& request, std::uint16_t rcode, std::vector<Record> answer) {
  Message message;
  message.id = request.message.id;
  message.opcode = request.message.opcode;
  message.rcode = rcode;
  message.is_response = true;
  message.authoritative = true;
  message.questions = request.message.questions;
  message.answer = std::move(answer);
  return message;
}

// RFC 8945 section 4.2: the RDATA ends with the MAC, Original ID, Error and an empty Other Data.
Bytes mac_of(const Received& request, const TsigKey& key) {
  const auto end = request.wire.end() - 6;
  return {end - static_cast<std::ptrdiff_t>(mac_size(key.algorithm)), end};
}

Bytes signed_answer(const Received& request, const Message& answer, const TsigKey& key, std::uint64_t now) {
  return sign(encode(answer), key, now, mac_of(request, key)).wire;
}

Bytes tsig_error_answer(const Received& request, const TsigKey& key, std::uint16_t tsig_error,
                        std::uint16_t rcode) {
  Record tsig{key.name, type::tsig, 255, 0, {}};
  put(tsig.rdata, wire_name(key.algorithm).wire());
  put(tsig.rdata, Bytes(6));  // Time Signed
  put16(tsig.rdata, tsig_fudge);
  put16(tsig.rdata, 0);  // no MAC
  put16(tsig.rdata, request.message.id);
  put16(tsig.rdata, tsig_error);
  put16(tsig.rdata, 0);
  Message answer = answer_to(request, rcode);
  answer.additional.push_back(std::move(tsig));
  return encode(answer);
}

std::shared_ptr<const TsigKey> key(const std::string& key_name, TsigAlgorithm algorithm, std::uint8_t seed) {
  return std::make_shared<TsigKey>(TsigKey{name(key_name), algorithm, Secret(Bytes(32, seed))});
}

struct ScriptedServer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Script what, const asio::ip::address& address, std::uint16_t port)
      : script(std::move(what)), acceptor(io, tcp::endpoint(address, port)), datagrams(io) {
    const udp::endpoint here(address, acceptor.local_endpoint().port());
    datagrams.open(here.protocol());
    datagrams.bind(here);
    where = {here.address().to_string(), here.port()};
  }

  // Nothing when the request cannot be parsed: a client of ours sent rubbish.
  std::optional<Received> note(ByteView wire, std::size_t connection, std::uint16_t port) {
    auto message = parse_message(wire);
    if (!message) return std::nullopt;
    requests.push_back({{wire.begin(), wire.end()},
                        std::move(*message),
                        connection == 0,
                        connection,
                        port,
                        requests.size() + 1});
    return requests.back();
  }

  static asio::awaitable<void> accept(std::shared_ptr<State> self) {
    boost::system::error_code error;
    while (!error) {
      auto socket = std::make_shared<tcp::socket>(
          co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error)));
      if (error) break;
      socket->set_option(tcp::no_delay(true), error);  // as name servers do
      self->sockets.push_back(socket);
      asio::co_spawn(socket->get_executor(), serve(self, socket, self->sockets.size()), asio::detached);
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<State> self, std::shared_ptr<tcp::socket> socket,
                                     std::size_t connection) {
    boost::system::error_code error;
    auto with_error = asio::redirect_error(asio::use_awaitable, error);
    const auto port = socket->remote_endpoint(error).port();
    Reply due;  // acts put off until the next request
    for (;;) {
      std::array<std::uint8_t, 2> length{};
      co_await asio::async_read(*socket, asio::buffer(length), with_error);
      if (error && error != asio::error::operation_aborted) ++self->left;
      if (error) co_return;
      Bytes wire(static_cast<std::size_t>(length[0] * 256 + length[1]));
      co_await asio::async_read(*socket, asio::buffer(wire), with_error);
      if (error) co_return;
      const auto request = self->note(wire, connection, port);
      if (!request) continue;
      Reply reply = self->script(*request);
      reply.insert(reply.end(), std::make_move_iterator(due.begin()), std::make_move_iterator(due.end()));
      due.clear();
      Bytes out;
      bool close = false;
      for (auto act = reply.begin(); act != reply.end() && !close; ++act) {
        if (act->kind == Act::Kind::message) put(out, framed(act->bytes));
        if (act->kind == Act::Kind::octets) put(out, act->bytes);
        if (act->kind == Act::Kind::close) close = true;
        if (act->kind == Act::Kind::bytewise)
          for (const auto octet : framed(act->bytes))
            co_await asio::async_write(*socket, asio::buffer(&octet, 1), with_error);
        if (act->kind == Act::Kind::later) {
          due.assign(std::next(act), reply.end());
          break;
        }
      }
      co_await asio::async_write(*socket, asio::buffer(out), with_error);
      if (close) socket->close(error);
      if (close) co_return;
    }
  }

  static asio::awaitable<void> serve_datagrams(std::shared_ptr<State> self) {
    boost::system::error_code error;
    auto with_error = asio::redirect_error(asio::use_awaitable, error);
    while (self->datagrams.is_open()) {
      udp::endpoint peer;
      Bytes room(65535);
      const auto size = co_await self->datagrams.async_receive_from(asio::buffer(room), peer, with_error);
      if (error == asio::error::operation_aborted) co_return;
      if (error) continue;
      const auto request = self->note({room.data(), size}, 0, peer.port());
      if (!request) continue;
      for (const auto& act : self->script(*request))
        co_await self->datagrams.async_send_to(asio::buffer(act.bytes), peer, with_error);
    }
  }

  Script script;
  ServerName where;
  tcp::acceptor acceptor;
  udp::socket datagrams;
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  std::vector<Received> requests;
  std::size_t left = 0;
};

ScriptedServer::ScriptedServer(asio::io_context& io, Script script, const std::string& address,
                               std::uint16_t port)
    : state_(std::make_shared<State>(io, std::move(script), asio::ip::make_address(address), port)) {
  asio::co_spawn(io, State::accept(state_), asio::detached);
  asio::co_spawn(io, State::serve_datagrams(state_), asio::detached);
}

ScriptedServer::~ScriptedServer() {
  stop_listening();
  drop_connections();
}

ServerName ScriptedServer::name() const { return state_->where; }

const std::vector<Received>& ScriptedServer::requests() const { return state_->requests; }

std::size_t ScriptedServer::connections() const { return state_->sockets.size(); }

std::size_t ScriptedServer::left() const { return state_->left; }

void ScriptedServer::stop_listening() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  state_->datagrams.close(ignored);
}

void ScriptedServer::drop_connections() {
  boost::system::error_code ignored;
  for (const auto& socket : state_->sockets) socket->close(ignored);
}

}  // namespace tlsa_update::dns::test
