// The signals that mean "end": SIGINT, SIGTERM and SIGHUP, kept back while this lives, so that they are taken
// only where it asks for them and nothing is cut off halfway.
#pragma once

#include <csignal>

#include "tlsa_update/core/time.hpp"

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
  // true: one came within that time, and is taken.
  [[nodiscard]] bool came_within(Seconds time) const;

 private:
  sigset_t ends_{};
  sigset_t before_{};
};

}  // namespace tlsa_update::deployment
