// publish: add what is missing, delete nothing (invariant I1).

#include "commands.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int publish(const Settings& settings) {
  Rounds rounds;
  rounds.depth = Depth::primary;
  rounds.needs_key = true;
  rounds.takes_lock = false;  // prerequisites guard against other writers
  rounds.check = [](const Session&, const Wants& wants) { return check_credentials(wants); };
  rounds.dry = [](Session&, const Wants&, Pass& pass) {
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : held_back_in(found.plan);
    return found;
  };
  rounds.real = [](Session&, const Wants&, Pass& pass, const state::LedgerFile& file) {
    auto found = pass.carry_out(file);
    found.remaining = held_back_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
