// What a command found and did, as one value; cli prints it as text or JSON. Owns the words for reasons and
// hazards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

// For people: one clause saying what the reason means for this step.
[[nodiscard]] std::string detail(const Step& step, const RrsetPlan& plan);

// For people: why a credential may not be deployed yet.
[[nodiscard]] std::string detail(const Blocker& blocker);

// For people: why a hazard refuses and what to do.
[[nodiscard]] Error refusal(Hazard hazard, const Name& owner);

}  // namespace tlsa_update
