// Who wants a record besides those who are asked now. A record is stale for all of them, or not at all.
#pragma once

#include <optional>

#include "owner_facts.hpp"

namespace tlsa_update {

// Notes who wants `entry` now, who has changed its mind, and whose wanters are not there any more.
void follow_wanters(LedgerEntry& entry, const OwnerFacts& facts, const Policy& policy, Time now);

// Who else wants the record, as `--forget` takes it: a service of this configuration, or the path of another.
[[nodiscard]] std::vector<std::string> claimants(const LedgerEntry& entry, const OwnerFacts& facts,
                                                 const Asker& asker);

// Somebody who was not asked wants a record.
struct Claim {
  std::optional<Time> until;  // set when nobody of them is there any more
};
[[nodiscard]] std::optional<Claim> claim_on(const LedgerEntry& entry, const OwnerFacts& facts,
                                            const Policy& policy, Time now);

// Both sorted, each once.
void merge_wanters(std::vector<Wanter>& to, const std::vector<Wanter>& from);

}  // namespace tlsa_update
