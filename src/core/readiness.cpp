#include "readiness.hpp"

#include <algorithm>

#include "witnesses.hpp"

namespace tlsa_update {
namespace {

// What is to be deployed: the current credentials; where only a next key is given, that.
bool is_to_go_live(const OwnerFacts& facts, const Wanted& want) {
  const auto is_current = [](const Wanted& other) { return other.role == Role::current; };
  return is_current(want) || std::ranges::none_of(facts.wanted, is_current);
}

class Gate {
 public:
  Gate(const Situation& situation, const Additions& additions)
      : situation_(situation),
        facts_(situation.facts),
        additions_(additions),
        current_(situation.facts.current_chains()),
        known_(situation.known_to_clients()) {}

  std::vector<Blocker> close() {
    if (facts_.servers.empty()) return {Blocker{first_wanted(), {}, Reason::unread, std::nullopt}};
    for (const auto& want : facts_.wanted) {
      if (is_to_go_live(facts_, want)) await(want);
    }
    TlsaRecords known;
    for (const auto& one : known_) insert(known, one.record);
    for (const auto parameters : combinations(known)) {
      if (is_broken_already(parameters)) continue;
      for (const auto& served : current_) require_match(served, parameters);
    }
    // While a wait is on, caches may have what they will not have at its end.
    if (blockers_.empty()) return objections_of_resolvers(facts_);
    return std::move(blockers_);
  }

 private:
  TlsaRecord first_wanted() const {
    return facts_.wanted.empty() ? TlsaRecord{} : facts_.wanted.front().record;
  }

  // Each wanted record has been everywhere for two TTLs. A combination that is held back until the switch,
  // and that no client knows, is not missed by anybody who finds another record of the credential.
  void await(const Wanted& want) {
    const auto held = held_for(want);
    if (!held) {
      const auto reliance = situation_.reliance_for_deployment(want.record);
      if (!reliance.is_given())
        blockers_.push_back(with_other_primary(blocker_of(want.record, want.credential, reliance)));
    } else if (held->reason == Reason::not_probed) {
      blockers_.push_back(
          {want.record, want.credential, held->reason, std::nullopt, std::nullopt, facts_.live.gaps});
    } else if (!is_found_otherwise(want)) {
      const bool is_first =
          held->reason == Reason::combination_would_break && combinations(facts_.published()).empty();
      blockers_.push_back({want.record, want.credential, is_first ? Reason::first_record : held->reason,
                           std::nullopt, held->ends});
    }
  }

  // A record that does not arrive may be at a primary that the world does not follow.
  Blocker with_other_primary(Blocker blocker) const {
    if (blocker.reason != Reason::propagating) return blocker;
    auto others = followers_of_another_primary(situation_, blocker.record);
    if (others.empty()) return blocker;
    blocker.reason = Reason::other_primary;
    blocker.places = std::move(others);
    return blocker;
  }

  // Why a wanted record that is missing is not added.
  std::optional<Held> held_for(const Wanted& want) const {
    const auto held = additions_.held.find(want.record.parameters);
    if (held == additions_.held.end() || contains(facts_.published(), want.record)) return std::nullopt;
    return held->second;
  }

  // Is there, or is there to come, another record of each credential that this one is of?
  bool is_found_otherwise(const Wanted& want) const {
    if (current_.empty()) return false;
    return std::ranges::all_of(current_, [&](const Served& served) {
      if (!served.is_matched_by(want.record) || served.is_matched_by_any(facts_.published())) return true;
      return std::ranges::any_of(additions_.records,
                                 [&](const Addition& added) { return served.is_matched_by(added.record); });
    });
  }

  // A combination by which nothing that is served now is accepted either loses nothing by the switch.
  bool is_broken_already(TlsaParameters parameters) const {
    if (facts_.live.sight != Sight::complete) return false;
    return std::ranges::none_of(known_, [&](const auto& one) {
      const auto accepts_it = [&](const Served& served) { return served.is_accepted_by(one.record); };
      return one.record.parameters == parameters && std::ranges::any_of(facts_.live.chains, accepts_it);
    });
  }

