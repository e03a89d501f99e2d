#include "clock.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

constexpr Seconds rounding{1};  // two readings in whole seconds differ by this much without any step

// How far the wall clock was set, as seen from the uptime of one boot; zero across boots: nobody knows.
Seconds step_since(const ClockReading& last, const ClockReading& now) {
  if (last.boot_id.empty() || last.boot_id != now.boot_id) return Seconds{0};
  const Seconds step = (now.wall - last.wall) - (now.uptime - last.uptime);
  return std::chrono::abs(step) <= rounding ? Seconds{0} : step;
}

template <class Change>
void each_stamp(Ledger& ledger, const Change& change) {
  for (auto& [owner, memory] : ledger.owners) {
    for (auto& entry : memory.records) {
      change(entry.published_at);
      change(entry.seen_everywhere_at);
      change(entry.retired_at);
      change(entry.released_at);
      change(entry.deployed_at);
      change(entry.last_seen_live);
      change(entry.deleted_at);
    }
    for (auto& served : memory.ttls) change(served.gone_at);
  }
}

}  // namespace

void follow_clock(Ledger& ledger, const ClockReading& clock) {
  const Seconds step = ledger.last_run ? step_since(*ledger.last_run, clock) : Seconds{0};
  each_stamp(ledger, [&](std::optional<Time>& stamp) {
    if (stamp) stamp = std::min(*stamp + step, clock.wall);
  });
  ledger.last_run = clock;
}

}  // namespace tlsa_update
