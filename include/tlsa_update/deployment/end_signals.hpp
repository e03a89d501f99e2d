// The signals that mean "end": SIGINT, SIGTERM and SIGHUP, kept back while this lives, so that they are taken
// only where it asks for them and nothing is cut off halfway.
#pragma once

#include <chrono>
#include <csignal>

namespace tlsa_update::deployment {

class EndSignals {
 public:
  EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  // What came and was heeded does not kill afterwards; where somebody outside keeps signals back as well, it
  // stays for them.
  ~EndSignals();

  [[nodiscard]] bool has_come() const;
  // true: one came within that time, and is taken; if somebody outside keeps signals back as well, it stays
  // for them.
  [[nodiscard]] bool came_within(std::chrono::milliseconds time) const;

 private:
  sigset_t ends_{};
  sigset_t before_{};
};

}  // namespace tlsa_update::deployment
