// run: one pass of all of it - publish, deploy what is ready, prune. Re-entrant: what hooks and timers call.

#include "commands.hpp"
#include "failure.hpp"
#include "rounds.hpp"
#include "terminal.hpp"
#include "tlsa_update/rollover/rollout.hpp"

namespace tlsa_update::cli {
namespace {

// A chain that we have not deployed is not served: the word was given for afterwards. So what it lets go is
// deleted by the pass after the deployment, at the earliest.
void weigh_word(const rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass) {
  if (!session.request().assume_deployed || rollover::is_deployed(session.request(), wants)) return;
  session.events().info("--assume-deployed does not count yet: the deployment is not done");
  pass.take_no_word();
}

}  // namespace

int run(const Settings& settings) {
  Terminal terminal(settings.quiet);
  if (const auto ended = rollover::finish_begun(settings, terminal); !ended) return failure(ended.error());
  Rounds rounds;
  rounds.check = [](const rollover::Session&, const rollover::Wants& wants) {
    return rollover::check_credentials(wants);
  };
  rounds.needs_key = true;
  rounds.others = rollover::Others::protected_;
  rounds.dry = [](rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass) {
    weigh_word(session, wants, pass);
    auto found = pass.look_only();
    found.remaining = found.plan.changes() ? ErrorCode::differences : report::waiting_in(found.plan);
    rollover::roll_out(session, wants, nullptr, pass.facts(), found);
    return found;
  };
  rounds.real = [](rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass,
                   const state::LedgerFile& file) {
    weigh_word(session, wants, pass);
    auto found = pass.carry_out(file);
    found.remaining = report::waiting_in(found.plan);
    rollover::hand_over(session, wants, file, pass.facts(), found);
    rollover::roll_out(session, wants, &file, pass.facts(), found);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
