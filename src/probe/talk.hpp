// A dialogue written down as people read it: a coroutine that awaits what the peer says next. It knows no
// sockets. Whoever has octets hands them to the item that is awaited and resumes the coroutine when that is
// whole; nothing is kept but the item in hand.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tlsa_update/probe/starttls.hpp"

namespace tlsa_update::probe {

enum class Progress { more, whole, malformed };

// Something the peer says that is whole or not yet: a line, a reply, a tag. Takes what is its own off the
// front of `input` and leaves the rest.
class Item {
 public:
  [[nodiscard]] virtual Progress take(std::string_view& input) = 0;
  [[nodiscard]] const std::string& trouble() const { return trouble_; }  // after malformed: why, raw

 protected:
  Item() = default;
  ~Item() = default;
  Item(const Item&) = default;
  Item& operator=(const Item&) = default;

  Progress malformed(std::string why) {
    trouble_ = std::move(why);
    return Progress::malformed;
  }

 private:
  std::string trouble_;
};

// How a dialogue ends.
struct Ending {
  Dialogue::State state = Dialogue::State::broken;
  std::string detail;  // raw: made printable at the door
  bool is_temporary = false;
};

class Talk {
 public:
  template <class T>
  struct Awaited {
    T item;
    Item*& pending;

    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> /*talk*/) noexcept { pending = &item; }
    T await_resume() { return std::move(item); }
  };

  struct promise_type {
    Item* pending = nullptr;
    std::optional<Ending> ending;

    Talk get_return_object() { return Talk(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(Ending value) { ending = std::move(value); }
    void unhandled_exception() { std::terminate(); }  // only memory can run out here

    template <class T>
    Awaited<T> await_transform(T item) {
      return {std::move(item), pending};
    }
  };

  Talk(Talk&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Talk& operator=(Talk&&) = delete;
  ~Talk() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] const std::optional<Ending>& ending() const { return handle_.promise().ending; }
  [[nodiscard]] Item& pending() const { return *handle_.promise().pending; }  // only before the ending
  void resume() const { handle_.resume(); }                                   // only before the ending

 private:
  explicit Talk(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace tlsa_update::probe
