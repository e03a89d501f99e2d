// ready: may the given credentials be deployed? Starts and watches the clock, changes nothing in DNS.

#include "commands.hpp"
#include "rounds.hpp"
#include "tlsa_update/rollover/rollout.hpp"

namespace tlsa_update::cli {

int ready(const Settings& settings) {
  Rounds rounds;
  rounds.takes_lock = false;
  rounds.check = [](const rollover::Session&, const rollover::Wants& wants) {
    return rollover::check_credentials(wants);
  };
  rounds.real = [](rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass,
                   const state::LedgerFile& file) {
    auto found = pass.remember(file);
    rollover::hand_over(session, wants, file, pass.facts(), found);
    found.remaining = report::unready_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
