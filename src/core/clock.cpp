#include "clock.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

constexpr Seconds rounding{1};  // two readings in whole seconds differ by this much without any step

// What has passed at least. A machine may begin a boot with any time of day, so that of what went before it
// the wall clock tells only as much as signed answers have confirmed at both ends.
Seconds passed_since(const ClockReading& last, const ClockReading& now) {
  const bool is_named = !last.boot_id.empty() && !now.boot_id.empty();
  if (is_named && last.boot_id == now.boot_id) return now.uptime - last.uptime;
  const Seconds by_wall = std::max(now.wall - last.wall, Seconds{0});
  const bool may_be_one_boot = !is_named && now.uptime >= last.uptime;
  const Seconds certain = std::min(by_wall, may_be_one_boot ? now.uptime - last.uptime : now.uptime);
  if (!last.is_confirmed || !now.is_confirmed) return certain;
  return std::max(certain, by_wall - 2 * clock_tolerance);
}

// By how much the wall clock went further than that.
Seconds step_since(const ClockReading& last, const ClockReading& now) {
  const Seconds step = now.wall - last.wall - passed_since(last, now);
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
