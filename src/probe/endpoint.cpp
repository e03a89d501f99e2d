#include "tlsa_update/probe/endpoint.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <map>
#include <optional>

#include "gather.hpp"
#include "no_route.hpp"
#include "tls_client.hpp"

namespace tlsa_update::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stream = asio::ssl::stream<tcp::socket>;
constexpr std::chrono::seconds before_second_try{1};
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

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

// One handshake: what is asked, how far it got, what it brought.
struct Attempt {
  const ProbeRequest& request;
  tcp::endpoint address;
  Kind kind;
  const char* phase = "connecting";
  bool is_rejected = false;   // by an alert that says: no common algorithm
  bool is_temporary = false;  // the peer was busy, or hung up before a word
  Presented presented{};

  Attempt(const ProbeRequest& asked, const SocketAddress& peer, Kind key)
      : request(asked), address(peer.address, peer.port), kind(key) {
    presented.address = peer.address.to_string();
    if (key != Kind::any) presented.key_type = key == Kind::rsa ? KeyType::rsa : KeyType::ecdsa;
  }

  void breaks_off(const boost::system::error_code& error) {
    const bool is_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    const auto why = is_end ? "the peer closes the connection" : error.message();
    presented.detail = std::string(phase) + ": " + printable(why);
  }

  void is_not_reached(const boost::system::error_code& error) {
    breaks_off(error);
    presented.is_closed = error == asio::error::connection_refused && is_own(address.address());
    const auto advice = advice_without_route(error, address.address());
    if (!advice.empty()) presented.detail += "; " + advice;
  }
};

// What all handshakes share. OpenSSL's is made for the first peer that agrees to TLS: it takes longer than to
// be refused by a closed port.
class Context {
 public:
  // A port of this machine that refused one connection refuses the next: thousands of names may lead there.
  [[nodiscard]] const Presented* refusal_at(const tcp::endpoint& address) const {
    const auto known = closed_.find(address);
    return known == closed_.end() ? nullptr : &known->second;
  }
  void note_refusal(const tcp::endpoint& address, const Presented& presented) {
    if (presented.is_closed) closed_.emplace(address, presented);
  }

  asio::ssl::context& get() {
    if (!made_) made_.emplace(looking_context());
    return *made_;
  }

 private:
  std::optional<asio::ssl::context> made_;
  std::map<tcp::endpoint, Presented> closed_;
};

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
asio::awaitable<bool> talk(tcp::socket& socket, Attempt& attempt) {
  Dialogue dialogue(attempt.request.starttls, {own_name(socket), stream_domain(attempt)});
  std::array<char, 4096> buffer{};
  bool is_silent = true;
  for (;;) {
    const auto words = dialogue.take_output();
    const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(words), as_result);
    if (write_error) {
      attempt.breaks_off(write_error);
      co_return false;
    }
    if (dialogue.state() != Dialogue::State::talking) break;
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(buffer), as_result);
    if (error) {
      attempt.is_temporary = is_silent;
      attempt.breaks_off(error);
      co_return false;
    }
    is_silent = false;
    dialogue.feed({buffer.data(), size});
  }
  if (dialogue.state() == Dialogue::State::refused) attempt.presented.outcome = ProbeOutcome::no_tls;
  attempt.presented.detail = dialogue.detail();
  attempt.is_temporary = dialogue.is_temporary();
  co_return dialogue.state() == Dialogue::State::tls;
}

