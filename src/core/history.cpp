#include "history.hpp"

#include <algorithm>

#include "situation.hpp"

namespace tlsa_update {
namespace {

bool is_read(const AtServer& at) { return at.server->reachable && at.served != nullptr; }

bool is_complete(const OwnerFacts& facts) {
  return !facts.servers.empty() && std::ranges::all_of(facts.servers, is_read);
}

void follow_watch(OwnerLedger& memory, const OwnerFacts& facts, Time now) {
  const bool was_left = memory.last_look && now - *memory.last_look > Seconds{facts.longest_ttl};
  if (was_left) memory.watched_since.reset();
  if (!memory.watched_since && is_complete(facts)) memory.watched_since = now;
  memory.last_look = now;
}

void note_out_of_reach(OwnerLedger& memory, const ServerView& server, Time now) {
  if (std::exchange(memory.returned_at, std::nullopt)) memory.out_of_reach.clear();
  const auto is_it = [&](const OutOfReach& one) {
    return one.server == server.name && one.address == server.address;
  };
  if (std::ranges::any_of(memory.out_of_reach, is_it)) return;
  memory.out_of_reach.push_back({server.name, server.address, now});
}

void follow_outages(OwnerLedger& memory, const OwnerFacts& facts, const Policy& policy, Time now) {
  for (const auto& at : facts.servers) {
    if (!is_read(at)) note_out_of_reach(memory, *at.server, now);
  }
  if (memory.out_of_reach.empty() || !is_complete(facts)) return;
  if (!memory.returned_at) memory.returned_at = now;
  if (now <= memory.counted_from(*memory.returned_at) + cache_time(longest_known_ttl(memory), policy)) return;
  memory.out_of_reach.clear();
  memory.returned_at.reset();
}

}  // namespace

void follow_history(OwnerLedger& memory, const OwnerFacts& facts, const Policy& policy, Time now) {
  follow_watch(memory, facts, now);
  follow_outages(memory, facts, policy, now);
}

std::uint32_t longest_known_ttl(const OwnerLedger& memory) {
  std::uint32_t longest = 0;
  for (const auto& served : memory.ttls) longest = std::max(longest, served.ttl);
  return longest;
}

Doubt doubt_of_the_past(const LedgerEntry& entry, const OwnerLedger& memory, std::uint32_t named_ttl,
                        const Policy& policy) {
  // Since it is everywhere, it has been in whatever was there.
  const Time everywhere = *entry.seen_everywhere_at;
  const Time watched = std::min(entry.watched_since.value_or(everywhere), everywhere);
  return {Reason::no_history, memory.counted_from(watched) + cache_time(named_ttl, policy)};
}

std::optional<Doubt> doubt_of_a_return(const OwnerLedger& memory, const Policy& policy) {
  if (!memory.returned_at) return std::nullopt;
  const Time since = memory.counted_from(*memory.returned_at);
  Doubt doubt{Reason::server_returned, since + cache_time(longest_known_ttl(memory), policy)};
  for (const auto& one : memory.out_of_reach) doubt.places.push_back({one.server, one.address, one.since});
  return doubt;
}

std::optional<Doubt> doubt_of_a_deletion(const LedgerEntry& entry, const OwnerLedger& memory) {
  if (!entry.unanswered_at) return std::nullopt;
  // By then it can only have been applied before this second, and whoever looks sees it.
  constexpr Seconds longest_life = 2 * clock_tolerance + Seconds{1};
  return Doubt{Reason::unanswered, memory.counted_from(*entry.unanswered_at) + longest_life};
}

}  // namespace tlsa_update
