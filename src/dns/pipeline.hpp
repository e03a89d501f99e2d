// Many requests in flight over one connection (RFC 7766 section 6.2.1.1): answers come in any order and are
// matched by ID and question. Reads and writes at the same time, with a bound on what is in flight, so that a
// server which reads nothing until its answers are taken cannot stall it. Reads only while something is due:
// an idle connection keeps no event loop alive.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <unordered_map>

#include "attempt.hpp"
#include "frames.hpp"

namespace tlsa_update::dns {

class Pipeline : public std::enable_shared_from_this<Pipeline> {
 public:
  // Connects when the first request comes; `patience.timeout` is for connecting as well.
  Pipeline(const boost::asio::any_io_executor& executor, std::unique_ptr<Stream> stream, Endpoint peer,
           Patience patience);

  [[nodiscard]] boost::asio::awaitable<Carried> carry(MakeAttempt make_attempt);

  // Broken, or idle for so long that the server may be closing it just now (Knot after 10 s).
  [[nodiscard]] bool is_spent();

  void close() { break_off({ErrorCode::no_answer, "closed", {}, {}}); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting;
  enum class Phase { fresh, connecting, open, broken };

  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> read();
  void deliver(ByteView message);
  void break_off(Error why);
  [[nodiscard]] bool must_queue() const;
  [[nodiscard]] std::uint16_t unused_id() const;
  [[nodiscard]] Carried lost(bool sent) const;
  [[nodiscard]] Error silence(bool is_stalled) const;

  boost::asio::any_io_executor executor_;
  Frames frames_;
  Endpoint peer_;
  Patience patience_;
  Phase phase_ = Phase::fresh;
  Error why_broken_{ErrorCode::no_answer, {}, {}, {}};
  boost::asio::steady_timer queue_;  // those wait on it who may not send yet
  std::size_t queued_ = 0;           // how many
  std::unordered_map<std::uint16_t, Waiting*> in_flight_;
  Bytes outgoing_;
  bool writing_ = false, reading_ = false;
  std::size_t answered_ = 0, unmatched_ = 0;
  Clock::time_point last_answer_{};
};

}  // namespace tlsa_update::dns