asio::awaitable<void> shake_hands(Context& context, Attempt& attempt) {
  if (const auto* const refusal = context.refusal_at(attempt.address)) {
    attempt.presented.is_closed = true;
    attempt.presented.detail = refusal->detail;
    co_return;
  }
  tcp::socket socket(co_await asio::this_coro::executor);
  const auto [connect_error] = co_await socket.async_connect(attempt.address, as_result);
  if (connect_error) {
    attempt.is_not_reached(connect_error);
    co_return context.note_refusal(attempt.address, attempt.presented);
  }
  attempt.phase = "in the STARTTLS dialogue";
  if (!co_await talk(socket, attempt)) co_return;
  attempt.phase = "in the TLS handshake";
  Stream stream(std::move(socket), context.get());
  auto* const ssl = stream.native_handle();
  if (const auto ready = prepare(ssl, attempt.kind, attempt.request); !ready) {
    attempt.presented.detail = ready.error().what;
    co_return;
  }
  const auto [error] = co_await stream.async_handshake(Stream::client, as_result);
  attempt.is_rejected = is_no_common_algorithm(error);
  if (error) co_return attempt.breaks_off(error);
  read_evidence(ssl, attempt.request, attempt.presented);
}

asio::awaitable<void> try_once(Context& context, Attempt& attempt) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer deadline(co_await asio::this_coro::executor, attempt.request.timeout);
  const auto first = co_await (shake_hands(context, attempt) || deadline.async_wait(asio::use_awaitable));
  if (first.index() == 0) co_return;
  attempt.presented.outcome = ProbeOutcome::unreachable;
  attempt.presented.detail = std::string(attempt.phase) + ": no end within " +
                             std::to_string(attempt.request.timeout.count()) + " ms";
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
}

std::vector<Kind> kinds_of(const ProbeRequest& request) {
  if (request.samples == 0) return {Kind::rsa, Kind::ecdsa};
  return std::vector<Kind>(request.samples, Kind::any);
}

// Those with one address, one after the other.
using Queue = std::vector<Attempt*>;
std::vector<Queue> by_address(std::vector<Attempt>& attempts) {
  std::map<asio::ip::address, Queue> queues;
  for (auto& attempt : attempts) queues[attempt.address.address()].push_back(&attempt);
  std::vector<Queue> all;
  for (auto& [address, queue] : queues) all.push_back(std::move(queue));
  return all;
}

// The two handshakes with one address explain each other: an alert of no common algorithm is a clear no only
// from a peer that serves the other kind.
void explain(Attempt& one, const Attempt& other) {
  if (!one.is_rejected || other.presented.outcome != ProbeOutcome::served) return;
  one.presented.outcome = ProbeOutcome::not_offered;
  one.presented.detail.clear();
}

// The two handshakes of different kinds with one address stand side by side.
void explain(std::vector<Attempt>& attempts) {
  for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
    if (attempts[i].kind != Kind::rsa) continue;
    explain(attempts[i], attempts[i + 1]);
    explain(attempts[i + 1], attempts[i]);
  }
}

}  // namespace

asio::awaitable<std::vector<ServiceEvidence>> probe_all(std::vector<ProbeRequest> requests,
                                                        std::size_t at_once) {
  std::vector<Attempt> attempts;
  for (const auto& request : requests) {
    for (const auto& address : request.addresses) {
      for (const auto kind : kinds_of(request)) attempts.emplace_back(request, address, kind);
    }
  }
  Context context;
  const auto queues = by_address(attempts);
  const auto run_queue = [&](std::size_t i) -> asio::awaitable<void> {
    for (auto* attempt : queues[i]) co_await run(context, *attempt);
  };
  co_await gather(queues.size(), at_once, run_queue);
  explain(attempts);
  std::vector<ServiceEvidence> evidence;
  auto attempt = attempts.begin();
  for (const auto& request : requests) {
    auto& service = evidence.emplace_back(
        ServiceEvidence{request.service, {}, false, request.rrset.has_value(), request.source_domain});
    for (std::size_t i = 0; i < kinds_of(request).size() * request.addresses.size(); ++i) {
      service.presented.push_back(std::move((attempt++)->presented));
    }
  }
  co_return evidence;
}

asio::awaitable<ServiceEvidence> probe(ProbeRequest request) {
  std::vector<ProbeRequest> requests;
  requests.push_back(std::move(request));
  auto evidence = co_await probe_all(std::move(requests));
  co_return std::move(evidence.front());
}

}  // namespace tlsa_update::probe
