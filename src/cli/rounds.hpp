// The frame of the commands that may act: read what is wanted, check it, lock, and run a round - once, or
// with --wait until nothing is left to wait for. Every round reads the credentials anew, because a renewal
// may come while we wait.
#pragma once

#include <functional>

#include "settings.hpp"
#include "tlsa_update/rollover/pass.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::cli {

struct Rounds {
  rollover::Depth depth = rollover::Depth::live;
  bool needs_key = false;  // sends UPDATEs: a TSIG key is asked for before anything else happens
  bool adds = true;        // may add records
  bool removes = true;     // may delete records
  rollover::Others others = rollover::Others::ignored;
  bool takes_lock = true;  // one such run at a time on this machine
  std::function<Result<void>(const rollover::Session& session, const rollover::Wants& wants)> check;
  std::function<report::Findings(rollover::Session& session, const rollover::Wants& wants,
                                 rollover::Pass& pass)>
      dry;  // --dry-run
  std::function<report::Findings(rollover::Session& session, const rollover::Wants& wants,
                                 rollover::Pass& pass, const state::LedgerFile& file)>
      real;
};

// Prints the last round's findings; gives the exit status.
[[nodiscard]] int run_rounds(const Settings& settings, const Rounds& rounds);

}  // namespace tlsa_update::cli
