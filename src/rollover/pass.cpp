#include "tlsa_update/rollover/pass.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/look_first.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update::rollover {
namespace {

using Milliseconds = World::Milliseconds;

constexpr int race_rounds = 8;
constexpr Milliseconds evidence_lives{10'000};  // until something is done that cannot be undone
// Servers may let a client wait for their greeting, at every connection. Whatever takes longer has stood
// still.
constexpr Milliseconds longest_close_look{60'000};
constexpr Milliseconds shortest_wait{10};
constexpr Milliseconds longest_wait{10'000};

// RFC 2136 section 7.20: competing requestors wait for different times, longer at each round. What counts is
// how many rounds of the others fit in.
Milliseconds most_before(int round, Milliseconds length_of_round) {
  return std::min(longest_wait, std::max(length_of_round, Milliseconds(20)) * (2 << round));
}

void append(std::vector<Error>& to, const std::vector<Error>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Of what is added, and so over when it is there: told before.
bool is_about_additions(const Remark& warning) {
  return warning.kind == RemarkKind::nothing_served || warning.kind == RemarkKind::unseen ||
         warning.kind == RemarkKind::new_combination;
}

// What the report shows only in part.
void tell_verdicts(const report::Findings& findings, Events& events) {
  for (const auto& warning : findings.plan.warnings) {
    if (!is_about_additions(warning)) events.warning(text(warning));
  }
  for (const auto& trouble : findings.troubles) events.error(trouble);
  for (const auto& zone : findings.zones) {
    if (!is_signed_to_clients(zone))
      events.warning(text(Remark{.kind = RemarkKind::unsigned_zone, .owner = zone.apex}));
    for (const auto& view : zone.owners) {
      if (!view.host_exists) events.warning(text(Remark{.kind = RemarkKind::no_host, .owner = view.asked}));
    }
  }
}

TlsaRecords records_after(const RrsetPlan& rrset) {
  TlsaRecords records;
  for (const auto& step : rrset.steps) {
    const bool is_there = step.state != RecordState::missing;
    if (is_there ? step.action != Action::remove : step.action == Action::add) records.push_back(step.record);
  }
  return records;
}

// What is worth a warning in the RRsets that are about to change, as they will be then.
void tell_remarks(const Plan& plan, const std::vector<Desired>& desired, Events& events) {
  if (!plan.changes()) return;
  for (const auto& warning : plan.warnings) {
    if (is_about_additions(warning)) events.warning(text(warning));
  }
  std::map<Name, std::vector<const Credential*>> given;
  for (const auto& wish : desired) {
    for (const auto& one : wish.credentials) given[wish.asked].push_back(one.credential.get());
  }
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      if (!rrset.changes()) continue;
      const auto records = records_after(rrset);
      for (const auto& remark : remarks(rrset.owner, given[rrset.asked], records, rrset.ttl))
        events.warning(text(remark));
    }
  }
}

std::vector<std::string> labels_of(const std::vector<WantedService>& services) {
  std::vector<std::string> labels;
  for (const auto& service : services) labels.push_back(service.settings->label);
  return labels;
}

// Of those that want a record of these owners.
std::vector<std::string> missing_configurations(const Ledger& ledger, const Facts& facts, World& world) {
  std::set<std::string> all;
  for (const auto& zone : facts.zones) {
    for (const auto& view : zone.owners) {
      const auto memory = ledger.owners.find(view.owner);
      if (memory == ledger.owners.end()) continue;
      for (const auto& entry : memory->second.records) {
        for (const auto& by : entry.wanters) all.insert(by.who.configuration);
      }
    }
  }
  std::erase_if(all, [&](const std::string& path) { return path.empty() || world.has_configuration(path); });
  return {all.begin(), all.end()};
}

bool removes_any(const Plan& plan) {
  return std::ranges::any_of(plan.zones, [](const ZonePlan& zone) {
    return std::ranges::any_of(zone.rrsets, [](const RrsetPlan& rrset) {
      return std::ranges::any_of(rrset.steps, [](const Step& step) { return step.action == Action::remove; });
    });
  });
}

std::map<Name, std::uint32_t> moved_by(const Plan& plan, const Acted& acted) {
  std::map<Name, std::uint32_t> moved;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      const auto ttl = acted.ttls.find(rrset.owner);
      if (rrset.moves_ttl && ttl != acted.ttls.end() && ttl->second.granted == rrset.ttl)
        moved[rrset.owner] = rrset.ttl;
    }
  }
  return moved;
}

bool has(const Remarks& remarks, const Remark& remark) {
  return std::ranges::find(remarks, remark) != remarks.end();
}

Remarks outages_of(const Plan& plan) {
  Remarks outages;
  std::ranges::copy_if(plan.critical, std::back_inserter(outages),
                       [](const Remark& remark) { return remark.kind == RemarkKind::outage; });
  return outages;
}

std::set<Name> asked_names(const std::vector<Desired>& desired) {
  std::set<Name> names;
  for (const auto& wish : desired) names.insert(wish.asked);
  return names;
}

// Before what only adds, look_before_adding() has looked closely.
std::set<Name> unsure_names(const Plan& plan, Depth depth) {
  return depth == Depth::primary ? std::set<Name>{} : names_to_look_at_closely(plan);
}

}  // namespace

