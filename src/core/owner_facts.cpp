#include "owner_facts.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "wanters.hpp"

namespace tlsa_update {
namespace {

template <class T>
using ByName = std::vector<std::pair<Name, const T*>>;  // sorted by name

template <class T>
void sort_by_name(ByName<T>& index) {
  std::ranges::stable_sort(index, {}, &std::pair<Name, const T*>::first);
}

// (clang 14 cannot compile the range algorithms of libstdc++ 12 that return a subrange.)
template <class T>
std::span<const std::pair<Name, const T*>> range_of(const ByName<T>& index, const Name& name) {
  const auto first = std::ranges::lower_bound(index, name, {}, &std::pair<Name, const T*>::first);
  const auto last = std::ranges::upper_bound(index, name, {}, &std::pair<Name, const T*>::first);
  return {first, last};
}

ByName<Desired> by_asked(const std::vector<Desired>& desired) {
  ByName<Desired> index;
  index.reserve(desired.size());
  for (const auto& wish : desired) index.emplace_back(wish.asked, &wish);
  sort_by_name(index);
  return index;
}

ByName<ServiceEvidence> by_owner(const std::vector<ServiceEvidence>& evidence) {
  ByName<ServiceEvidence> index;
  index.reserve(evidence.size());
  for (const auto& proof : evidence) {
    if (auto owner = proof.service.owner()) index.emplace_back(*std::move(owner), &proof);
  }
  sort_by_name(index);
  return index;
}

struct ServerIndex {
  const ServerView* server;
  ByName<ServedRrset> rrsets;
};

std::vector<ServerIndex> index_servers(const ZoneView& zone) {
  std::vector<ServerIndex> servers;
  for (const auto& server : zone.servers) {
    auto& index = servers.emplace_back(ServerIndex{&server, {}});
    for (const auto& rrset : server.rrsets) index.rrsets.emplace_back(rrset.owner, &rrset);
    sort_by_name(index.rrsets);
  }
  return servers;
}

void merge_wishes(OwnerFacts& facts) {
  std::map<TlsaRecord, Wanted> wanted;
  for (const Desired* wish : facts.desired) {
    for (const auto& want : wish->records) {
      const auto [place, is_new] = wanted.emplace(want.record, want);
      if (is_new) continue;
      auto wanters = std::move(place->second.wanters);
      merge_wanters(wanters, want.wanters);
      if (place->second.role == Role::next && want.role == Role::current) place->second = want;
      place->second.wanters = std::move(wanters);
    }
    for (const auto& record : wish->keep) insert(facts.keep, record);
    facts.parameters.insert(facts.parameters.end(), wish->parameters.begin(), wish->parameters.end());
    facts.is_partial = facts.is_partial || wish->is_partial;
    facts.longest_ttl = std::max(facts.longest_ttl, wish->longest_ttl);
  }
  for (auto& [record, want] : wanted) {
    facts.parameters.push_back(record.parameters);
    facts.wanted.push_back(std::move(want));
  }
  std::ranges::sort(facts.parameters);
  auto& parameters = facts.parameters;
  parameters.erase(std::unique(parameters.begin(), parameters.end()), parameters.end());
}

// RFC 4592 section 2.2.2: a name that exists already cannot come into existence again. What lies below a cut
// or a DNAME is not answered whether it is there or not.
void collect_hazards(OwnerFacts& facts, const OwnerView& view) {
  for (const auto hazard : view.hazards) {
    const bool by_existing = hazard == Hazard::host_is_wildcard || hazard == Hazard::hides_wildcard;
    if (by_existing && view.rrset) continue;
    if (std::ranges::find(facts.hazards, hazard) == facts.hazards.end()) facts.hazards.push_back(hazard);
  }
}

void add_chain(LiveView& live, Served served) {
  for (auto& known : live.chains) {
    if (known.chain == nullptr || served.chain == nullptr || *known.chain != *served.chain) continue;
    if (known.names != served.names) continue;
    known.is_verified = known.is_verified || served.is_verified;
    known.is_refused = known.is_refused || served.is_refused;
    known.names_fit = known.names_fit && served.names_fit;
    known.is_smtp = known.is_smtp || served.is_smtp;
    std::ranges::move(served.addresses, std::back_inserter(known.addresses));
    return;
  }
  live.chains.push_back(std::move(served));
}

void collect_gaps(LiveView& live, const ServiceEvidence& proof) {
  for (const auto& one : proof.presented) {
    if (one.outcome == ProbeOutcome::served || one.outcome == ProbeOutcome::not_offered) continue;
    const Place place{{}, one.address};
    if (std::ranges::find(live.gaps, place) == live.gaps.end()) live.gaps.push_back(place);
    const bool is_plain = one.outcome == ProbeOutcome::no_tls;
    if (is_plain && std::ranges::find(live.without_tls, place) == live.without_tls.end())
      live.without_tls.push_back(place);
  }
}

LiveView live_view(const std::vector<const ServiceEvidence*>& evidence, bool every_name_probed,
                   const ChainJudge* judge) {
  LiveView live;
  if (evidence.empty()) return live;
  bool complete = every_name_probed;
  live.is_witnessed = live.is_of_nothing = every_name_probed;
  for (const ServiceEvidence* proof : evidence) {
    complete = complete && proof->complete();
    live.is_witnessed = live.is_witnessed && proof->is_witnessed();
    live.is_of_nothing = live.is_of_nothing && proof->is_of_nothing();
    collect_gaps(live, *proof);
    for (const auto& one : proof->presented) {
      if (one.outcome != ProbeOutcome::served || one.chain.empty()) continue;
      add_chain(live, Served::of(*proof, one, judge));
    }
  }
  live.sight = complete ? Sight::complete : live.chains.empty() ? Sight::nothing_reached : Sight::partial;
  return live;
}

// Only TCP services can be asked for their chains; a wildcard owner stands for all ports at once.
bool can_be_probed(const Name& asked) {
  const auto service = service_of(asked);
  return service && service->protocol == Protocol::tcp;
}

// The operator vouches for what the probes did not meet, and cannot overrule what they met.
LiveView assumed_view(const OwnerFacts& facts, LiveView live) {
  const auto current = facts.current_chains();
  for (const auto& served : current) add_chain(live, served);
  if (!current.empty()) live.sight = Sight::complete;
  live.is_witnessed = live.is_witnessed || !current.empty();
  return live;
}

}  // namespace

const TlsaRecords& OwnerFacts::published() const {
  static const TlsaRecords nothing;
  return view->rrset ? view->rrset->records : nothing;
}

const Wanted* OwnerFacts::find_wanted(const TlsaRecord& record) const {
  const auto place = std::ranges::lower_bound(wanted, record, {}, &Wanted::record);
  return place != wanted.end() && place->record == record ? &*place : nullptr;
}

bool OwnerFacts::is_kept(const TlsaRecord& record) const {
  if (contains(keep, record)) return true;
  return std::ranges::any_of(keep, [&](const TlsaRecord& kept) {
    return resembles(kept, record) && !contains(published(), kept) && find_wanted(kept) == nullptr;
  });
}

bool OwnerFacts::is_called(const Name& name) const {
  return name == owner() ||
         std::ranges::any_of(desired, [&](const Desired* wish) { return wish->asked == name; });
}

std::vector<const Credential*> OwnerFacts::current_credentials() const {
  std::vector<const Credential*> current;
  for (const Desired* wish : desired) {
    for (const auto& given : wish->credentials) {
      if (given.role == Role::current && given.credential) current.push_back(given.credential.get());
    }
  }
  return current;
}

std::vector<Served> OwnerFacts::current_chains() const {
  std::vector<Served> current;
  for (const Desired* wish : desired) {
    for (const auto& given : wish->credentials) {
      if (given.role == Role::current && given.credential)
        current.push_back(as_served(*wish, *given.credential));
    }
  }
  return current;
}

Served OwnerFacts::as_served(const Desired& wish, const Credential& credential) const {
  auto served = Served::of(credential);
  served.judge = judge;
  if (const auto names = reference_names.find(wish.asked); names != reference_names.end())
    served.names = names->second;
  return served;
}

std::optional<Lag> OwnerFacts::not_everywhere(const TlsaRecord& record) const {
  if (servers.empty()) return Lag{Reason::unread, {}};
  if (!contains(published(), record)) return Lag{Reason::propagating, {}};
  Lag lag, unsigned_lag{Reason::not_signed, {}};
  for (const auto& at : servers) {
    const auto lack = lack_of(record, *zone, *at.server, at.served);
    if (lack == Lack::nothing) continue;
    (lack == Lack::record ? lag : unsigned_lag).places.push_back({at.server->name, at.server->address});
  }
  if (!lag.places.empty()) return lag;
  return unsigned_lag.places.empty() ? std::nullopt : std::optional(unsigned_lag);
}

namespace {

class Join {
 public:
  Join(const std::vector<Desired>& desired, const std::vector<ServiceEvidence>& evidence,
       const Policy& policy)
      : desired_(by_asked(desired)), evidence_(by_owner(evidence)), policy_(policy) {}

