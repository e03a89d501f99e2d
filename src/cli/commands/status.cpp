// status: what is wanted, what each authoritative server has, and what the live service presents, side by
// side.

#include <algorithm>

#include "commands.hpp"
#include "failure.hpp"
#include "terminal.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/rollover/rollover.hpp"
#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update::cli {
namespace {

bool is_different(const Step& step) {
  return step.state == RecordState::missing ||
         (step.state == RecordState::stale && step.reason != Reason::replacement_not_ready);
}

bool has_difference(const Plan& plan) {
  return std::any_of(plan.zones.begin(), plan.zones.end(), [](const ZonePlan& zone) {
    return std::any_of(zone.rrsets.begin(), zone.rrsets.end(), [](const RrsetPlan& rrset) {
      return rrset.moves_ttl || std::any_of(rrset.steps.begin(), rrset.steps.end(), is_different);
    });
  });
}

// Where no credential is given, nothing is to replace what is published.
void forget_replacements(Plan& plan) {
  const auto is_wanted = [](const Step& step) { return !step.credential.empty(); };
  for (auto& zone : plan.zones) {
    for (auto& rrset : zone.rrsets) {
      if (std::ranges::any_of(rrset.steps, is_wanted)) continue;
      for (auto& step : rrset.steps) {
        if (step.reason == Reason::replacement_not_ready) report::forget_wait(step);
      }
    }
  }
}

bool has_unreachable(const report::Findings& findings) {
  const bool server = std::any_of(findings.zones.begin(), findings.zones.end(), [](const ZoneView& zone) {
    return std::any_of(zone.servers.begin(), zone.servers.end(),
                       [](const ServerView& one) { return !one.reachable; });
  });
  const auto& evidence = findings.evidence;
  return server || (evidence && std::any_of(evidence->begin(), evidence->end(),
                                            [](const ServiceEvidence& one) { return !one.complete(); }));
}

}  // namespace

int status(const Settings& settings) {
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  rollover::NetworkWorld world(session);
  state::StateDirectory ledger(settings.state_directory, terminal);
  auto found = rollover::status(world, ledger, settings, terminal);
  if (!found) return failure(found.error());
  forget_replacements(found->plan);
  conclude_look(*found, Goal::all);
  const bool is_different = has_difference(found->plan) || has_unreachable(*found);
  if (is_different && found->remaining != ErrorCode::unsafe) found->remaining = ErrorCode::differences;
  return finish(*found, settings.format);
}

}  // namespace tlsa_update::cli
