// Puts the decisions on one owner into an RrsetPlan: one step for each record that is there or is to come,
// the TTL, and the refusal where the owner must not be touched (I10).
#pragma once

#include <functional>

#include "additions.hpp"
#include "removals.hpp"

namespace tlsa_update {

// How far a published record that is wanted may be relied on; default: nobody asks.
using RelianceOf = std::function<Reliance(const TlsaRecord&)>;

// What keeps hands off this owner altogether, unless the operator insists.
[[nodiscard]] std::optional<Hazard> refusal_of(const OwnerFacts& facts, const Additions& additions,
                                               const Policy& policy);

[[nodiscard]] RrsetPlan plan_of(const Situation& situation, const Additions& additions,
                                const Verdicts& verdicts, const RelianceOf& reliance_of);

// Appends `rrset` to the plan of its zone, and when it is due to the plan.
void append(Plan& plan, const OwnerFacts& facts, RrsetPlan rrset);

// The earliest future instant wins.
void note_due(Plan& plan, const std::optional<Time>& due);

}  // namespace tlsa_update
