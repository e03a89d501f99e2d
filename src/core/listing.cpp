#include "tlsa_update/core/listing.hpp"

#include <algorithm>
#include <utility>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/lint.hpp"

namespace tlsa_update {

RecordJudge::RecordJudge(const std::vector<Desired>& desired, std::vector<GivenCredential> given,
                         TlsaRecords kept, const Ledger& ledger)
    : given_(std::move(given)), kept_(std::move(kept)), ledger_(ledger) {
  for (const auto& wish : desired) asked_[wish.asked].push_back(&wish);
}

Listed RecordJudge::on(const Name& owner, const TlsaRecord& record, bool is_occluded) const {
  const auto* const ours = entry_of(owner, record);
  const bool is_ours = ours != nullptr;
  const auto whose = is_ours ? RecordState::published : RecordState::foreign;
  if (const auto fault = malformed(record)) return {whose, Reason::malformed, is_ours, {}, *fault};
  if (is_occluded) return {whose, Reason::occluded, is_ours, matched(record)};
  if (std::ranges::find(kept_, record) != kept_.end())
    return {RecordState::kept, Reason::protected_, is_ours};
  const auto asked = asked_.find(owner);
  return asked == asked_.end() ? on_unasked(record, ours) : on_asked(asked->second, record, is_ours);
}

Listed RecordJudge::on_unasked(const TlsaRecord& record, const LedgerEntry* ours) const {
  const auto reason = asked_.empty() ? Reason::unasked : Reason::orphan;
  auto credential = matched(record);
  auto state = RecordState::published;
  if (ours == nullptr && credential.empty()) state = RecordState::foreign;
  if (ours != nullptr && ours->retired_at) state = RecordState::stale;
  return {state, reason, ours != nullptr, std::move(credential)};
}

Listed RecordJudge::on_asked(const std::vector<const Desired*>& wishes, const TlsaRecord& record,
                             bool is_ours) const {
  for (const Desired* wish : wishes) {
    if (std::ranges::find(wish->keep, record) != wish->keep.end())
      return {RecordState::kept, Reason::protected_, is_ours};
  }
  for (const Desired* wish : wishes) {
    const auto wanted = std::ranges::find(wish->records, record, &Wanted::record);
    if (wanted != wish->records.end())
      return {RecordState::published, Reason::wanted, is_ours, wanted->credential};
  }
  auto credential = matched(record);
  if (!is_ours) return {RecordState::foreign, Reason::foreign, false, std::move(credential)};
  const bool is_partial = std::ranges::any_of(wishes, [](const Desired* wish) { return wish->is_partial; });
  if (is_partial) return {RecordState::published, Reason::unread, true, std::move(credential)};
  return {RecordState::stale, Reason::not_wanted, true, std::move(credential)};
}

const LedgerEntry* RecordJudge::entry_of(const Name& owner, const TlsaRecord& record) const {
  const auto memory = ledger_.owners.find(owner);
  if (memory == ledger_.owners.end()) return nullptr;
  const auto* const entry = memory->second.find(record);
  return entry != nullptr && entry->owned ? entry : nullptr;
}

std::string RecordJudge::matched(const TlsaRecord& record) const {
  for (const auto& given : given_) {
    if (Served::of(*given.credential).is_matched_by(record)) return given.credential->source;
  }
  return {};
}

}  // namespace tlsa_update
