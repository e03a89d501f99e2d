// What a person should hear about an owner besides the steps: outages that are there already, changes that
// our own rules refuse, and faults that nobody asked about.
#pragma once

#include <optional>

#include "additions.hpp"

namespace tlsa_update {

// `now`: for certificates about to expire, where the plan has the owner's readiness already; none: not looked
// at.
void remark(Plan& plan, const OwnerFacts& facts, const Additions& additions, const Policy& policy,
            std::optional<Time> now);

// Digest agility (RFC 7671 section 9): true if clients would pass over the record of a current credential.
// Critical unless every chain that is served is accepted all the same.
[[nodiscard]] bool remark_passed_over(Plan& plan, const OwnerFacts& facts, const Additions& additions,
                                      const Policy& policy);

// --unpublish: only the operator can end a refusal.
void remark_refused_unpublishing(Plan& plan, const RrsetPlan& rrset, const Situation& situation);

}  // namespace tlsa_update
