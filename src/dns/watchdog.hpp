// A deadline over whatever operations run on a socket: when it passes, `bark` is called once, which closes
// the socket and so ends them. Moving the deadline costs nothing: the timer that runs is re-armed when it
// fires.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace tlsa_update::dns {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  Watchdog(const boost::asio::any_io_executor& executor, std::function<void()> bark)
      : state_(std::make_shared<State>(executor, std::move(bark))) {}
  ~Watchdog() {
    state_->bark = nullptr;
    state_->timer.cancel();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void expire_after(Clock::duration time) {
    state_->due = Clock::now() + time;
    if (!state_->armed) arm(state_);
  }

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> action)
        : timer(executor), bark(std::move(action)) {}
    boost::asio::steady_timer timer;
    std::function<void()> bark;
    Clock::time_point due;
    bool armed = false;
  };

  static void arm(const std::shared_ptr<State>& state) {
    state->armed = true;
    state->timer.expires_at(state->due);
    state->timer.async_wait([state](const boost::system::error_code&) {
      state->armed = false;
      if (!state->bark) return;
      if (Clock::now() < state->due) return arm(state);
      std::exchange(state->bark, nullptr)();
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace tlsa_update::dns
