#include "gather.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "support/scripted_server.hpp"

namespace tlsa_update {
namespace gather_test {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::Each;

// Counts who is under way; the third, when it is told to, fails.
class Tasks {
 public:
  explicit Tasks(std::size_t count) : ended_(count) {}

  void run(std::size_t width, bool third_fails = false) {
    boost::asio::io_context io;
    const auto all = [&]() -> awaitable<bool> {
      co_await gather(ended_.size(), width, [&](std::size_t i) { return one(io, i, third_fails && i == 2); });
      co_return true;
    };
    dns::test::run(io, all());
  }

  [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }
  [[nodiscard]] const std::vector<int>& ended() const { return ended_; }

 private:
  awaitable<void> one(boost::asio::io_context& io, std::size_t i, bool fails) {
    most_at_once_ = std::max(most_at_once_, ++under_way_);
    boost::asio::steady_timer timer(io, 1ms);
    co_await timer.async_wait(boost::asio::use_awaitable);
    --under_way_;
    ++ended_[i];
    if (fails) throw std::runtime_error("the third");
  }

  std::size_t under_way_ = 0;
  std::size_t most_at_once_ = 0;
  std::vector<int> ended_;  // how often each
};

TEST(Gather, RunsEachTaskOnceAndNoMoreAtOnceThanAllowed) {
  Tasks tasks(20);
  tasks.run(4);
  EXPECT_THAT(tasks.ended(), Each(1));
  EXPECT_EQ(tasks.most_at_once(), 4U);
}

TEST(Gather, TakesAWidthOfNothingForOne) {
  Tasks tasks(3);
  tasks.run(0);
  EXPECT_THAT(tasks.ended(), Each(1));
  EXPECT_EQ(tasks.most_at_once(), 1U);
}

TEST(Gather, EndsAtOnceWithoutTasks) {
  Tasks tasks(0);
  tasks.run(4);
  EXPECT_EQ(tasks.most_at_once(), 0U);
}

TEST(Gather, ThrowsWhatATaskThrowsWhenNoneIsUnderWay) {
  Tasks tasks(4);
  EXPECT_THROW(tasks.run(4, true), std::runtime_error);
  EXPECT_THAT(tasks.ended(), Each(1));
}

TEST(GatherWhile, BeginsNoneOnceOneHasEndedWithFalse) {
  boost::asio::io_context io;
  std::vector<std::size_t> begun;
  const auto all = [&]() -> awaitable<bool> {
    co_await gather_while(20, 4, [&](std::size_t i) -> awaitable<bool> {
      begun.push_back(i);
      boost::asio::steady_timer timer(io, 1ms * i);
      co_await timer.async_wait(boost::asio::use_awaitable);
      co_return i != 5;
    });
    co_return true;
  };
  dns::test::run(io, all());
  EXPECT_THAT(begun, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));  // three others were under way
}

}  // namespace gather_test
}  // namespace tlsa_update
