// run: one pass of all of it - publish, deploy what is ready, prune. Re-entrant: what hooks and timers call.

#include "commands.hpp"
#include "failure.hpp"
#include "log.hpp"
#include "rollout.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {
namespace {

// A chain that we have not deployed is not served: the word was given for afterwards. So what it lets go is
// deleted by the pass after the deployment, at the earliest.
void weigh_word(const Session& session, const Wants& wants, Pass& pass) {
  if (!session.settings().assume_deployed || is_deployed(session, wants)) return;
  log_info("--assume-deployed does not count yet: the deployment is not done");
  pass.take_no_word();
}

}  // namespace

int run(const Settings& settings) {
  if (const auto ended = finish_begun(settings); !ended) return failure(ended.error());
  Rounds rounds;
  rounds.check = [](const Session&, const Wants& wants) { return check_credentials(wants); };
  rounds.needs_key = true;
  rounds.dry = [](Session& session, const Wants& wants, Pass& pass) {
    weigh_word(session, wants, pass);
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : waiting_in(found.plan);
    roll_out(session, wants, nullptr, pass.facts(), found);
    return found;
  };
  rounds.real = [](Session& session, const Wants& wants, Pass& pass, const state::LedgerFile& file) {
    weigh_word(session, wants, pass);
    auto found = pass.carry_out(file);
    found.remaining = waiting_in(found.plan);
    hand_over(wants, file, pass.facts(), found);
    roll_out(session, wants, &file, pass.facts(), found);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
