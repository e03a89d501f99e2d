#include "tlsa_update/deployment/end_signals.hpp"

#include <algorithm>
#include <array>

namespace tlsa_update::deployment {
namespace {

constexpr std::array ends{SIGINT, SIGTERM, SIGHUP};

}  // namespace

EndSignals::EndSignals() {
  ::sigemptyset(&ends_);
  for (const int signal : ends) ::sigaddset(&ends_, signal);
  ::sigprocmask(SIG_BLOCK, &ends_, &before_);
}

EndSignals::~EndSignals() {
  const bool is_ours = std::none_of(ends.begin(), ends.end(),
                                    [&](int signal) { return ::sigismember(&before_, signal) == 1; });
  while (is_ours && came_within(std::chrono::milliseconds(0))) continue;
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool EndSignals::has_come() const {
  sigset_t pending{};
  ::sigpending(&pending);
  return std::any_of(ends.begin(), ends.end(),
                     [&](int signal) { return ::sigismember(&pending, signal) == 1; });
}

bool EndSignals::came_within(std::chrono::milliseconds time) const {
  const timespec timeout{time.count() / 1000, time.count() % 1000 * 1'000'000};
  const int signal = ::sigtimedwait(&ends_, nullptr, &timeout);
  if (signal > 0 && ::sigismember(&before_, signal) == 1) (void)::raise(signal);
  return signal > 0;
}

}  // namespace tlsa_update::deployment
