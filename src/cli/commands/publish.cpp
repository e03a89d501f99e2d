// publish: add what is missing, delete nothing (invariant I1).

#include "commands.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int publish(const Settings& settings) {
  Rounds rounds;
  rounds.depth = rollover::Depth::primary;
  rounds.needs_key = true;
  rounds.removes = false;
  rounds.takes_lock = false;  // prerequisites guard against other writers
  rounds.check = [](const rollover::Session&, const rollover::Wants& wants) {
    return rollover::check_credentials(wants);
  };
  rounds.dry = [](rollover::Session&, const rollover::Wants&, rollover::Pass& pass) {
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : report::held_back_in(found.plan);
    return found;
  };
  rounds.real = [](rollover::Session&, const rollover::Wants&, rollover::Pass& pass,
                   const state::LedgerFile& file) {
    auto found = pass.carry_out(file);
    found.remaining = report::held_back_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
