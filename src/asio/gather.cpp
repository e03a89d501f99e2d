#include "gather.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <vector>

namespace tlsa_update {

namespace asio = boost::asio;

asio::awaitable<void> gather(std::size_t count, std::size_t width,
                             std::function<asio::awaitable<void>(std::size_t)> task) {
  std::size_t next = 0;
  const auto worker = [&]() -> asio::awaitable<void> {
    while (next < count) co_await task(next++);
  };
  const auto executor = co_await asio::this_coro::executor;
  std::vector<decltype(asio::co_spawn(executor, worker(), asio::deferred))> workers;
  for (std::size_t i = 0; i < std::min(count, std::max<std::size_t>(width, 1)); ++i)
    workers.push_back(asio::co_spawn(executor, worker(), asio::deferred));
  if (workers.empty()) co_return;
  const auto ended = co_await asio::experimental::make_parallel_group(std::move(workers))
                         .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  for (const auto& error : std::get<1>(ended)) {
    if (error) std::rethrow_exception(error);
  }
}

asio::awaitable<void> gather_while(std::size_t count, std::size_t width,
                                   std::function<asio::awaitable<bool>(std::size_t)> task) {
  bool goes_on = true;
  co_await gather(count, width, [&](std::size_t i) -> asio::awaitable<void> {
    if (goes_on && !co_await task(i)) goes_on = false;
  });
}

}  // namespace tlsa_update