void Pass::look_around() {
  policy_.judge = world_.judge();
  facts_ = world_.look(wants_, depth_);
  looked_at_ = world_.stopwatch();
  if (depth_ == Depth::primary) return look_before_adding();
  // What another machine presents is not taken over: all addresses count, and not those of --address alone.
  if (policy_.adopt_all) look_closely(asked_names(wants_.desired));
}

// Meanwhile the machine may have stood still, and the administrator gone back to the old certificate.
bool Pass::is_outdated() const { return world_.stopwatch() - looked_at_ > evidence_lives; }

// Even what only adds looks at what is served before it adds the first record of a name or of a combination
// (I3, W6): wherever clients may go. Of another addition, which breaks nothing, at what is near, to tell of
// an outage.
void Pass::look_before_adding() {
  auto bold = policy_;
  bold.force = true;  // what there is to add, whatever is served
  const auto look = look_first(plan_publish(wants_.desired, facts_.zones, bold));
  if (!look.everywhere.empty())
    facts_.evidence = world_.probe(wants_, facts_, look.everywhere, Reach::everywhere);
  if (look.nearby.empty()) return;
  auto near = world_.probe(wants_, facts_, look.nearby, Reach::nearby);
  std::ranges::move(near, std::back_inserter(facts_.evidence));
}

// What was seen of these services is replaced by what a close look shows. Up to a minute, the time that it
// takes does not make the evidence any older: else nothing would ever be deleted behind slow greetings.
void Pass::look_closely(const std::set<Name>& asked) {
  std::erase_if(facts_.evidence, [&](const ServiceEvidence& evidence) {
    const auto owner = evidence.service.owner();
    return owner && asked.contains(*owner);
  });
  const auto began = world_.stopwatch();
  auto closer = world_.probe(wants_, facts_, asked, Reach::everywhere);
  std::ranges::move(closer, std::back_inserter(facts_.evidence));
  looked_at_ += std::min(world_.stopwatch() - began, longest_close_look);
}

Plan Pass::plan(const Ledger& ledger) const {
  if (depth_ == Depth::primary)
    return plan_publish(wants_.desired, facts_.zones, policy_, ledger, facts_.evidence);
  return plan_rollover(wants_.desired, facts_.zones, ledger, facts_.evidence, policy_, world_.now());
}

Ledger Pass::observed(Ledger ledger) {
  policy_.asker.judged = labels_of(wants_.services);
  policy_.asker.missing = missing_configurations(ledger, facts_, world_);
  auto clock = world_.clock();
  clock.is_confirmed = facts_.is_signed_by_primaries;
  return observe(std::move(ledger), wants_.desired, facts_.zones, facts_.evidence, policy_, clock);
}

report::Findings Pass::findings(Plan plan) const {
  report::Findings findings;
  findings.zones = facts_.zones;
  findings.plan = std::move(plan);
  findings.judge = policy_.judge;
  if (depth_ == Depth::live) findings.evidence = facts_.evidence;
  findings.dnssec = facts_.dnssec;
  findings.no_verdict = facts_.no_verdict;
  findings.troubles = facts_.troubles;
  findings.not_readable = wants_.not_readable;
  if (const auto why = ledger_.why_unread()) {
    findings.has_ledger = false;
    findings.not_readable.push_back(*why);
  }
  append(findings.troubles, wants_.failures);  // the other services go on, and the exit status counts it
  return findings;
}

report::Findings Pass::examine() {
  look_around();
  auto next = plan(observed(ledger_.peek()));
  const auto unsure = unsure_names(next, depth_);
  if (unsure.empty()) return findings(std::move(next));
  look_closely(unsure);
  return findings(plan(observed(ledger_.peek())));
}

report::Findings Pass::look_only() {
  auto found = examine();
  for (const auto& file : found.not_readable) events_.warning(file.text());
  tell_remarks(found.plan, wants_.desired, events_);
  count_verdicts(found);
  tell_verdicts(found, events_);
  return found;
}

report::Findings Pass::remember() {
  look_around();
  return settle({});
}

// The end of a pass: what is so now is remembered, and planned on once more.
report::Findings Pass::settle(report::Findings so_far) {
  Plan after;
  const auto kept = ledger_.change([&](Ledger& ledger) {
    ledger = moved_ttls(granted(observed(std::move(ledger)), ttls_), moved_ttls_);
    after = plan(ledger);
  });
  if (!kept) append(so_far.troubles, {kept.error()});
  auto found = findings(std::move(after));
  found.added = std::move(so_far.added);
  found.removed = std::move(so_far.removed);
  found.changed = so_far.changed;
  found.is_withheld = so_far.is_withheld;
  append(found.troubles, so_far.troubles);
  count_verdicts(found);
  tell_verdicts(found, events_);
  // What was added ends it, as caches run out.
  for (const auto& outage : outages_) {
    if (!has(found.plan.critical, outage)) events_.warning(text(outage));
  }
  return found;
}

