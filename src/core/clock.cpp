#include "clock.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

constexpr Seconds rounding{1};  // of two readings in whole seconds: a smaller step is none, or hides it

bool are_named(const std::string& one, const std::string& other) { return !one.empty() && !other.empty(); }

// Of a boot that is another one, only a machine that names itself is known to be the same.
bool is_other_machine(const ClockReading& last, const ClockReading& now) {
  if (are_named(last.machine, now.machine)) return last.machine != now.machine;
  return are_named(last.boot_id, now.boot_id) && last.boot_id != now.boot_id;
}

// What has passed at least, on one machine. It may begin a boot with any time of day, so that of what went
// before it the wall clock tells only as much as signed answers have confirmed at both ends.
Seconds passed_since(const ClockReading& last, const ClockReading& now) {
  const bool is_named = are_named(last.boot_id, now.boot_id);
  if (is_named && last.boot_id == now.boot_id) return now.uptime - last.uptime;
  const Seconds by_wall = std::max(now.wall - last.wall, Seconds{0});
  const bool may_be_one_boot = !is_named && now.uptime >= last.uptime;
  const Seconds certain = std::min(by_wall, may_be_one_boot ? now.uptime - last.uptime : now.uptime);
  if (!last.is_confirmed || !now.is_confirmed) return certain;
  return std::max(certain, by_wall - 2 * clock_tolerance);
}

// By how much the wall clock went further than that. From machine to machine nothing is known to have passed,
// or, where signed answers confirm both clocks, what they show, less the tolerance: see counted_from().
Seconds step_since(const ClockReading& last, const ClockReading& now) {
  const Seconds by_wall = now.wall - last.wall;
  if (is_other_machine(last, now)) return last.is_confirmed && now.is_confirmed ? Seconds{0} : by_wall;
  const Seconds step = by_wall - passed_since(last, now);
  return std::chrono::abs(step) <= rounding ? Seconds{0} : step + rounding;
}

template <class Change>
void each_stamp(Ledger& ledger, const Change& change) {
  for (auto& [owner, memory] : ledger.owners) {
    for (const auto& stamp : owner_stamps) change(memory.*stamp.time);
    for (auto& entry : memory.records) {
      for (const auto& stamp : entry_stamps) change(entry.*stamp.time);
      for (auto& wanter : entry.wanters) change(wanter.unwanted_since);
    }
    for (auto& served : memory.ttls) change(served.gone_at);
    for (auto& outage : memory.out_of_reach) {
      std::optional<Time> since = outage.since;
      change(since);
      outage.since = *since;
    }
  }
}

}  // namespace

void follow_clock(Ledger& ledger, const ClockReading& clock) {
  const auto last = ledger.last_run;
  const Seconds step = last ? step_since(*last, clock) : Seconds{0};
  each_stamp(ledger, [&](std::optional<Time>& stamp) {
    if (stamp) stamp = std::min(*stamp + step, clock.wall);
  });
  if (last && is_other_machine(*last, clock) && last->is_confirmed && clock.is_confirmed) {
    for (auto& [owner, memory] : ledger.owners) memory.moved_at = clock.wall;
  }
  ledger.last_run = clock;
}

}  // namespace tlsa_update
