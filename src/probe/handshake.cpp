#include "handshake.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>

#include "farewell.hpp"
#include "no_route.hpp"

namespace tlsa_update::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stream = asio::ssl::stream<tcp::socket&>;
constexpr std::chrono::seconds before_second_try{1};
constexpr std::chrono::seconds longest_farewell{1};
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Plain, and then inside TLS.
struct Connection {
  explicit Connection(const asio::any_io_executor& executor) : socket(executor) {}
  tcp::socket socket;
  std::optional<Stream> tls;
  bool is_agreed = false;   // the dialogue came to an end that both sides know
  bool is_greeted = false;  // the server has spoken first
};

// Would a packet to this address stay on this machine? The kernel takes the address itself as its source
// then.
bool is_own(const asio::ip::address& address) {
  if (address.is_loopback()) return true;
  boost::system::error_code error;
  asio::io_context unused;
  asio::ip::udp::socket socket(unused);
  socket.connect({address, 9}, error);  // sends nothing
  return !error && socket.local_endpoint(error).address() == address;
}

// RFC 5321 section 4.1.4: a full host name, or else the address as a literal (section 4.1.3).
std::string own_name(const tcp::socket& socket) {
  boost::system::error_code error;
  const auto name = asio::ip::host_name(error);
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
  if (!error && name.find('.') != std::string::npos && std::ranges::all_of(name, is_plain)) return name;
  const auto address = socket.local_endpoint(error).address();
  return address.is_v6() ? "[IPv6:" + address.to_string() + "]" : "[" + address.to_string() + "]";
}

std::string stream_domain(const Attempt& attempt) {
  const auto domain = tls_name(attempt.request.source_domain.value_or(attempt.request.service.host));
  return domain.empty() ? attempt.presented.address : domain;
}

// True when the peer agreed to TLS.
asio::awaitable<bool> talk(Connection& connection, Attempt& attempt) {
  Dialogue dialogue(attempt.request.starttls, {own_name(connection.socket), stream_domain(attempt)});
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto words = dialogue.take_output();
    const auto [write_error, written] =
        co_await asio::async_write(connection.socket, asio::buffer(words), as_result);
    if (write_error) {
      attempt.breaks_off(write_error);
      co_return false;
    }
    if (dialogue.state() != Dialogue::State::talking) break;
    const auto [error, size] = co_await connection.socket.async_read_some(asio::buffer(buffer), as_result);
    if (error) {
      attempt.is_temporary = !attempt.has_spoken;
      attempt.breaks_off(error);
      co_return false;
    }
    attempt.has_spoken = true;
    dialogue.feed({buffer.data(), size});
  }
  connection.is_agreed = dialogue.state() != Dialogue::State::broken;
  connection.is_greeted = attempt.has_spoken;
  if (dialogue.state() == Dialogue::State::refused) attempt.presented.outcome = ProbeOutcome::no_tls;
  attempt.presented.detail = dialogue.detail();
  attempt.is_temporary = dialogue.is_temporary();
  co_return dialogue.state() == Dialogue::State::tls;
}

asio::awaitable<void> shake_hands(Context& context, Connection& connection, Attempt& attempt) {
  if (const auto* const refusal = context.refusal_at(attempt.address)) {
    attempt.presented.is_closed = true;
    attempt.presented.detail = refusal->detail;
    co_return;
  }
  const auto [connect_error] = co_await connection.socket.async_connect(attempt.address, as_result);
  if (connect_error) {
    attempt.is_not_reached(connect_error);
    co_return context.note_refusal(attempt.address, attempt.presented);
  }
  attempt.phase = "in the STARTTLS dialogue";
  if (!co_await talk(connection, attempt)) co_return;
  attempt.phase = "in the TLS handshake";
  auto& stream = connection.tls.emplace(connection.socket, context.get());
  auto* const ssl = stream.native_handle();
  if (const auto ready = prepare(ssl, attempt.kind, attempt.request); !ready) {
    attempt.presented.detail = ready.error().what;
    co_return;
  }
  const auto [error] = co_await stream.async_handshake(Stream::client, as_result);
  connection.is_agreed = !error;
  if (error && !has_presented(ssl)) co_return attempt.fails_in_tls(error);
  read_evidence(ssl, attempt.request, attempt.presented);
}

// Until the peer has closed the connection, too.
template <class Reader>
asio::awaitable<void> listen_to_end(Reader& from) {
  std::array<char, 4096> unheard{};
  for (;;) {
    const auto [error, size] = co_await from.async_read_some(asio::buffer(unheard), as_result);
    if (error) co_return;
  }
}

