#include "rollout.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "child.hpp"
#include "deploy.hpp"
#include "log.hpp"
#include "replacement.hpp"
#include "shared_targets.hpp"

namespace tlsa_update::cli {
namespace {

constexpr std::chrono::seconds reload_timeout{120};  // a mail server that reloads longer hangs

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

bool remember(Stamp stamp, const std::vector<Name>& names, const Wants& wants, const state::LedgerFile& file,
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

// One pass over all that is to be deployed: first all files, then all reloads, then a look whether they took.
class Rollout {
 public:
  Rollout(Session& session, const Wants& wants, const state::LedgerFile* file, const Facts& facts,
          Findings& found)
      : session_(session), wants_(wants), file_(file), facts_(facts), found_(found) {
    for (const auto& service : wants.services) by_settings_.emplace(service.settings, &service);
  }

  void carry_out() {
    for (const auto& group : groups_by_target(session_.settings())) {
      if (!is_stopped_) install(group);
    }
    if (!is_stopped_) reload();
    for (const auto* service : reloaded_) look_at(*service);
    if (!is_dry()) (void)remember(deployed, in_place_, wants_, *file_, facts_, found_);
  }

 private:
  [[nodiscard]] bool is_dry() const { return file_ == nullptr; }
  [[nodiscard]] const std::string& state_directory() const { return session_.settings().state_directory; }

  [[nodiscard]] std::vector<const WantedService*> ready_of(const ServiceGroup& group) const {
    std::vector<const WantedService*> ready;
    for (const auto* settings : group) {
      const auto service = by_settings_.find(settings);
      if (service != by_settings_.end() && is_ready(*service->second, found_.plan))
        ready.push_back(service->second);
    }
    return ready;
  }

  void install(const ServiceGroup& group) {
    const auto ready = ready_of(group);
    if (ready.empty()) return;
    const auto deployment = Deployment::prepare(ready, state_directory());
    if (!deployment) {
      add_trouble(found_, deployment.error());
    } else if (!deployment->differing().empty() && ready.size() < group.size()) {
      await_others(group, ready, deployment->differing().front());
    } else if (!deployment->is_needed()) {
      for (const auto* service : ready) note_in_place(*service);
    } else if (is_dry()) {
      say_what_would_be(*deployment);
    } else {
      install(*deployment, ready);
    }
  }

  void install(const Deployment& deployment, const std::vector<const WantedService*>& services) {
    std::vector<Name> names;
    for (const auto* service : services) {
      for (auto& name : names_of(*service)) names.push_back(std::move(name));
    }
    if (!remember(release, names, wants_, *file_, facts_, found_)) return;
    if (const auto done = deployment.install(); !done) {
      is_stopped_ = done.error().code == ErrorCode::not_yet;
      return add_trouble(found_, done.error());
    }
    for (const auto* service : services) {
      if (is_reload_due(*service->settings, state_directory())) {
        to_reload_.push_back(service);
      } else {
        note_in_place(*service);
      }
    }
  }

  // A restart would take up what is not ready for that service.
  void await_others(const ServiceGroup& group, const std::vector<const WantedService*>& ready,
                    const std::string& target) {
    for (const auto* settings : group) {
      const auto is_it = [&](const WantedService* service) { return service->settings == settings; };
      if (std::ranges::any_of(ready, is_it)) continue;
      const auto is_named = [&](const WantedService& service) { return service.settings == settings; };
      const bool is_asked =
          std::ranges::any_of(wants_.services, is_named) || std::ranges::any_of(wants_.unread, is_named);
      log_info(target + ": waits for the service " + name_of(*settings) + ", which reads it as well and is " +
               (is_asked ? "not ready" : "not part of this run: run without a NAME"));
    }
    if (!found_.remaining) found_.remaining = ErrorCode::not_yet;
  }

  void say_what_would_be(const Deployment& deployment) {
    for (const auto& target : deployment.differing()) log_info(target + ": would be installed");
    if (deployment.differing().empty()) log_info("the reload would be repeated");
    found_.remaining = ErrorCode::differences;
  }

  // A command that several services have is run once.
  void reload() {
    std::map<std::string, bool> done;
    for (const auto* service : to_reload_) {
      const auto& command = service->settings->reload;
      const auto [place, is_new] = done.emplace(command, true);
      if (is_new && !command.empty()) {
        const auto reloaded = run_command(command, reload_timeout);
        if (!reloaded) add_trouble(found_, reloaded.error());
        place->second = reloaded.has_value();
      }
      if (!place->second) continue;
      found_.changed = true;
      note_in_place(*service);
      reloaded_.push_back(service);
    }
  }

  void look_at(const WantedService& service) {
    if (!can_be_probed(service) || settles(session_, wants_, service))
      return conclude_reload(*service.settings, state_directory());
    add_trouble(found_,
                {ErrorCode::unsafe, "after the reload the service does not present what was deployed",
                 name_of(*service.settings), "look at the service's own log and at the paths that it reads"});
  }

  void note_in_place(const WantedService& service) {
    for (auto& name : names_of(service)) in_place_.push_back(std::move(name));
  }

  Session& session_;
  const Wants& wants_;
  const state::LedgerFile* file_;  // none: only says what would be done
  const Facts& facts_;
  Findings& found_;
  std::map<const ServiceSettings*, const WantedService*> by_settings_;  // those that could be read
  bool is_stopped_ = false;                                             // by a signal
  std::vector<const WantedService*> to_reload_;
  std::vector<const WantedService*> reloaded_;
  std::vector<Name> in_place_;
};

}  // namespace

void hand_over(const Wants& wants, const state::LedgerFile& file, const Facts& facts, Findings& found) {
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
  const auto lock = state::RunLock::take(settings.state_directory);
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
           const auto deployment = Deployment::prepare({&service}, session.settings().state_directory);
           return deployment && !deployment->is_needed();
         });
}

void roll_out(Session& session, const Wants& wants, const state::LedgerFile* file, const Facts& facts,
              Findings& found) {
  Rollout(session, wants, file, facts, found).carry_out();
}

}  // namespace tlsa_update::cli
