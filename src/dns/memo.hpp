// Answers that several coroutines want, asked for once: the first caller asks, the others wait for it.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <map>
#include <optional>
#include <utility>

namespace tlsa_update::dns {

template <class Key, class Value>
class Memo {
 public:
  // `ask` is an awaitable<Value>; it is not started when the answer is there or under way.
  boost::asio::awaitable<Value> find(Key key, boost::asio::awaitable<Value> ask) {
    namespace asio = boost::asio;
    const auto [place, is_new] = entries_.try_emplace(std::move(key));
    Entry& entry = place->second;  // a map's entries stay where they are
    if (is_new) {
      entry.known.emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      try {
        entry.value = co_await std::move(ask);
      } catch (...) {
        entry.fault = std::current_exception();
      }
      entry.known->cancel();
    }
    while (!entry.value && !entry.fault)
      co_await entry.known->async_wait(asio::as_tuple(asio::use_awaitable));
    if (entry.fault) std::rethrow_exception(entry.fault);
    co_return *entry.value;
  }

 private:
  struct Entry {
    std::optional<Value> value;
    std::exception_ptr fault;
    std::optional<boost::asio::steady_timer> known;  // cancelled once it is
  };
  std::map<Key, Entry> entries_;
};

}  // namespace tlsa_update::dns
