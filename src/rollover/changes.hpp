// Sends the changes of a plan, those of all zones at once, and says what became of each. Decides nothing. A
// signal that means "end" stops it between messages; what was sent by then is still read back and reported.
#pragma once

#include <optional>
#include <vector>

#include "look.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/dns/updater.hpp"

namespace tlsa_update::rollover {

// What one RrsetPlan sends; nothing when it changes nothing.
[[nodiscard]] std::optional<dns::RrsetChange> change_of(const RrsetPlan& plan);

// `zones` are those that `plan` was made from; they are brought up to date with what was read back.
[[nodiscard]] Acted send_changes(Session& session, const Plan& plan, std::vector<ZoneView>& zones,
                                 const Sources& sources);

}  // namespace tlsa_update::rollover
