// What a person should hear about an owner besides the steps: outages that are there already, changes that
// our own rules refuse, and faults that nobody asked about.
#pragma once

#include <optional>

#include "additions.hpp"

namespace tlsa_update {

// `now`: for certificates about to expire; none: not looked at.
void remark(Plan& plan, const OwnerFacts& facts, const Additions& additions, const Policy& policy,
            std::optional<Time> now);

}  // namespace tlsa_update
