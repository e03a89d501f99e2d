#include "rollout.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "deploy.hpp"
#include "log.hpp"
#include "replacement.hpp"

namespace tlsa_update::cli {
namespace {

bool is_ready(const WantedService& service, const Plan& plan) {
  return !service.owners.empty() &&
         std::all_of(service.owners.begin(), service.owners.end(), [&](const AskedOwner& asked) {
           const Readiness* readiness = plan.readiness_of(asked.owner);
           return readiness != nullptr && readiness->ready;
         });
}

bool is_current(const Chain& chain, const WantedService& service) {
  return std::any_of(service.credentials.begin(), service.credentials.end(),
                     [&](const GivenCredential& given) {
                       if (given.role != Role::current) return false;
                       if (given.credential->chain.empty())
                         return *given.credential->bare_key == chain.front().spki;
                       return given.credential->chain.front().certificate == chain.front().certificate;
                     });
}

// A server may have certificates of other kinds that nobody gave us: they are not what was deployed.
bool is_of_our_kind(const Chain& chain, const WantedService& service) {
  return std::any_of(
      service.credentials.begin(), service.credentials.end(), [&](const GivenCredential& given) {
        return given.role == Role::current && given.credential->key_type == chain.front().key_type;
      });
}

// Does every address that answers present a wanted certificate, and does one answer at all?
bool serves_what_is_wanted(const WantedService& service, const std::vector<ServiceEvidence>& evidence) {
  bool any = false;
  for (const auto& one : evidence) {
    const bool is_ours = std::any_of(service.owners.begin(), service.owners.end(),
                                     [&](const AskedOwner& asked) { return asked.service == one.service; });
    if (!is_ours) continue;
    for (const auto& presented : one.presented) {
      if (presented.outcome != ProbeOutcome::served || !is_of_our_kind(presented.chain, service)) continue;
      if (!is_current(presented.chain, service)) return false;
      any = true;
    }
  }
  return any;
}

// A service needs a moment between its reload and its first new handshake.
bool settles(Session& session, const Wants& wants, const WantedService& service) {
  const auto give_up = std::chrono::steady_clock::now() + session.settings().settle;
  while (true) {
    if (serves_what_is_wanted(service, look(session, wants, Depth::live).evidence)) return true;
    if (std::chrono::steady_clock::now() >= give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

void add_trouble(Findings& found, Error error) {
  log_error(error);
  found.troubles.push_back(std::move(error));
}

std::vector<Name> names_of(const WantedService& service) {
  std::vector<Name> names;
  for (const auto& asked : service.owners) names.push_back(asked.owner);
  return names;
}

// Which of the planner's two stamps: the word to deploy, or the news that it is done.
using Stamp = Ledger (*)(Ledger, const std::vector<Desired>&, const std::vector<ZoneView>&,
                         const std::vector<Name>&, Time);

bool remember(Stamp stamp, const std::vector<Name>& names, const Wants& wants, const LedgerFile& file,
              const Facts& facts, Findings& found) {
  if (names.empty()) return true;
  const auto saved = file.change([&](Ledger& ledger) {
    ledger = stamp(std::move(ledger), wants.desired, facts.views(), names, read_clock().wall);
  });
  if (!saved) add_trouble(found, saved.error());
  return saved.has_value();
}

bool can_be_probed(const WantedService& service) {
  return std::any_of(service.owners.begin(), service.owners.end(), [](const AskedOwner& asked) {
    return asked.service && asked.service->protocol == Protocol::tcp;
  });
}

}  // namespace

void hand_over(const Wants& wants, const LedgerFile& file, const Facts& facts, Findings& found) {
  std::vector<Name> names;
  for (const auto& service : wants.services) {
    if (!service.settings->installs.empty() || !is_ready(service, found.plan)) continue;
    for (auto& name : names_of(service)) names.push_back(std::move(name));
  }
  // The word is all that we hear of the deed.
  if (remember(release, names, wants, file, facts, found))
    (void)remember(deployed, names, wants, file, facts, found);
}

Result<void> finish_begun(const Settings& settings) {
  if (settings.dry_run || !is_replacement_begun(settings.state_directory)) return {};
  const auto lock = RunLock::take(settings.state_directory);
  if (!lock) return tl::unexpected(lock.error());
  std::set<std::string> targets;
  for (const auto* services : {&settings.services, &settings.others}) {
    for (const auto& service : *services) {
      for (const auto& install : service.installs) targets.insert(install.to);
    }
  }
  return finish_replacement(settings.state_directory, targets);
}

bool is_deployed(const Session& session, const Wants& wants) {
  const auto installs = [](const WantedService& service) { return !service.settings->installs.empty(); };
  return std::ranges::none_of(wants.unread, installs) &&
         std::ranges::all_of(wants.services, [&](const WantedService& service) {
           if (!installs(service)) return true;
           const auto deployment = Deployment::prepare(service, session.settings().state_directory);
           return deployment && !deployment->is_needed();
         });
}

void roll_out(Session& session, const Wants& wants, const LedgerFile* file, const Facts& facts,
              Findings& found) {
  std::vector<Name> in_place;
  for (const auto& service : wants.services) {
    if (service.settings->installs.empty() || !is_ready(service, found.plan)) continue;
    const auto deployment = Deployment::prepare(service, session.settings().state_directory);
    if (!deployment) {
      add_trouble(found, deployment.error());
      continue;
    }
    if (!deployment->is_needed()) {
      for (auto& name : names_of(service)) in_place.push_back(std::move(name));
      continue;
    }
    if (session.settings().dry_run || file == nullptr) {
      for (const auto& target : deployment->differing()) log_info(target + ": would be installed");
      if (deployment->differing().empty()) log_info("the reload would be repeated");
      found.remaining = ErrorCode::differences;
      continue;
    }
    if (!remember(release, names_of(service), wants, *file, facts, found)) continue;
    if (const auto done = deployment->carry_out(); !done) {
      add_trouble(found, done.error());
      continue;
    }
    for (auto& name : names_of(service)) in_place.push_back(std::move(name));
    found.changed = true;
    if (!can_be_probed(service) || settles(session, wants, service)) {
      deployment->conclude();
    } else {
      add_trouble(
          found,
          {ErrorCode::unsafe, "after the reload the service does not present what was deployed",
           service.settings->label.empty() ? service.owners.front().owner.text() : service.settings->label,
           "look at the service's own log and at the paths that it reads"});
    }
  }
  if (file != nullptr && !session.settings().dry_run)
    (void)remember(deployed, in_place, wants, *file, facts, found);
}

}  // namespace tlsa_update::cli
