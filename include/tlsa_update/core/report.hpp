// The words for reasons, blockers, verdicts and hazards. Holds no findings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/listing.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/waits.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

// For people: what a reason means.
[[nodiscard]] std::string_view meaning(Reason reason);

// For people: one clause saying what the reason means for this step.
[[nodiscard]] std::string detail(const Step& step, const RrsetPlan& plan);

// For people: what waits, why, and until when; for a wait that the operator ends, how.
[[nodiscard]] std::string detail(const Wait& wait);

// For people, after "a certificate that ...": why clients do not accept it, and what to do.
[[nodiscard]] std::string why_refused(const Acceptance& acceptance);

// For people: what is wrong with an endpoint, in which RRset; empty when nothing is known to be.
[[nodiscard]] std::string detail(const EndpointVerdict& verdict, const Presented& presented);

// For people: what list says of a record.
[[nodiscard]] std::string detail(const Listed& listed);

// For people: one sentence.
[[nodiscard]] std::string text(const Remark& remark);

// For people: why a hazard refuses and what to do.
[[nodiscard]] Error refusal(Hazard hazard, const Name& owner);

}  // namespace tlsa_update
