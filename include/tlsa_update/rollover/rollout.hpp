// From "ready" to "served": deploys each service whose every name is ready, with those that share a file with
// it, and looks whether it then presents what was deployed. The word that releases a credential is in the
// ledger before a file is touched.
#pragma once

#include "tlsa_update/rollover/pass.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::rollover {

// For services without `install` lines: records the ready ones in the ledger as released and deployed.
void hand_over(Session& session, const Wants& wants, const state::LedgerFile& file, const Facts& facts,
               report::Findings& found);

// Completes an installation that a killed run had begun, whatever is ready now: a pair must not stay apart.
[[nodiscard]] Result<void> finish_begun(const Request& request, Events& events);

// Every file that is to be installed lies in its place, and no reload is due.
[[nodiscard]] bool is_deployed(const Request& request, const Wants& wants);

// Adds to `found`: troubles, `changed`, and what remains. In a dry run only says what would be installed.
void roll_out(Session& session, const Wants& wants, const state::LedgerFile* file, const Facts& facts,
              report::Findings& found);

}  // namespace tlsa_update::rollover
