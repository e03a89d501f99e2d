// The inline half of scripted_server.hpp.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <stdexcept>

namespace tlsa_update::dns::test {

template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> conversation, std::chrono::seconds limit) {
  std::optional<T> result;
  std::exception_ptr thrown;
  boost::asio::co_spawn(io, std::move(conversation), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result.emplace(std::move(value));
  });
  const auto deadline = std::chrono::steady_clock::now() + limit;
  io.restart();
  while (!result && !thrown && io.run_one_until(deadline) > 0) continue;
  if (thrown) std::rethrow_exception(thrown);
  if (!result) throw std::runtime_error("the conversation did not end in time");
  return std::move(*result);
}

}  // namespace tlsa_update::dns::test
