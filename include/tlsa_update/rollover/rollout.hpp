// From "ready" to "served": deploys each service whose every name is ready, with those that share a file with
// it, and looks whether it then presents what was deployed. That a credential is released is in the ledger
// before a file is touched.
#pragma once

#include <functional>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::rollover {

// What a deployment is about, after a pass.
struct Stage {
  World& world;
  LedgerStore& ledger;
  Events& events;
  const Request& request;
  const Wants& wants;
  const Facts& facts;
  report::Findings& found;  // troubles, `changed` and what remains are added to it
  // Before the first file is replaced: brings `found` up to date if that is due.
  std::function<void()> renew = [] {};
  // After a deployment: has `found` tell what is so now, by the look that followed it.
  std::function<void()> conclude = [] {};
};

// For services without `install` lines: records the ready ones in the ledger as released and deployed.
void hand_over(const Stage& stage);

// Every file that is to be installed lies in its place, and no reload is due.
[[nodiscard]] bool is_deployed(World& world, const Wants& wants);

void roll_out(const Stage& stage);

}  // namespace tlsa_update::rollover
