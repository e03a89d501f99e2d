#include "tlsa_update/core/planner.hpp"

#include <algorithm>
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
  const auto is_issuer = [](const GivenCredential& given) { return given.role == Role::issuer; };
  const Role role_of_issuers = std::ranges::all_of(credentials, is_issuer) ? Role::current : Role::next;
  for (const auto& given : credentials) {
    for (const auto& combination : parameters) {
      if (is_issuer(given) && combination.of_end_entity()) continue;
      // --ta chooses from a chain.
      const bool is_one = is_issuer(given) && given.credential->chain.size() == 1;
      auto records = records_of(*given.credential, combination, is_one ? TaChoice::issuer : ta);
      if (!records) return tl::unexpected(std::move(records).error());
      for (auto& record : *records) {
        const Role role = is_issuer(given) ? role_of_issuers : given.role;
        desired.records.push_back({std::move(record), role, given.credential->source});
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

void protect(std::vector<Desired>& desired, const Desired& other) {
  TlsaRecords wanted = other.keep;
  for (const auto& one : other.records) wanted.push_back(one.record);
  for (auto& one : desired) {
    for (const auto& record : wanted) {
      if (std::ranges::find(one.keep, record) == one.keep.end()) one.keep.push_back(record);
    }
    one.is_partial = one.is_partial || other.is_partial;
  }
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
