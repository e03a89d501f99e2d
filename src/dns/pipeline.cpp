#include "pipeline.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "random.hpp"
#include "tlsa_update/core/count.hpp"
#include "watchdog.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;

// Enough for 10,000 questions over 20 ms round trips in a second, few enough that a slow server answers the
// last of them in time.
constexpr std::size_t window = 256;

// Those who wait to send go in groups, once so many places are free: sent one by one, as answers come, each
// question would cost two system calls here and as many at the server.
constexpr std::size_t group = window / 2;

constexpr auto idle_limit = std::chrono::seconds(5);

}  // namespace

// A request whose answer is due. Lives in the frame of carry(); however that ends, it leaves the table.
struct Pipeline::Waiting {
  Waiting(Pipeline& pipeline, std::uint16_t request_id, Attempt request, Clock::time_point when)
      : owner(pipeline), id(request_id), attempt(std::move(request)), bell(pipeline.executor_, when) {
    owner.in_flight_.emplace(id, this);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    if (over) return;
    owner.in_flight_.erase(id);
    owner.queue_.cancel_one();
    // The reader must not wait for what nobody wants: it would keep the event loop alive.
    if (owner.in_flight_.empty()) owner.break_off(owner.silence(true));
  }

  Pipeline& owner;
  std::uint16_t id;
  Attempt attempt;
  asio::steady_timer bell;  // rings at the deadline, or earlier when the wait is over
  Clock::time_point sent = Clock::now();
  bool over = false;
};

Pipeline::Pipeline(const asio::any_io_executor& executor, std::unique_ptr<Stream> stream, Endpoint peer,
                   Patience patience)
    : executor_(executor),
      frames_(std::move(stream)),
      peer_(std::move(peer)),
      patience_(std::move(patience)),
      queue_(executor, Clock::time_point::max()) {}

bool Pipeline::is_spent() {
  if (phase_ == Phase::broken) return true;
  if (phase_ != Phase::open || !in_flight_.empty()) return false;
  return Clock::now() - last_answer_ > idle_limit || frames_.stream().peer_has_closed();
}

asio::awaitable<Carried> Pipeline::carry(MakeAttempt make_attempt) {
  const auto self = shared_from_this();
  boost::system::error_code rung;
  if (phase_ == Phase::fresh) {
    phase_ = Phase::connecting;
    asio::co_spawn(executor_, connect(), asio::detached);
  }
  while (must_queue()) {
    ++queued_;
    co_await queue_.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    --queued_;
  }
  if (phase_ == Phase::broken) co_return lost(false);

  const std::uint16_t id = unused_id();
  const auto deadline = Clock::now() + patience_.timeout;
  Waiting waiting(*this, id, make_attempt(id), deadline);
  Frames::append(outgoing_, waiting.attempt.wire());
  if (!std::exchange(writing_, true)) asio::co_spawn(executor_, write(), asio::detached);
  if (!std::exchange(reading_, true)) asio::co_spawn(executor_, read(), asio::detached);
  while (!waiting.over && phase_ == Phase::open && Clock::now() < deadline)
    co_await waiting.bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));

  Carried carried = lost(true);
  carried.judgement = std::move(waiting.attempt).take();
  if (waiting.over || phase_ == Phase::broken) co_return carried;
  // Nobody was answered all that time: the connection is dead for the others too. Else the server is slow,
  // and what has begun to come is somebody else's.
  const bool is_stalled = last_answer_ < waiting.sent;
  carried.trouble = silence(is_stalled);
  if (is_stalled) break_off(carried.trouble);
  co_return carried;
}

bool Pipeline::must_queue() const {
  return phase_ == Phase::connecting || (phase_ == Phase::open && in_flight_.size() >= window);
}

std::uint16_t Pipeline::unused_id() const {
  std::uint16_t id = random_number();
  while (in_flight_.contains(id)) id = random_number();  // RFC 7766 section 6.2.1: not reused in flight
  return id;
}

Carried Pipeline::lost(bool sent) const { return {{}, why_broken_, sent, answered_ > 0}; }

Error Pipeline::silence(bool is_stalled) const {
  std::string what = "no answer in " + duration_text(patience_.timeout);
  if (unmatched_ > 0)
    what += " (" +
            count(unmatched_, "message that answers nothing was", "messages that answer nothing were") +
            " dropped)";
  if (is_stalled && frames_.within_message())
    return {ErrorCode::protocol, what + ", only the beginning of one", {}, {}};
  return {ErrorCode::no_answer, what, {}, {}};
}

asio::awaitable<void> Pipeline::connect() {
  const auto self = shared_from_this();
  Watchdog watchdog(executor_, [this] {
    break_off({ErrorCode::no_answer, "no connection in " + duration_text(patience_.timeout), {}, {}});
  });
  watchdog.expire_after(patience_.timeout);
  const auto connected = co_await frames_.stream().connect(peer_);
  if (!connected) break_off(connected.error());
  if (phase_ == Phase::connecting) phase_ = Phase::open;
  last_answer_ = Clock::now();
  queue_.cancel();
}

asio::awaitable<void> Pipeline::write() {
  const auto self = shared_from_this();
  Bytes batch;
  while (!outgoing_.empty() && phase_ == Phase::open) {
    batch.clear();
    std::swap(batch, outgoing_);
    const auto written = co_await frames_.stream().write(batch);
    if (!written) break_off(written.error());
  }
  writing_ = false;
}

asio::awaitable<void> Pipeline::read() {
  const auto self = shared_from_this();
  while (phase_ == Phase::open) {
    while (const auto message = frames_.take()) deliver(*message);
    if (const auto places = window - in_flight_.size(); places >= group) {
      for (auto calls = std::min(places, queued_); calls > 0; --calls) queue_.cancel_one();
    }
    if (in_flight_.empty()) break;
    const auto filled = co_await frames_.fill();
    if (!filled) break_off(filled.error());
  }
  reading_ = false;
}

void Pipeline::deliver(ByteView message) {
  const auto found = message.size() < 2
                         ? in_flight_.end()
                         : in_flight_.find(static_cast<std::uint16_t>(message[0] * 256 + message[1]));
  if (found == in_flight_.end() || !found->second->attempt.offer(message, patience_.now())) {
    ++unmatched_;
    return;
  }
  Waiting& waiting = *found->second;
  in_flight_.erase(found);
  waiting.over = true;
  waiting.bell.cancel();
  ++answered_;
  last_answer_ = Clock::now();
}

void Pipeline::break_off(Error why) {
  if (phase_ == Phase::broken) return;
  phase_ = Phase::broken;
  why_broken_ = std::move(why);
  frames_.stream().close();
  queue_.cancel();
  for (const auto& [id, waiting] : in_flight_) waiting->bell.cancel();
}

}  // namespace tlsa_update::dns
