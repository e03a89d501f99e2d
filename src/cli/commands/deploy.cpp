// deploy: when every name of a service is ready, install its files and run the reload command.

#include <algorithm>

#include "commands.hpp"
#include "failure.hpp"
#include "rounds.hpp"
#include "terminal.hpp"
#include "tlsa_update/rollover/rollout.hpp"

namespace tlsa_update::cli {
namespace {

Result<void> check_installs(const rollover::Wants& wants) {
  const bool any = std::ranges::any_of(wants.services, [](const rollover::WantedService& service) {
    return !service.settings->installs.empty();
  });
  if (any) return {};
  return fail(ErrorCode::usage, "there is nothing to install", wants.services.front().settings->label,
              "give --install \"FROM -> TO\"");
}

}  // namespace

int deploy(const Settings& settings) {
  Terminal terminal(settings.quiet);
  if (const auto ended = rollover::finish_begun(settings, terminal); !ended) return failure(ended.error());
  Rounds rounds;
  rounds.check = [](const rollover::Session&, const rollover::Wants& wants) {
    const auto sound = rollover::check_credentials(wants);
    return sound ? check_installs(wants) : sound;
  };
  rounds.dry = [](rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass) {
    auto found = pass.look_only();
    found.remaining = report::unready_in(found.plan);
    rollover::roll_out(session, wants, nullptr, pass.facts(), found);
    return found;
  };
  rounds.real = [](rollover::Session& session, const rollover::Wants& wants, rollover::Pass& pass,
                   const state::LedgerFile& file) {
    auto found = pass.remember(file);
    found.remaining = report::unready_in(found.plan);
    rollover::roll_out(session, wants, &file, pass.facts(), found);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
