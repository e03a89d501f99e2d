// The frame of the commands that may act: read what is wanted, check it, lock, and run a round - once, or
// with --wait until nothing is left to wait for. Every round reads the credentials anew, because a renewal
// may come while we wait.
#pragma once

#include <functional>

#include "pass.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::cli {

struct Rounds {
  Depth depth = Depth::live;
  bool needs_key = false;  // sends UPDATEs: a TSIG key is asked for before anything else happens
  bool takes_lock = true;  // one such run at a time on this machine
  std::function<Result<void>(const Session& session, const Wants& wants)> check;
  std::function<Findings(Session& session, const Wants& wants, Pass& pass)> dry;  // --dry-run
  std::function<Findings(Session& session, const Wants& wants, Pass& pass, const state::LedgerFile& file)>
      real;
};

// Prints the last round's findings; gives the exit status.
[[nodiscard]] int run_rounds(const Settings& settings, const Rounds& rounds);

}  // namespace tlsa_update::cli
