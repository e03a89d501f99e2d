#include "read_back.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tlsa_answer.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds first_pause{2}, longest_pause{200};

awaitable<void> pause(milliseconds duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace

template <class IsEnough>
awaitable<Result<Seen>> ReadBack::look_until(const RrsetChange& change, milliseconds patience,
                                             IsEnough is_enough) {
  const auto end = Clock::now() + patience;
  for (auto wait = first_pause;; wait = std::min(wait * 2, longest_pause)) {
    const auto seen = co_await look(change);
    if (!seen || Clock::now() >= end) co_return seen;
    const bool enough = co_await is_enough(*seen);
    if (enough) co_return seen;
    co_await pause(wait);
  }
}

awaitable<Result<Seen>> ReadBack::watch(const RrsetChange& change, milliseconds patience) {
  co_return co_await look_until(change, patience, [this](const Seen& seen) -> awaitable<bool> {
    if (seen.effect != Effect::applied) co_return false;
    co_return !(co_await lacks_signature(seen));
  });
}

awaitable<Result<Seen>> ReadBack::watch_for_movement(const RrsetChange& change, milliseconds patience) {
  co_return co_await look_until(change, patience,
                                [](const Seen& seen) -> awaitable<bool> { co_return !seen.is_as_before(); });
}

awaitable<Result<Seen>> ReadBack::look(const RrsetChange& change) {
  const Question question{change.owner, type::tlsa};
  const auto message = co_await primary_.query(question);
  if (!message) co_return tl::unexpected(message.error());
  const auto answer = read_tlsa_answer(*message, change.owner, primary_.address());
  if (!answer) co_return tl::unexpected(answer.error());
  if (answer->kind == TlsaAnswer::Kind::alias) {
    co_return fail(ErrorCode::protocol,
                   change.owner.text() + " is an alias of " + answer->target.text() + " and holds no TLSA",
                   primary_.address(), "publish at the alias's target");
  }
  if (answer->kind == TlsaAnswer::Kind::delegated) {
    co_return fail(ErrorCode::protocol,
                   change.owner.text() + " lies below the delegation of " + answer->cut.text() +
                       ", so what is stored there is never answered",
                   primary_.address(), "publish in that zone");
  }
  Seen seen;
  const bool is_own = !answer->signed_labels || dns::is_own(change.owner, *answer->signed_labels);
  if (is_own) {
    seen.rrset = answer->rrset;
    seen.has_rrsig = answer->has_rrsig;
  }
  seen.effect = effect_of(change, seen.rrset);
  co_return seen;
}

awaitable<bool> ReadBack::lacks_signature(const Seen& seen) {
  if (!seen.rrset || seen.has_rrsig) co_return false;
  if (!is_signed_) {
    const Question question{zone_, type::dnskey};
    const auto keys = co_await primary_.query(question);
    is_signed_ = keys && std::any_of(keys->answer.begin(), keys->answer.end(),
                                     [](const auto& record) { return record.type == type::dnskey; });
  }
  co_return *is_signed_;
}

}  // namespace tlsa_update::dns
