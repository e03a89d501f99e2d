// What a deployment and a hand-over have in common.
#pragma once

#include <vector>

#include "tlsa_update/rollover/rollout.hpp"

namespace tlsa_update::rollover {

// Every one of its owners is.
[[nodiscard]] bool is_ready(const WantedService& service, const Plan& plan);

// One of the planner's two stamps: released for deployment, or deployed.
using Stamp = Ledger (*)(Ledger, const std::vector<Desired>&, const std::vector<ZoneView>&,
                         const std::vector<Name>&, Time);

// Writes the stamp into the ledger. False: that could not be saved, and is among the troubles.
[[nodiscard]] bool remember(const Stage& stage, Stamp stamp, const std::vector<Name>& names);

[[nodiscard]] deployment::ServiceFiles files_of(const WantedService& service);

void add_trouble(const Stage& stage, Error error);

}  // namespace tlsa_update::rollover
