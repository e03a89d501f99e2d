// doctor: what is right, and what to do about what is not. Changes nothing.

#include <algorithm>

#include "checkup.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "pass.hpp"

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

void examine_names(Session& session, const Wants& wants, Findings& found, Diagnosis& diagnosis) {
  if (wants.desired.empty()) {
    diagnosis.checks.push_back(failed_check(
        "names",
        {ErrorCode::usage, "no NAME is given and none is configured", {}, "give mail.example.com:25"}));
    return;
  }
  Pass pass(session, wants, policy_of(session.settings()), Depth::live);
  found = pass.look_only();
  auto examined = examine(session, pass.facts().read, found);
  auto& checks = diagnosis.checks;
  for (auto& check : examined.checks) {  // a bad key file comes up again with every name that needs it
    if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(std::move(check));
  }
  diagnosis.grants = std::move(examined.grants);
}

}  // namespace

int doctor(const Settings& settings) {
  Findings found;
  Diagnosis diagnosis;
  Session session(settings);
  diagnosis.checks = check_keys_of(session);
  const auto wants = session.run(gather_wants(session));
  if (wants) {
    examine_names(session, *wants, found, diagnosis);
  } else {
    diagnosis.checks.push_back(failed_check("credentials", wants.error()));
    const auto bare = without_credentials(settings);
    Session without(bare);
    const auto names = without.run(gather_wants(without));
    if (names) examine_names(without, *names, found, diagnosis);
  }
  found.diagnosis = std::move(diagnosis);
  return finish(found, settings.format);
}

}  // namespace tlsa_update::cli
