#include "tlsa_update/rollover/rollout.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tlsa_update/deployment/target_groups.hpp"

namespace tlsa_update::rollover {
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

std::vector<Name> names_of(const WantedService& service) {
  std::vector<Name> names;
  for (const auto& asked : service.owners) names.push_back(asked.owner);
  return names;
}

// Which of the planner's two stamps: the word to deploy, or the news that it is done.
using Stamp = Ledger (*)(Ledger, const std::vector<Desired>&, const std::vector<ZoneView>&,
                         const std::vector<Name>&, Time);

deployment::ServiceFiles files_of(const WantedService& service) {
  const auto& settings = *service.settings;
  return {name_of(settings), settings.installs, settings.passphrase_file, service.credentials,
          service.desired.records};
}

void add_trouble(const Stage& stage, Error error) {
  stage.events.error(error);
  stage.found.troubles.push_back(std::move(error));
}

bool remember(const Stage& stage, Stamp stamp, const std::vector<Name>& names) {
  if (names.empty()) return true;
  const auto saved = stage.ledger.change([&](Ledger& ledger) {
    ledger =
        stamp(std::move(ledger), stage.wants.desired, stage.facts.zones, names, stage.world.clock().wall);
  });
  if (!saved) add_trouble(stage, saved.error());
  return saved.has_value();
}

bool can_be_probed(const WantedService& service) {
  return std::any_of(service.owners.begin(), service.owners.end(), [](const AskedOwner& asked) {
    return asked.service && asked.service->protocol == Protocol::tcp;
  });
}

// A service needs a moment between its reload and its first new handshake.
bool settles(const Stage& stage, const WantedService& service) {
  constexpr World::Milliseconds between_looks{200};
  const auto names = names_of(service);
  const std::set<Name> asked(names.begin(), names.end());
  const auto began = stage.world.stopwatch();
  while (true) {
    const auto evidence = stage.world.probe(stage.wants, stage.facts, asked, Reach::everywhere);
    if (serves_what_is_wanted(service, evidence)) return true;
    if (stage.world.stopwatch() - began >= stage.request.settle) return false;
    if (!stage.world.pause(between_looks, between_looks)) return false;
  }
}

// One pass over all that is to be deployed: first all files, then all reloads, then a look whether they took.
class Rollout {
 public:
  explicit Rollout(const Stage& stage) : stage_(stage) {
    for (const auto& service : stage.wants.services) by_settings_.emplace(service.settings, &service);
  }

  void carry_out() {
    for (const auto& group : groups()) {
      if (!is_stopped_) install(group);
    }
    if (!is_stopped_) reload();
    for (const auto* service : reloaded_) look_at(*service);
    (void)remember(stage_, deployed, in_place_);
  }

 private:
  using Services = std::vector<const WantedService*>;
  using Group = std::vector<const ServiceSettings*>;

  // All configured services that install anything, whether this run is about them or not.
  [[nodiscard]] std::vector<Group> groups() const {
    deployment::TargetGroups by_target;
    Group services;
    for (const auto* some : {&stage_.request.services, &stage_.request.others}) {
      for (const auto& service : *some) {
        if (service.installs.empty()) continue;
        by_target.add(service.installs);
        services.push_back(&service);
      }
    }
    std::vector<Group> groups;
    for (const auto& numbers : by_target.all()) {
      auto& group = groups.emplace_back();
      for (const auto number : numbers) group.push_back(services[number]);
    }
    return groups;
  }

  [[nodiscard]] Services ready_of(const Group& group) const {
    Services ready;
    for (const auto* settings : group) {
      const auto service = by_settings_.find(settings);
      if (service != by_settings_.end() && is_ready(*service->second, stage_.found.plan))
        ready.push_back(service->second);
    }
    return ready;
  }

  void install(const Group& group) {
    const auto ready = ready_of(group);
    if (ready.empty()) return;
    std::vector<deployment::ServiceFiles> files;
    for (const auto* service : ready) files.push_back(files_of(*service));
    const auto prepared = stage_.world.prepare(files);
    if (!prepared) return add_trouble(stage_, prepared.error());
    auto& installation = **prepared;
    if (!installation.differing().empty() && ready.size() < group.size()) {
      await_others(group, ready, installation.differing().front());
    } else if (!installation.is_needed()) {
      for (const auto* service : ready) note_in_place(*service);
    } else {
      install(installation, ready);
    }
  }

