#include "changes.hpp"

#include <algorithm>

#include "tlsa_update/deployment/end_signals.hpp"

namespace tlsa_update::rollover {
namespace {

using Outcomes = std::vector<dns::ChangeOutcome>;

// What is sent to one primary: it must be the one that was read.
struct ZoneWork {
  ZoneView* view = nullptr;
  const Sources::Zone* source = nullptr;
  std::vector<const RrsetPlan*> rrsets;  // those that change, as `changes`
  std::vector<dns::RrsetChange> changes;
};

// A zone is read more than once when sections of the configuration name different primaries, or keys, for
// names in it.
ZoneWork work_of(const ZonePlan& plan, ZoneView& view, const Sources::Zone& source) {
  ZoneWork work{&view, &source, {}, {}};
  if (view.apex != plan.zone || view.server != plan.server) return work;
  for (const auto& rrset : plan.rrsets) {
    if (!std::ranges::binary_search(view.owners, rrset.owner, {}, &OwnerView::owner)) continue;
    auto change = change_of(rrset);
    if (!change) continue;
    work.rrsets.push_back(&rrset);
    work.changes.push_back(std::move(*change));
  }
  return work;
}

Reason reason_of(const RrsetPlan& plan, const TlsaRecord& record) {
  return std::ranges::lower_bound(plan.steps, record, {}, &Step::record)->reason;
}

void note_applied(const dns::RrsetChange& change, const RrsetPlan& plan, Acted& acted, Events& events) {
  acted.changed = true;
  for (const auto& record : change.add) {
    if (!std::binary_search(change.remove.begin(), change.remove.end(), record))
      acted.added.emplace(std::pair(change.owner, record), reason_of(plan, record));
  }
  for (const auto& record : change.remove) {
    if (!std::binary_search(change.add.begin(), change.add.end(), record))
      acted.removed.emplace(std::pair(change.owner, record), reason_of(plan, record));
  }
  events.debug(change.owner.text() + ": " + std::to_string(change.add.size()) + " added, " +
               std::to_string(change.remove.size()) + " deleted, TTL " + std::to_string(change.ttl));
}

void take_up(const ZoneWork& work, const Outcomes& outcomes, Acted& acted, Events& events) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    if (outcome.is_in_doubt) acted.unanswered.insert(work.changes[i].owner);
    switch (outcome.kind) {
      case dns::ChangeOutcome::Kind::applied:
        note_applied(work.changes[i], *work.rrsets[i], acted, events);
        if (outcome.after && !work.changes[i].add.empty())
          acted.ttls[outcome.owner] = {work.changes[i].ttl, outcome.after->ttl};
        if (outcome.after && work.view->is_signed && !outcome.has_rrsig)
          events.warning(outcome.owner.text() + " is in the zone, but without a signature yet");
        break;
      case dns::ChangeOutcome::Kind::moved:
        acted.moved.push_back(work.rrsets[i]->asked);
        continue;
      case dns::ChangeOutcome::Kind::failed:
        acted.troubles.push_back(*outcome.error);
        continue;
      case dns::ChangeOutcome::Kind::not_sent:
        ++acted.not_sent;
        continue;
    }
    // Sorted by owner; several asked names may lead to one.
    auto& views = work.view->owners;
    for (auto view = std::ranges::lower_bound(views, outcome.owner, {}, &OwnerView::owner);
         view != views.end() && view->owner == outcome.owner; ++view) {
      view->rrset = outcome.after;
      view->has_rrsig = outcome.has_rrsig;
    }
  }
}

}  // namespace

std::optional<dns::RrsetChange> change_of(const RrsetPlan& plan) {
  if (!plan.changes()) return std::nullopt;
  dns::RrsetChange change;
  change.owner = plan.owner;
  change.observed = plan.observed;
  change.ttl = plan.ttl;
  change.remove = plan.removes();
  change.add = plan.adds();
  return change;
}

Acted send_changes(Session& session, const Plan& plan, std::vector<ZoneView>& zones, const Sources& sources) {
  std::vector<ZoneWork> works;
  std::size_t total = 0;
  for (const auto& zone : plan.zones) {
    for (std::size_t i = 0; i < zones.size(); ++i) {
      auto work = work_of(zone, zones[i], sources.zones[i]);
      total += work.changes.size();
      if (!work.changes.empty()) works.push_back(std::move(work));
    }
  }
  const deployment::EndSignals signals;
  std::size_t sent = 0;
  session.events().progress("changes sent", sent, total);
  std::vector<boost::asio::awaitable<Outcomes>> jobs;
  for (const auto& work : works) {
    dns::ApplyOptions options;
    options.transferable_records = work.source->transferred_records;
    options.progress = [&](std::size_t, std::size_t) {
      session.events().progress("changes sent", ++sent, total);
    };
    options.is_stopped = [&signals] { return signals.has_come(); };
    jobs.push_back(dns::apply(*work.source->primary, work.view->apex, work.changes, std::move(options)));
  }
  const auto outcomes = session.run_all(std::move(jobs));
  Acted acted;
  for (std::size_t i = 0; i < works.size(); ++i) take_up(works[i], outcomes[i], acted, session.events());
  return acted;
}

}  // namespace tlsa_update::rollover
