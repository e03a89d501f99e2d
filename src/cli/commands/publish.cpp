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
    conclude_look(found, Goal::addition);
    return found;
  };
  rounds.real = [](Session&, const Wants&, Pass& pass, const LedgerFile& file) {
    auto found = pass.carry_out(file);
    conclude_pass(found, Goal::addition);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
