#include "tlsa_update/core/planner.hpp"

#include <utility>

#include "owner_remarks.hpp"
#include "rrset_plan.hpp"

namespace tlsa_update {
namespace {

// I1: what is there and not wanted is shown, nothing more.
Verdicts leave_alone(const OwnerFacts& facts, const OwnerLedger& memory) {
  Verdicts verdicts;
  for (const auto& record : facts.published()) {
    if (facts.find_wanted(record) != nullptr) continue;
    const LedgerEntry* entry = memory.find(record);
    if (facts.is_kept(record)) {
      verdicts[record] = {RecordState::kept, Action::none, Reason::protected_, std::nullopt};
    } else if (entry != nullptr && entry->owned) {
      verdicts[record] = {RecordState::published, Action::none, Reason::replacement_not_ready, std::nullopt};
    } else {
      verdicts[record] = {RecordState::foreign, Action::none, Reason::foreign, std::nullopt};
    }
  }
  return verdicts;
}

}  // namespace

Result<Desired> desire(Name asked, std::vector<GivenCredential> credentials,
                       std::vector<TlsaParameters> parameters, TaChoice ta, TlsaRecords keep) {
  Desired desired;
  for (const auto& given : credentials) {
    for (const auto& combination : parameters) {
      auto records = records_of(*given.credential, combination, ta);
      if (!records) return tl::unexpected(std::move(records).error());
      for (auto& record : *records) {
        desired.records.push_back({std::move(record), given.role, given.credential->source});
      }
    }
  }
  desired.asked = std::move(asked);
  desired.keep = std::move(keep);
  desired.parameters = std::move(parameters);
  desired.ta = ta;
  desired.credentials = std::move(credentials);
  return desired;
}

Plan plan_publish(const std::vector<Desired>& desired, const std::vector<ZoneView>& observed,
                  const Policy& policy, const Ledger& ledger, const std::vector<ServiceEvidence>& evidence) {
  Plan plan;
  for (const auto& facts : join(desired, observed, evidence, policy)) {
    const Situation situation{facts, memory_of(ledger, facts.owner()), policy, {}};
    const auto additions = choose_additions(situation, facts.published());
    const auto verdicts = leave_alone(facts, situation.memory);
    append(plan, facts, plan_of(situation, additions, verdicts, {}));
    remark(plan, facts, additions, policy, std::nullopt);
    plan.zones.back().rrsets.back().is_passed_over = remark_passed_over(plan, facts, additions, policy);
  }
  return plan;
}

}  // namespace tlsa_update
