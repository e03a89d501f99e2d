#include "tlsa_update/core/plan.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

TlsaRecords records_with(const std::vector<Step>& steps, Action action) {
  TlsaRecords records;
  for (const auto& step : steps) {
    if (step.action == action) records.push_back(step.record);
  }
  return records;
}

bool any_with(const std::vector<Step>& steps, Action action) {
  return std::ranges::any_of(steps, [&](const Step& step) { return step.action == action; });
}

}  // namespace

bool RrsetPlan::changes() const {
  return moves_ttl || any_with(steps, Action::add) || any_with(steps, Action::remove);
}

// RFC 2181 section 5.2, and what Knot makes of re-adding a record: an RRset moves to another TTL by deleting
// and adding its records in one message.
TlsaRecords RrsetPlan::adds() const {
  auto added = records_with(steps, Action::add);
  if (!moves_ttl || !observed) return added;
  const auto removed = records_with(steps, Action::remove);
  TlsaRecords stay;
  std::ranges::set_difference(observed->records, removed, std::back_inserter(stay));
  TlsaRecords all;
  std::ranges::set_union(stay, added, std::back_inserter(all));
  return all;
}

TlsaRecords RrsetPlan::removes() const {
  return moves_ttl && observed ? observed->records : records_with(steps, Action::remove);
}

bool Plan::changes() const {
  return std::ranges::any_of(zones, [](const ZonePlan& zone) {
    return std::ranges::any_of(zone.rrsets, [](const RrsetPlan& rrset) { return rrset.changes(); });
  });
}

const Readiness* Plan::readiness_of(const Name& asked) const {
  const auto place = std::ranges::lower_bound(readiness, asked, {}, &Readiness::asked);
  return place != readiness.end() && place->asked == asked ? &*place : nullptr;
}

namespace {

bool is_there(const Step& step) { return step.state != RecordState::missing; }

bool is_new_combination(const RrsetPlan& rrset, const Step& added) {
  return added.action == Action::add && std::ranges::none_of(rrset.steps, [&](const Step& step) {
           return is_there(step) && step.record.parameters == added.record.parameters;
         });
}

}  // namespace

std::set<Name> names_to_look_at_closely(const Plan& plan) {
  std::set<Name> names;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      const bool is_at_risk = std::ranges::any_of(rrset.steps, [&](const Step& step) {
        return step.action == Action::remove || is_new_combination(rrset, step);
      });
      if (!is_at_risk) continue;
      names.insert(rrset.asked);
      names.insert(rrset.also_asked.begin(), rrset.also_asked.end());
    }
  }
  return names;
}

}  // namespace tlsa_update
