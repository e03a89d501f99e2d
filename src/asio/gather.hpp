// Many coroutines at once on one executor, at most `width` of them (but one at least) under way: how
// thousands of questions keep a connection full without thousands of timers. Starts no thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>

namespace tlsa_update {

// Runs task(0) ... task(count - 1), each of which stores its own result, and returns when all have ended.
// What a task throws is thrown again, once, when none is under way; others may then not have begun.
[[nodiscard]] boost::asio::awaitable<void> gather(
    std::size_t count, std::size_t width, std::function<boost::asio::awaitable<void>(std::size_t)> task);

// The same, but none begins once one has ended with false.
[[nodiscard]] boost::asio::awaitable<void> gather_while(
    std::size_t count, std::size_t width, std::function<boost::asio::awaitable<bool>(std::size_t)> task);

}  // namespace tlsa_update