  // RFC 7671 section 8: every combination that a client may know, wanted by us or not, has a record by which
  // clients accept the chain, and every copy of the RRset has that record.
  void require_match(const Served& served, TlsaParameters parameters) {
    std::optional<Blocker> blocker, refusal;
    const auto is_of_use = [&](const TlsaRecord& record) {
      if (record.parameters != parameters || !served.is_matched_by(record)) return false;
      auto why = served.refusal_by(record);
      if (why) refusal = Blocker{record, served.where, Reason::not_accepted, {}, {}, {}, std::move(*why)};
      return !why;
    };
    for (const auto& one : known_) {
      if (!is_of_use(one.record)) continue;
      const auto reliance = situation_.reliance_for_deployment(one.record);
      if (reliance.is_given()) return;
      blocker = with_other_primary(blocker_of(one.record, served.where, reliance));
    }
    for (const auto& added : additions_.records) {
      if (is_of_use(added.record))
        blocker = Blocker{added.record, served.where, Reason::missing, std::nullopt};
    }
    if (!blocker) blocker = refusal ? std::move(*refusal) : would_break(served.where, parameters);
    const auto is_same = [&](const Blocker& other) {
      return other.record == blocker->record && other.reason == blocker->reason;
    };
    if (std::ranges::none_of(blockers_, is_same)) blockers_.push_back(*blocker);
  }

  static Blocker blocker_of(const TlsaRecord& record, const std::string& credential,
                            const Reliance& reliance) {
    return {record, credential, *reliance.waits_for, reliance.ready_at, std::nullopt, reliance.places};
  }

  // Nothing in this combination matches. It ends when its records have left the caches, or the servers that
  // still serve them; what stands at the primary, not ours or wanted by us, only the operator takes away.
  Blocker would_break(const std::string& credential, TlsaParameters parameters) const {
    Blocker blocker{{}, credential, Reason::may_be_cached, std::nullopt};
    for (const auto& one : known_) {
      if (one.record.parameters != parameters || !is_usable(one.record)) continue;
      const auto reason = reason_of(one);
      if (reason == blocker.reason && reason == Reason::may_be_cached) {
        if (!blocker.ready_at || *blocker.ready_at < *one.gone_at) blocker.record = one.record;
        blocker.ready_at = std::max(blocker.ready_at, one.gone_at);
      } else if (blocker.reason == Reason::may_be_cached || reason == Reason::combination_would_break) {
        blocker = {one.record, credential, reason, std::nullopt};
      }
    }
    if (blocker.reason == Reason::leaving) blocker.places = servers_with(blocker.record);
    return blocker;
  }

  Reason reason_of(const Situation::Known& known) const {
    if (known.gone_at) return Reason::may_be_cached;
    return contains(facts_.published(), known.record) ? Reason::combination_would_break : Reason::leaving;
  }

  Places servers_with(const TlsaRecord& record) const {
    Places places;
    for (const auto& at : facts_.servers) {
      if (at.served == nullptr || !at.served->rrset || !contains(at.served->rrset->records, record)) continue;
      places.push_back({at.server->name, at.server->address});
    }
    return places;
  }

  const Situation& situation_;
  const OwnerFacts& facts_;
  const Additions& additions_;
  std::vector<Served> current_;
  std::vector<Situation::Known> known_;
  std::vector<Blocker> blockers_;
};

}  // namespace

std::vector<Blocker> blockers(const Situation& situation, const Additions& additions) {
  return Gate(situation, additions).close();
}

std::optional<Time> ready_at(const Situation& situation, const std::vector<Blocker>& blockers) {
  std::optional<Time> latest;
  for (const auto& blocker : blockers) {
    if (!blocker.ready_at) return std::nullopt;
    latest = std::max(latest, blocker.ready_at);
  }
  for (const auto& want : situation.facts.wanted) {
    if (is_to_go_live(situation.facts, want))
      latest = std::max(latest, situation.reliance_for_deployment(want.record).ready_at);
  }
  return latest;
}

}  // namespace tlsa_update
