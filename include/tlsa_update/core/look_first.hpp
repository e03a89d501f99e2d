// Which services have to be seen before a plan that only adds is carried out (invariant I3, RFC 7671
// sections 8.1 and 9). Decides from the plan alone; looks at nothing.
#pragma once

#include <set>

#include "tlsa_update/core/plan.hpp"

namespace tlsa_update {

// Names as the operator gives them, those that lead to one owner by CNAME included.
struct LookFirst {
  // Of the first record of a name or of a combination of parameters, and of one that a stronger digest
  // hides: every address of the service has to be seen.
  std::set<Name> everywhere;
  // All others that get a record, which breaks nothing: what answers soon is enough.
  std::set<Name> nearby;
  bool operator==(const LookFirst&) const = default;
};

// `plan` by plan_publish, without evidence, and with what it would hold back.
[[nodiscard]] LookFirst look_first(const Plan& plan);

}  // namespace tlsa_update