asio::awaitable<void> leave_tls(Connection& connection, StartTls protocol) {
  std::array<char, 4096> greeting{};
  if (is_greeted_by_server(protocol) && !connection.is_greeted)
    co_await connection.tls->async_read_some(asio::buffer(greeting), as_result);
  const auto words = farewell(protocol);
  if (!words.empty()) {
    co_await asio::async_write(*connection.tls, asio::buffer(words), as_result);
    // Who is bidden farewell closes; an UnbindRequest is not answered.
    if (protocol != StartTls::ldap) co_await listen_to_end(*connection.tls);
  }
  co_await connection.tls->async_shutdown(as_result);
}

asio::awaitable<void> leave_plain(Connection& connection, StartTls protocol) {
  const auto words = farewell(protocol);
  if (words.empty()) co_return;
  co_await asio::async_write(connection.socket, asio::buffer(words), as_result);
  co_await listen_to_end(connection.socket);
}

// Servers note who goes without a word, and some ban them. What was seen does not depend on it.
asio::awaitable<void> take_leave(Connection& connection, const ProbeRequest& request) {
  using namespace asio::experimental::awaitable_operators;
  if (!connection.is_agreed) co_return;
  const auto protocol = spoken_inside(request.starttls, request.service.port);
  asio::steady_timer end(co_await asio::this_coro::executor, longest_farewell);
  if (connection.tls)
    co_await (leave_tls(connection, protocol) || end.async_wait(asio::use_awaitable));
  else
    co_await (leave_plain(connection, protocol) || end.async_wait(asio::use_awaitable));
}

asio::awaitable<void> try_once(Context& context, Attempt& attempt) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  Connection connection(executor);
  asio::steady_timer deadline(executor, attempt.request.timeout);
  const auto first =
      co_await (shake_hands(context, connection, attempt) || deadline.async_wait(asio::use_awaitable));
  if (first.index() == 0)
    co_await take_leave(connection, attempt.request);
  else
    attempt.runs_out_of_time();
}

}  // namespace

Attempt::Attempt(const ProbeRequest& asked, const SocketAddress& peer, Kind key)
    : request(asked), address(peer.address, peer.port), kind(key) {
  presented.address = peer.address.to_string();
  if (key != Kind::any) presented.key_type = key == Kind::rsa ? KeyType::rsa : KeyType::ecdsa;
}

void Attempt::breaks_off(const boost::system::error_code& error) {
  const bool is_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  const auto why = is_end ? "the peer closes the connection" : error.message();
  presented.detail = std::string(phase) + ": " + printable(why);
}

void Attempt::is_not_reached(const boost::system::error_code& error) {
  breaks_off(error);
  presented.is_closed = error == asio::error::connection_refused && is_own(address.address());
  const auto advice = advice_without_route(error, address.address());
  if (!advice.empty()) presented.detail += "; " + advice;
}

// Who limits connections says so in plain text, also where TLS comes first.
void Attempt::fails_in_tls(const boost::system::error_code& error) {
  is_rejected = is_no_common_algorithm(error);
  is_cut = is_hang_up(error);
  is_temporary = is_cut || (is_plain_text(error) && request.starttls == StartTls::none);
  breaks_off(error);
  if (is_plain_text(error) && request.starttls == StartTls::none)
    presented.detail += "; it is busy, or TLS does not come first: --starttls names the protocol";
  if (is_unknown_name(error))
    presented.detail += "; it has no certificate for the name " + tls_name(request.service.host) +
                        ", which DANE clients ask for: give the NAME that it serves";
}

void Attempt::runs_out_of_time() {
  presented.outcome = ProbeOutcome::unreachable;
  presented.detail = std::string(phase) + ": no end within " + std::to_string(request.timeout.count()) +
                     " ms; --probe-timeout gives it longer";
}

asio::awaitable<void> run(Context& context, Attempt& attempt) {
  if (attempt.request.service.protocol != Protocol::tcp) {
    attempt.presented.detail = "only TCP services can be probed";
    co_return;
  }
  co_await try_once(context, attempt);
  if (!attempt.is_temporary) co_return;
  asio::steady_timer pause(co_await asio::this_coro::executor, before_second_try);
  co_await pause.async_wait(asio::use_awaitable);
  Attempt second(attempt.request, {attempt.address.address(), attempt.address.port()}, attempt.kind);
  co_await try_once(context, second);
  attempt.presented = std::move(second.presented);
  attempt.is_rejected = second.is_rejected;
  attempt.is_cut = attempt.is_cut && second.is_cut;
}

}  // namespace tlsa_update::probe
