// The gate before a deployment: once a credential goes live, does every RRset that a client may still know
// match it, in every combination (RFC 7671 sections 8.1 and 8.4, invariants I3 and I8)?
#pragma once

#include <vector>

#include "additions.hpp"

namespace tlsa_update {

// What stands between the current credentials and their deployment; empty when they may go live now.
// `additions` is what the same plan adds or holds back.
[[nodiscard]] std::vector<Blocker> blockers(const Situation& situation, const Additions& additions);

// When the last of what the current credentials rely on became, or becomes, reliable; nothing when unknown.
[[nodiscard]] std::optional<Time> ready_at(const Situation& situation, const std::vector<Blocker>& blockers);

}  // namespace tlsa_update
