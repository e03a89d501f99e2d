// One pass of a command that may change something: look, plan, write ahead, act, look again. What
// core/planner.hpp describes, driven against real servers; publish, prune and run are a few lines over it.
#pragma once

#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/facts.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::rollover {

class Pass {
 public:
  Pass(Session& session, const Wants& wants, Policy policy, Depth depth)
      : session_(session), wants_(wants), policy_(std::move(policy)), depth_(depth) {}

  // Looks and plans; sends nothing, leaves the ledger as it is and logs no finding: the caller reports.
  [[nodiscard]] report::Findings examine();

  // The same, with what the plan refuses counted as trouble, and logged.
  [[nodiscard]] report::Findings look_only();

  // Looks, remembers what was seen (the clock that allows a deployment starts here), and plans; sends
  // nothing.
  [[nodiscard]] report::Findings remember(const state::LedgerFile& file);

  // The same, then acts: a lost race is read and planned again a few times (RFC 2136 section 7.20).
  [[nodiscard]] report::Findings carry_out(const state::LedgerFile& file);

  // --assume-deployed is not true yet: from here on probes are what counts.
  void take_no_word() { policy_.assume_deployed = false; }

  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  void look_around();
  void look_before_adding();
  [[nodiscard]] Plan plan(const Ledger& ledger) const;
  [[nodiscard]] Ledger observed(Ledger ledger) const;
  [[nodiscard]] report::Findings findings(Plan plan) const;
  [[nodiscard]] report::Findings settle(const state::LedgerFile& file, report::Findings so_far);

  Session& session_;
  const Wants& wants_;
  Policy policy_;
  Depth depth_;
  Facts facts_;
  std::map<Name, TtlLimit> ttls_;  // that servers granted
};

// Refusals and critical findings of the plan become troubles.
void count_verdicts(report::Findings& findings);

}  // namespace tlsa_update::rollover
