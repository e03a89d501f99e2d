// One pass of a command that may change something: look, plan, write ahead, act, look again. What
// core/planner.hpp describes, driven in a World; publish, prune and run are a few lines over it.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::rollover {

class Pass {
 public:
  Pass(World& world, LedgerStore& ledger, Events& events, const Wants& wants, Policy policy, Depth depth)
      : world_(world),
        ledger_(ledger),
        events_(events),
        wants_(wants),
        policy_(std::move(policy)),
        depth_(depth) {}

  // Looks and plans; sends nothing, leaves the ledger as it is and tells nothing: the caller reports.
  [[nodiscard]] report::Findings examine();

  // The same, with what the plan refuses counted as trouble, and reported.
  [[nodiscard]] report::Findings look_only();

  // Looks, remembers what was seen (the clock that allows a deployment starts here), and plans; sends
  // nothing.
  [[nodiscard]] report::Findings remember();

  // The same, then acts: a lost race is read and planned again a few times (RFC 2136 section 7.20).
  [[nodiscard]] report::Findings carry_out();

  // Evidence ages. If the last look is older than it may be when something is done that cannot be undone,
  // looks, remembers and plans again, and `found` has what is so now; true then.
  bool renew(report::Findings& found);

  // After a deployment: plans on what its look has seen. The ledger learns of it at the next pass.
  void plan_anew(report::Findings& found);

  // --assume-deployed speaks of the time after the deployment: until then it is ignored, and probes count.
  void ignore_assume_deployed() { policy_.assume_deployed = false; }

  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  enum class Round { done, again, failed };

  void look_around();
  [[nodiscard]] bool is_outdated() const;
  void look_before_adding();
  void look_closely(const std::set<Name>& asked);
  [[nodiscard]] Plan plan(const Ledger& ledger) const;
  [[nodiscard]] Ledger observed(Ledger ledger);
  [[nodiscard]] report::Findings findings(Plan plan) const;
  [[nodiscard]] report::Findings settle(report::Findings so_far);
  [[nodiscard]] std::optional<Plan> plan_ahead(report::Findings& all);
  [[nodiscard]] Round act_once(int round, report::Findings& all);
  [[nodiscard]] Round take_up(Acted acted, int round, report::Findings& all);

  World& world_;
  LedgerStore& ledger_;
  Events& events_;
  const Wants& wants_;
  Policy policy_;
  Depth depth_;
  Facts facts_;
  World::Milliseconds looked_at_{0};          // by the stopwatch
  std::map<Name, TtlLimit> ttls_;             // that servers granted
  std::map<Name, std::uint32_t> moved_ttls_;  // of RRsets that were there with another one
  Remarks outages_;                           // before anything was changed
};

// Refusals and critical findings of the plan become troubles.
void count_verdicts(report::Findings& findings);

}  // namespace tlsa_update::rollover
