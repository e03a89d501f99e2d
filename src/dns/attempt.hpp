// One request on its way, and the best that came back for it so far. Over TCP the first answer ends the wait;
// over UDP a bad one may be a stranger's, so the wait goes on until a good one or the deadline (RFC 8945
// section 5.4, RFC 5452). Moves no octets: the carriers (pipeline.hpp, datagram.hpp) offer what they receive.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "judge.hpp"

namespace tlsa_update::dns {

class Attempt {
 public:
  // `log` takes debug lines; it may be empty.
  Attempt(Asked asked, Bytes wire, std::function<void(const std::string&)> log = {})
      : asked_(std::move(asked)), wire_(std::move(wire)), log_(std::move(log)) {}

  [[nodiscard]] const Bytes& wire() const { return wire_; }

  // True when the wait is over.
  bool offer(ByteView message, std::uint64_t now) {
    auto judgement = judge(asked_, message, now);
    const bool over = judgement.certain || !asked_.over_udp;
    if (!over && judgement.error && log_)
      log_(asked_.server + ": " + judgement.error->what + "; waiting for a better answer");
    if (judgement.kind == Judgement::Kind::stray) {
      if (judgement.error && !best_) best_ = std::move(judgement);
      return false;
    }
    if (over || !best_ || best_->kind == Judgement::Kind::stray) best_ = std::move(judgement);
    return over;
  }

  // The answer, or at the deadline the first bad one; nothing when nothing came.
  [[nodiscard]] std::optional<Judgement> take() && { return std::move(best_); }

 private:
  Asked asked_;
  Bytes wire_;
  std::function<void(const std::string&)> log_;
  std::optional<Judgement> best_;
};

// Each attempt has its own ID, signature and Time Signed (RFC 8945 section 5.2.3), so it is made by the
// carrier, which knows the IDs in flight.
using MakeAttempt = std::function<Attempt(std::uint16_t id)>;

// How the carriage of an attempt ended.
struct Carried {
  std::optional<Judgement> judgement;  // nothing: no answer; `trouble` tells why
  Error trouble{ErrorCode::no_answer, {}, {}, {}};
  bool sent = false;        // some of the request may have arrived
  bool progressed = false;  // the connection had answered others before it broke
};

struct Patience {
  std::chrono::milliseconds timeout{5000};
  std::function<std::uint64_t()> now;  // seconds since 1970, never decreasing
};

// "5 s", "250 ms"
[[nodiscard]] inline std::string duration_text(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

}  // namespace tlsa_update::dns
