// At most so many at a time; the others wait in line. For one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>

namespace tlsa_update::dns {

class Gate {
 public:
  Gate(const boost::asio::any_io_executor& executor, std::size_t places)
      : line_(executor, boost::asio::steady_timer::time_point::max()), free_(places) {}

  // Leaves the gate when it goes out of scope.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    ~Pass() {
      ++gate_.free_;
      gate_.line_.cancel_one();
    }

   private:
    Gate& gate_;
  };

  [[nodiscard]] boost::asio::awaitable<std::unique_ptr<Pass>> enter() {
    boost::system::error_code cancelled;
    while (free_ == 0)
      co_await line_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    --free_;
    co_return std::make_unique<Pass>(*this);
  }

 private:
  boost::asio::steady_timer line_;
  std::size_t free_;
};

}  // namespace tlsa_update::dns
