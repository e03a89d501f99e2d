// run: one pass of all of it - publish, deploy what is ready, prune. Re-entrant: what hooks and timers call.

#include "commands.hpp"
#include "rollout.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int run(const Settings& settings) {
  Rounds rounds;
  rounds.check = [](const Session&, const Wants& wants) { return check_credentials(wants); };
  rounds.needs_key = true;
  rounds.dry = [](Session& session, const Wants& wants, Pass& pass) {
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : waiting_in(found.plan);
    roll_out(session, wants, nullptr, pass.facts(), found);
    return found;
  };
  rounds.real = [](Session& session, const Wants& wants, Pass& pass, const LedgerFile& file) {
    auto found = pass.carry_out(file);
    found.remaining = waiting_in(found.plan);
    hand_over(wants, file, pass.facts(), found);
    roll_out(session, wants, &file, pass.facts(), found);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
