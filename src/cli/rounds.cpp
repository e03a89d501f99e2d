#include "rounds.hpp"

#include <optional>

#include "failure.hpp"
#include "terminal.hpp"
#include "waiting.hpp"

namespace tlsa_update::cli {
namespace {

report::Findings failed(Error error) {
  log_error(error);
  report::Findings findings;
  findings.troubles.push_back(std::move(error));
  return findings;
}

Result<rollover::Wants> checked_wants(rollover::Session& session, const Rounds& rounds) {
  auto wants = session.run(rollover::gather_sound_wants(session, rounds.others));
  if (!wants) return wants;
  if (const auto sound = rounds.check(session, *wants); !sound) return tl::unexpected(sound.error());
  if (rounds.needs_key && !session.request().dry_run) {
    if (const auto signing = rollover::check_keys(session, *wants); !signing)
      return tl::unexpected(signing.error());
  }
  return wants;
}

}  // namespace

int run_rounds(const Settings& settings, const Rounds& rounds) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  // What is wrong with the command line or the files is said before the state directory is touched.
  auto wants = checked_wants(session, rounds);
  if (!wants) return failure(wants.error());
  auto policy = rollover::policy_of(settings);
  policy.adds = rounds.adds;
  policy.removes = rounds.removes;
  if (settings.dry_run) {
    rollover::Pass pass(session, *wants, policy, rounds.depth);
    return finish(rounds.dry(session, *wants, pass), settings.format);
  }
  std::optional<Result<state::RunLock>> lock;
  if (rounds.takes_lock) lock.emplace(state::RunLock::take(settings.state_directory));
  if (lock && !*lock) return failure(lock->error());
  const auto file = state::LedgerFile::open(settings.state_directory, terminal);
  if (!file) return failure(file.error());

  bool is_first = true;
  const auto round = [&] {
    if (!is_first) wants = checked_wants(session, rounds);
    is_first = false;
    if (!wants) return failed(wants.error());
    rollover::Pass pass(session, *wants, policy, rounds.depth);
    return rounds.real(session, *wants, pass, *file);
  };
  return finish(settings.wait ? wait_until_done(round) : round(), settings.format);
}

}  // namespace tlsa_update::cli
