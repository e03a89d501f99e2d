// deploy: when every name of a service is ready, install its files and run the reload command.

#include <algorithm>

#include "commands.hpp"
#include "failure.hpp"
#include "rollout.hpp"
#include "rounds.hpp"

namespace tlsa_update::cli {
namespace {

Result<void> check_installs(const Wants& wants) {
  const bool any = std::ranges::any_of(
      wants.services, [](const WantedService& service) { return !service.settings->installs.empty(); });
  if (any) return {};
  return fail(ErrorCode::usage, "there is nothing to install", wants.services.front().settings->label,
              "give --install \"FROM -> TO\"");
}

}  // namespace

int deploy(const Settings& settings) {
  if (const auto ended = finish_begun(settings); !ended) return failure(ended.error());
  Rounds rounds;
  rounds.check = [](const Session&, const Wants& wants) {
    const auto sound = check_credentials(wants);
    return sound ? check_installs(wants) : sound;
  };
  rounds.dry = [](Session& session, const Wants& wants, Pass& pass) {
    auto found = pass.look_only();
    found.remaining = unready_in(found.plan);
    roll_out(session, wants, nullptr, pass.facts(), found);
    return found;
  };
  rounds.real = [](Session& session, const Wants& wants, Pass& pass, const state::LedgerFile& file) {
    auto found = pass.remember(file);
    found.remaining = unready_in(found.plan);
    roll_out(session, wants, &file, pass.facts(), found);
    return found;
  };
  return run_rounds(settings, rounds);
}

}  // namespace tlsa_update::cli