  void install(Installation& installation, const Services& services) {
    std::vector<Name> names;
    for (const auto* service : services) {
      for (auto& name : names_of(*service)) names.push_back(std::move(name));
    }
    if (!remember(stage_, release, names)) return;
    if (const auto done = installation.install(); !done) return take_up(done.error());
    for (const auto* service : services) {
      if (stage_.world.is_reload_due(name_of(*service->settings))) {
        to_reload_.push_back(service);
      } else {
        note_in_place(*service);
      }
    }
  }

  void take_up(const Error& error) {
    if (error.code == ErrorCode::differences) {
      if (stage_.found.remaining != ErrorCode::unsafe) stage_.found.remaining = error.code;
    } else {
      is_stopped_ = error.code == ErrorCode::not_yet;
      add_trouble(stage_, error);
    }
  }

  // A restart would take up what is not ready for that service.
  void await_others(const Group& group, const Services& ready, const std::string& target) {
    for (const auto* settings : group) {
      const auto is_it = [&](const WantedService* service) { return service->settings == settings; };
      if (std::ranges::any_of(ready, is_it)) continue;
      const auto is_named = [&](const WantedService& service) { return service.settings == settings; };
      const bool is_asked = std::ranges::any_of(stage_.wants.services, is_named) ||
                            std::ranges::any_of(stage_.wants.unread, is_named);
      stage_.events.info(target + ": waits for the service " + name_of(*settings) +
                         ", which reads it as well and is " +
                         (is_asked ? "not ready" : "not part of this run: run without a NAME"));
    }
    if (!stage_.found.remaining) stage_.found.remaining = ErrorCode::not_yet;
    if (!stage_.found.blockers) return;
    for (const auto* service : ready) {
      for (const auto& asked : service->owners) {
        stage_.found.blockers->push_back(
            {asked.owner, {}, target, false, Reason::other_service, Ends::time, {}, {}});
      }
    }
  }

  // A command that several services have is run once.
  void reload() {
    std::map<std::string, bool> done;
    for (const auto* service : to_reload_) {
      const auto& command = service->settings->reload;
      const auto [place, is_new] = done.emplace(command, true);
      if (is_new && !command.empty()) {
        const auto reloaded = stage_.world.reload(command);
        if (!reloaded) add_trouble(stage_, reloaded.error());
        place->second = reloaded.has_value();
      }
      if (!place->second) continue;
      stage_.found.changed = true;
      note_in_place(*service);
      reloaded_.push_back(service);
    }
  }

  void look_at(const WantedService& service) {
    const auto name = name_of(*service.settings);
    if (!can_be_probed(service) || settles(stage_, service)) return stage_.world.conclude_reload(name);
    add_trouble(stage_, {ErrorCode::unsafe, "after the reload the service does not present what was deployed",
                         name, "look at the service's own log and at the paths that it reads"});
  }

  void note_in_place(const WantedService& service) {
    for (auto& name : names_of(service)) in_place_.push_back(std::move(name));
  }

  const Stage& stage_;
  std::map<const ServiceSettings*, const WantedService*> by_settings_;  // those that could be read
  bool is_stopped_ = false;                                             // by a signal
  Services to_reload_;
  Services reloaded_;
  std::vector<Name> in_place_;
};

}  // namespace

void hand_over(const Stage& stage) {
  std::vector<Name> names;
  for (const auto& service : stage.wants.services) {
    if (!service.settings->installs.empty() || !is_ready(service, stage.found.plan)) continue;
    for (auto& name : names_of(service)) names.push_back(std::move(name));
  }
  // Nobody tells us when they deploy, so being released counts as being deployed: at one and the same time.
  const Stamp both = [](Ledger ledger, const std::vector<Desired>& desired,
                        const std::vector<ZoneView>& zones, const std::vector<Name>& ready, Time now) {
    return deployed(release(std::move(ledger), desired, zones, ready, now), desired, zones, ready, now);
  };
  (void)remember(stage, both, names);
}

bool is_deployed(World& world, const Wants& wants) {
  const auto installs = [](const WantedService& service) { return !service.settings->installs.empty(); };
  return std::ranges::none_of(wants.unread, installs) &&
         std::ranges::all_of(wants.services, [&](const WantedService& service) {
           if (!installs(service)) return true;
           const auto prepared = world.prepare({files_of(service)});
           return prepared && !(*prepared)->is_needed();
         });
}

void roll_out(const Stage& stage) { Rollout(stage).carry_out(); }

}  // namespace tlsa_update::rollover
