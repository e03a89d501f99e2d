#include "witnesses.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

bool is_broken_already(const LiveView& live, const TlsaRecords& combination) {
  return live.sight == Sight::complete && std::ranges::none_of(live.chains, [&](const Served& served) {
           return served.is_accepted_by_any(combination);
         });
}

// What the resolver is expected to give, else one of those that it gives instead.
TlsaRecord awaited_record(const OwnerFacts& facts, const Served& served, const TlsaRecords& combination) {
  const auto& awaited = facts.published();
  const auto is_awaited = [&](const TlsaRecord& record) {
    return record.parameters == combination.front().parameters && served.is_matched_by(record);
  };
  const auto place = std::ranges::find_if(awaited, is_awaited);
  return place != awaited.end() ? *place : combination.front();
}

// A server of the world: one that the resolver or the parent's servers gave, where there are any, else every
// one but the primary itself.
std::vector<const AtServer*> servers_of_the_world(const OwnerFacts& facts) {
  const bool has_world =
      std::ranges::any_of(facts.servers, [](const AtServer& at) { return at.server->is_named_by_world; });
  std::vector<const AtServer*> servers;
  for (const auto& at : facts.servers) {
    const bool is_of_world =
        has_world ? at.server->is_named_by_world : at.server->address != facts.zone->server;
    if (is_of_world && at.server->reachable && at.served != nullptr) servers.push_back(&at);
  }
  return servers;
}

bool has_record(const AtServer& at, const TlsaRecord& record) {
  return at.served->rrset && contains(at.served->rrset->records, record);
}

// A signer behind an unsigned primary counts serials of its own.
bool is_ahead(const AtServer& at, const ZoneView& zone) {
  const bool is_renumbered = zone.has_signer && !zone.is_signed;
  return !is_renumbered && at.server->serial && serial_less(zone.serial, *at.server->serial);
}

bool is_overdue(const Situation& situation, const TlsaRecord& record) {
  const auto* const entry = situation.memory.find(record);
  if (entry == nullptr || !entry->published_at) return false;
  const auto& rrset = situation.facts.view->rrset;
  const auto ttl = std::max(entry->ttl_bound, rrset ? rrset->ttl : 0);
  return situation.now >= *entry->published_at + cache_time(ttl, situation.policy);
}

}  // namespace

std::vector<Blocker> objections_of_resolvers(const OwnerFacts& facts) {
  std::vector<Blocker> blockers;
  for (const ResolvedRrset* resolved : facts.resolved) {
    if (!resolved->rrset) continue;
    const auto& records = resolved->rrset->records;
    for (const auto parameters : combinations(records)) {
      const auto combination = of_combination(records, parameters);
      if (is_broken_already(facts.live, combination)) continue;
      for (const auto& served : facts.current_chains()) {
        if (served.is_accepted_by_any(combination)) continue;
        Blocker blocker{awaited_record(facts, served, combination), served.where, Reason::not_resolved,
                        std::nullopt};
        blocker.places = {{"resolver", resolved->resolver}};
        const auto is_same = [&](const Blocker& other) { return other.record == blocker.record; };
        if (std::ranges::none_of(blockers, is_same)) blockers.push_back(std::move(blocker));
      }
    }
  }
  return blockers;
}

bool are_known_to_resolvers(const OwnerFacts& facts, const TlsaRecords& records) {
  return std::ranges::all_of(facts.resolved, [&](const ResolvedRrset* resolved) {
    return !resolved->rrset || std::ranges::includes(resolved->rrset->records, records);
  });
}

Places followers_of_another_primary(const Situation& situation, const TlsaRecord& record) {
  const auto& zone = *situation.facts.zone;
  const auto world = servers_of_the_world(situation.facts);
  const bool is_missed =
      !world.empty() && contains(situation.facts.published(), record) &&
      std::ranges::none_of(world, [&](const AtServer* at) { return has_record(*at, record); });
  if (!is_missed) return {};
  const bool are_all_ahead =
      std::ranges::all_of(world, [&](const AtServer* at) { return is_ahead(*at, zone); });
  const bool have_others = std::ranges::all_of(
      world, [&](const AtServer* at) { return at->server->serial && *at->server->serial != zone.serial; });
  if (!are_all_ahead && !(have_others && is_overdue(situation, record))) return {};
  Places places;
  for (const auto* at : world) places.push_back({at->server->name, at->server->address});
  return places;
}

}  // namespace tlsa_update
