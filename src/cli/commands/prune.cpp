// prune: delete what is stale and provably safe to delete; nothing is added.

#include "commands.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int prune(const Settings& settings) {
  Rounds rounds;
  rounds.check = [](const Session& session, const Wants& wants) {
    return session.settings().unpublish ? Result<void>{} : check_credentials(wants);
  };
  rounds.needs_key = true;
  rounds.dry = [](Session&, const Wants&, Pass& pass) {
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : lingering_in(found.plan);
    return found;
  };
  rounds.real = [](Session&, const Wants&, Pass& pass, const state::LedgerFile& file) {
    auto found = pass.carry_out(file);
    found.remaining = lingering_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
