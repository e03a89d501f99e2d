// ready: may the given credentials be deployed? Starts and watches the clock, changes nothing in DNS.

#include "commands.hpp"
#include "rollout.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int ready(const Settings& settings) {
  Rounds rounds;
  rounds.takes_lock = false;
  rounds.check = [](const Session&, const Wants& wants) { return check_credentials(wants); };
  rounds.real = [](Session&, const Wants& wants, Pass& pass, const state::LedgerFile& file) {
    auto found = pass.remember(file);
    hand_over(wants, file, pass.facts(), found);
    found.remaining = unready_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
