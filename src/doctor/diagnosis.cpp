#include <algorithm>

#include "tlsa_update/doctor/checkup.hpp"
#include "tlsa_update/rollover/gathering.hpp"
#include "tlsa_update/rollover/network_world.hpp"
#include "tlsa_update/rollover/pass.hpp"
#include "tlsa_update/rollover/verdict.hpp"
#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update::doctor {
namespace {

// The names alone: with a credential that cannot be read, DNS is examined all the same.
rollover::Request without_credentials(rollover::Request request) {
  for (auto& service : request.services) {
    service.certs.clear();
    service.nexts.clear();
    service.from_servers.clear();
    service.passphrase_file.clear();
  }
  return request;
}

// To a server that does not know the key yet: so its lines can be written all the same.
rollover::Request without_signatures(rollover::Request settings) {
  settings.primary.sign_queries = false;
  for (auto& [zone, server] : settings.zones) server.sign_queries = false;
  return settings;
}

bool is_refused(const report::Findings& found) {
  return std::ranges::any_of(found.troubles,
                             [](const Error& trouble) { return trouble.code == ErrorCode::refused; });
}

// A bad key file comes up again with every name that needs it: once is enough.
void add(report::Diagnosis more, report::Diagnosis& diagnosis) {
  auto& checks = diagnosis.checks;
  for (auto& check : more.checks) {
    if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(std::move(check));
  }
  auto& grants = diagnosis.grants;
  for (auto& grant : more.grants) {
    if (std::find(grants.begin(), grants.end(), grant) == grants.end()) grants.push_back(std::move(grant));
  }
}

report::Findings examine_names(rollover::Session& session, const rollover::Wants& wants, KeyUse key,
                               report::Diagnosis& diagnosis) {
  rollover::NetworkWorld world(session);
  state::StateDirectory ledger(session.request().state_directory, session.events());
  rollover::Pass pass(world, ledger, session.events(), wants, rollover::policy_of(session.request()),
                      rollover::Depth::live);
  auto found = pass.examine();
  if (key == KeyUse::taken && is_refused(found)) found.evidence.reset();  // the second look reports it
  add(examine(session, world.zones_with_primaries(pass.facts()), found, key), diagnosis);
  return found;
}

report::Findings examine_all(rollover::Session& session, const rollover::Wants& wants,
                             report::Diagnosis& diagnosis) {
  if (wants.desired.empty()) {
    diagnosis.checks.push_back(failed_check(
        "names", {ErrorCode::usage,
                  "no NAME is given and none is configured",
                  {},
                  "give one such as mail.example.com:25, or a [service.NAME] section in the configuration"}));
    return {};
  }
  auto found = examine_names(session, wants, KeyUse::taken, diagnosis);
  if (!is_refused(found)) return found;
  const auto settings = without_signatures(session.request());
  rollover::Session plain(settings, session.events());
  auto seen = examine_names(plain, wants, KeyUse::refused, diagnosis);
  seen.troubles.insert(seen.troubles.begin(), found.troubles.begin(), found.troubles.end());
  return seen;
}

}  // namespace

report::Findings diagnose(const rollover::Request& request, Events& events) {
  report::Findings found;
  report::Diagnosis diagnosis;
  rollover::Session session(request, events);
  diagnosis.checks = check_keys_of(session);
  if (const auto anchor = rollover::check_trust_anchor(session); !anchor) {
    diagnosis.checks.push_back(failed_check("trust-anchor", anchor.error()));
    found.diagnosis = std::move(diagnosis);
    return found;
  }
  const auto wants = session.run(rollover::gather_wants(session));
  if (wants) {
    found = examine_all(session, *wants, diagnosis);
  } else {
    auto error = wants.error();
    if (error.advice.empty()) error.advice = "is it what cert, next or from-server should name?";
    diagnosis.checks.push_back(failed_check("credentials", error));
    const auto bare = without_credentials(request);
    rollover::Session without(bare, events);
    const auto names = without.run(rollover::gather_wants(without));
    if (names) found = examine_all(without, *names, diagnosis);
  }
  found.diagnosis = std::move(diagnosis);
  return found;
}

}  // namespace tlsa_update::doctor
