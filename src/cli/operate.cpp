#include "operate.hpp"

#include <optional>

#include "failure.hpp"
#include "terminal.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/rollover/dry_world.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/state/state_directory.hpp"
#include "waiting.hpp"

namespace tlsa_update::cli {
namespace {

// What fails while we wait is a finding of that round: the next one may go well.
report::Findings findings_of(rollover::Outcome outcome) {
  if (outcome) return std::move(*outcome);
  log_error(outcome.error());
  report::Findings findings;
  findings.troubles.push_back(std::move(outcome.error()));
  return findings;
}

int operate_in(rollover::World& world, LedgerStore& ledger, const Settings& settings, Operation operation,
               Events& events) {
  const bool waits = settings.wait && !settings.dry_run;
  std::optional<deployment::EndSignals> signals;
  if (waits) signals.emplace();  // between two passes, never inside one
  auto outcome = operation(world, ledger, settings, events);
  if (!outcome) return failure(outcome.error());
  if (!waits) return finish(*outcome, settings);
  const auto next = [&] { return findings_of(operation(world, ledger, settings, events)); };
  return finish(wait_until_done(std::move(*outcome), next), settings);
}

}  // namespace

rollover::Outcome look(const Settings& settings, Operation operation) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  rollover::NetworkWorld world(session);
  state::StateDirectory ledger(settings.state_directory, terminal);
  return operation(world, ledger, settings, terminal);
}

int operate(const Settings& settings, Operation operation) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  rollover::NetworkWorld network(session);
  state::StateDirectory directory(settings.state_directory, terminal);
  if (!settings.dry_run) return operate_in(network, directory, settings, operation, terminal);
  rollover::DryWorld world(network, terminal);
  state::PeekedLedger ledger(directory);
  return operate_in(world, ledger, settings, operation, terminal);
}

}  // namespace tlsa_update::cli
