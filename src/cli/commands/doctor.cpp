// doctor: what is right, and what to do about what is not. Changes nothing.

#include <algorithm>

#include "checkup.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "pass.hpp"
#include "verdict.hpp"

namespace tlsa_update::cli {
namespace {

// The names alone: with a credential that cannot be read, DNS is examined all the same.
Settings without_credentials(Settings settings) {
  for (auto& service : settings.services) {
    service.certs.clear();
    service.nexts.clear();
    service.from_servers.clear();
    service.passphrase_file.clear();
  }
  return settings;
}

// To a server that does not know the key yet: so its lines can be written all the same.
Settings without_signatures(Settings settings) {
  settings.primary.sign_queries = false;
  for (auto& [zone, server] : settings.zones) server.sign_queries = false;
  return settings;
}

bool is_refused(const Findings& found) {
  return std::any_of(found.troubles.begin(), found.troubles.end(),
                     [](const Error& trouble) { return trouble.code == ErrorCode::refused; });
}

// A bad key file comes up again with every name that needs it: once is enough.
void add(Diagnosis more, Diagnosis& diagnosis) {
  auto& checks = diagnosis.checks;
  for (auto& check : more.checks) {
    if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(std::move(check));
  }
  auto& grants = diagnosis.grants;
  for (auto& grant : more.grants) {
    if (std::find(grants.begin(), grants.end(), grant) == grants.end()) grants.push_back(std::move(grant));
  }
}

Findings examine_names(Session& session, const Wants& wants, KeyUse key, Diagnosis& diagnosis) {
  Pass pass(session, wants, policy_of(session.settings()), Depth::live);
  auto found = pass.examine();
  if (key == KeyUse::taken && is_refused(found)) found.evidence.reset();  // the second look tells it
  add(examine(session, pass.facts().read, found, key), diagnosis);
  return found;
}

Findings examine_all(Session& session, const Wants& wants, Diagnosis& diagnosis) {
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
  const auto settings = without_signatures(session.settings());
  Session plain(settings);
  auto seen = examine_names(plain, wants, KeyUse::refused, diagnosis);
  seen.troubles.insert(seen.troubles.begin(), found.troubles.begin(), found.troubles.end());
  return seen;
}

}  // namespace

int doctor(const Settings& settings) {
  Findings found;
  Diagnosis diagnosis;
  Session session(settings);
  diagnosis.checks = check_keys_of(session);
  if (const auto anchor = check_trust_anchor(session); !anchor) {
    diagnosis.checks.push_back(failed_check("trust-anchor", anchor.error()));
    found.diagnosis = std::move(diagnosis);
    return finish(found, settings.format);
  }
  const auto wants = session.run(gather_wants(session));
  if (wants) {
    found = examine_all(session, *wants, diagnosis);
  } else {
    auto error = wants.error();
    if (error.advice.empty()) error.advice = "is it what cert, next or from-server should name?";
    diagnosis.checks.push_back(failed_check("credentials", error));
    const auto bare = without_credentials(settings);
    Session without(bare);
    const auto names = without.run(gather_wants(without));
    if (names) found = examine_all(without, *names, diagnosis);
  }
  found.diagnosis = std::move(diagnosis);
  return finish(found, settings.format);
}

}  // namespace tlsa_update::cli