  void add_zone(const ZoneView& zone, std::vector<OwnerFacts>& out) const {
    std::vector<const OwnerView*> views;
    for (const auto& view : zone.owners) {
      if (!range_of(desired_, view.asked).empty()) views.push_back(&view);
    }
    const auto key = [](const OwnerView* view) { return std::tie(view->owner, view->asked); };
    std::ranges::stable_sort(views, {}, key);
    const auto servers = index_servers(zone);
    for (auto first = views.begin(); first != views.end();) {
      const auto last = std::find_if(first, views.end(),
                                     [&](const OwnerView* view) { return view->owner != (*first)->owner; });
      out.push_back(facts_of(zone, {first, last}, servers));
      first = last;
    }
  }

 private:
  // RFC 7672 section 3.2.2: the TLSA base domain, and the domain that led to it.
  static std::vector<Name> names_of(const Name& asked,
                                    std::span<const std::pair<Name, const ServiceEvidence*>> proofs) {
    std::vector<Name> names;
    if (const auto service = service_of(asked)) names.push_back(service->host);
    for (const auto& [owner, proof] : proofs) {
      const auto& domain = proof->source_domain;
      if (domain && std::ranges::find(names, *domain) == names.end()) names.push_back(*domain);
    }
    return names;
  }

  OwnerFacts facts_of(const ZoneView& zone, const std::vector<const OwnerView*>& views,
                      const std::vector<ServerIndex>& servers) const {
    OwnerFacts facts;
    facts.zone = &zone;
    facts.view = views.front();
    facts.judge = policy_.judge.get();
    std::vector<const ServiceEvidence*> evidence;
    bool every_name_probed = true;
    const Name* previous = nullptr;
    for (const OwnerView* view : views) {
      collect_hazards(facts, *view);
      if (view->resolved) facts.resolved.push_back(&*view->resolved);
      if (previous != nullptr && *previous == view->asked) continue;
      previous = &view->asked;
      for (const auto& [asked, wish] : range_of(desired_, view->asked)) facts.desired.push_back(wish);
      const auto proofs = range_of(evidence_, view->asked);
      every_name_probed = every_name_probed && !proofs.empty();
      for (const auto& [owner, proof] : proofs) evidence.push_back(proof);
      facts.reference_names.emplace(view->asked, names_of(view->asked, proofs));
    }
    merge_wishes(facts);
    for (const auto& server : servers) {
      const auto answers = range_of(server.rrsets, facts.owner());
      facts.servers.push_back({server.server, answers.empty() ? nullptr : answers.front().second});
    }
    facts.live = live_view(evidence, every_name_probed, facts.judge);
    facts.live.can_be_probed =
        std::ranges::any_of(views, [](const OwnerView* view) { return can_be_probed(view->asked); });
    if (policy_.assume_deployed) facts.live = assumed_view(facts, std::move(facts.live));
    return facts;
  }

  ByName<Desired> desired_;
  ByName<ServiceEvidence> evidence_;
  const Policy& policy_;
};

}  // namespace

std::vector<OwnerFacts> join(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                             const std::vector<ServiceEvidence>& evidence, const Policy& policy) {
  const Join facts(desired, evidence, policy);
  std::vector<OwnerFacts> out;
  for (const auto& zone : observed) facts.add_zone(zone, out);
  return out;
}

}  // namespace tlsa_update