report::Findings Pass::carry_out() {
  report::Findings all;
  auto state = Round::again;
  for (int round = 0; state == Round::again; ++round) {
    const auto began = world_.stopwatch();
    state = act_once(round, all);
    if (state == Round::failed) {
      tell_verdicts(all, events_);
      return all;
    }
    if (state == Round::done) break;
    if (!world_.pause(shortest_wait, most_before(round, world_.stopwatch() - began))) {
      append(
          all.troubles,
          {{ErrorCode::not_yet, "stopped by a signal before the change was planned again", {}, "run again"}});
      break;
    }
  }
  if (all.changed && depth_ != Depth::primary) look_around();
  return settle(std::move(all));
}

bool Pass::renew(report::Findings& found) {
  if (!is_outdated()) return false;
  events_.info("what was seen is more than 10 s old: looking again before anything is installed");
  look_around();
  const auto before = std::exchange(found.troubles, {});
  found = settle(std::move(found));
  for (const auto& trouble : before) {
    const auto is_it = [&](const Error& other) { return other.text() == trouble.text(); };
    if (std::ranges::none_of(found.troubles, is_it)) found.troubles.push_back(trouble);
  }
  return true;
}

void Pass::plan_anew(report::Findings& found) {
  if (found.evidence) facts_.evidence = *found.evidence;
  found.plan = plan(observed(ledger_.peek()));
}

Pass::Round Pass::act_once(int round, report::Findings& all) {
  look_around();
  auto next = plan_ahead(all);
  if (!next) return Round::failed;
  if (removes_any(*next) && is_outdated()) {
    events_.info("what was seen is more than 10 s old: looking again before anything is deleted");
    if (round + 1 < race_rounds) return Round::again;
    append(all.troubles,
           {{ErrorCode::not_yet, "each look is outdated before it can be acted on", {}, "run again"}});
    return Round::done;
  }
  if (round == 0) {
    tell_remarks(*next, wants_.desired, events_);
    outages_ = outages_of(*next);
  }
  auto acted = world_.apply(*next, facts_);
  moved_ttls_.merge(moved_by(*next, acted));
  if (removes_any(*next)) {
    const auto kept = ledger_.change(
        [&](Ledger& ledger) { ledger = answered(std::move(ledger), *next, acted.unanswered); });
    if (!kept) append(acted.troubles, {kept.error()});
  }
  return take_up(std::move(acted), round, all);
}

// Plans, with a close look at whatever the plan puts at risk. What is intended is in the ledger ahead of the
// change: a full disk stops us before anything is sent, and a crash leaves our records ours (I4).
std::optional<Plan> Pass::plan_ahead(report::Findings& all) {
  Plan next;
  std::set<Name> unsure, close;  // names whose services are to be, and have been, looked at closely
  do {
    if (!unsure.empty()) look_closely(unsure);
    close.merge(unsure);
    const auto ahead = ledger_.change([&](Ledger& ledger) {
      ledger = observed(std::move(ledger));
      next = plan(ledger);
      unsure = unsure_names(next, depth_);
      std::erase_if(unsure, [&](const Name& name) { return close.contains(name); });
      if (unsure.empty()) ledger = intend(std::move(ledger), next, world_.clock().wall);
    });
    if (!ahead) {
      append(all.troubles, facts_.troubles);
      append(all.troubles, {ahead.error()});
      return std::nullopt;
    }
  } while (!unsure.empty());
  return next;
}

Pass::Round Pass::take_up(Acted acted, int round, report::Findings& all) {
  all.added.merge(acted.added);
  all.removed.merge(acted.removed);
  for (const auto& [owner, ttl] : acted.ttls) ttls_.insert_or_assign(owner, ttl);
  all.changed |= acted.changed;
  all.is_withheld |= acted.is_withheld;
  append(all.troubles, acted.troubles);
  if (acted.not_sent > 0) {
    const auto left = acted.not_sent + acted.moved.size();
    append(all.troubles,
           {{ErrorCode::not_yet,
             "stopped by a signal: " + count(left, "RRset is", "RRsets are") + " left as before",
             {},
             "run again"}});
    return Round::done;
  }
  if (acted.moved.empty()) return Round::done;
  if (round + 1 == race_rounds) {
    append(all.troubles, {{ErrorCode::not_yet, "others kept changing the RRset in between",
                           acted.moved.front().text(), "run again"}});
    return Round::done;
  }
  events_.info(acted.moved.front().text() + ": somebody else changed the RRset meanwhile; reading again");
  return Round::again;
}

void count_verdicts(report::Findings& findings) {
  for (const auto& critical : findings.plan.critical) {
    const auto topic = critical.kind == RemarkKind::outage ? Topic::outage : Topic::none;
    findings.troubles.push_back({ErrorCode::unsafe, text(critical), {}, {}, topic});
  }
  for (const auto& zone : findings.plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      if (rrset.refused) append(findings.troubles, {refusal(*rrset.refused, rrset.owner)});
    }
  }
}

}  // namespace tlsa_update::rollover
