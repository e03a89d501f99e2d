// prune: delete what is stale and provably safe to delete; nothing is added.

#include "commands.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {

int prune(const Settings& settings) {
  Rounds rounds;
  rounds.check = [](const rollover::Session& session, const rollover::Wants& wants) {
    return session.request().unpublish ? Result<void>{} : rollover::check_credentials(wants);
  };
  rounds.needs_key = true;
  rounds.adds = false;
  rounds.others = rollover::Others::protected_;
  rounds.dry = [](rollover::Session&, const rollover::Wants&, rollover::Pass& pass) {
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : report::lingering_in(found.plan);
    return found;
  };
  rounds.real = [](rollover::Session&, const rollover::Wants&, rollover::Pass& pass,
                   const state::LedgerFile& file) {
    auto found = pass.carry_out(file);
    found.remaining = report::lingering_in(found.plan);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
