// Which services have to be seen before a plan that only adds is carried out (invariant I3, RFC 7671
// sections 8.1 and 9). Decides from the plan alone; looks at nothing.
#pragma once

#include <set>

#include "tlsa_update/core/plan.hpp"

namespace tlsa_update {

// Names as they were asked for, those that lead to one owner by CNAME included.
struct LookFirst {
  // A combination of parameters is new to an RRset that clients may rely on, or a stronger digest hides what
  // is wanted: all of the service has to be seen.
  std::set<Name> everywhere;
  // Of those: the new records take the place of records that clients may rely on, since only the strongest
  // digest counts. A service that shows nothing holds these back, and no other.
  std::set<Name> replaced;
  // All others that get a record: what answers soon is enough.
  std::set<Name> nearby;
  bool operator==(const LookFirst&) const = default;
};

// `plan` by plan_publish, without evidence.
[[nodiscard]] LookFirst look_first(const Plan& plan);

}  // namespace tlsa_update
