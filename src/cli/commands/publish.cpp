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
    if (found.plan.changes()) found.remaining = ErrorCode::differences;
    return found;
  };
  rounds.real = [](Session&, const Wants&, Pass& pass, const LedgerFile& file) {
    return pass.carry_out(file);
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
