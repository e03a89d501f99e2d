#include <algorithm>
#include <map>
#include <set>

#include "stage.hpp"
#include "tlsa_update/core/uptake.hpp"
#include "tlsa_update/deployment/target_groups.hpp"

namespace tlsa_update::rollover {
namespace {

// The same certificates and keys as before?
bool has_same_credentials(const WantedService& one, const WantedService& other) {
  return std::ranges::equal(one.credentials, other.credentials,
                            [](const GivenCredential& a, const GivenCredential& b) {
                              return a.role == b.role && *a.credential == *b.credential;
                            });
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

// The report shows what is served after the deployment.
void show(const Stage& stage, const std::vector<ServiceEvidence>& evidence) {
  if (!stage.found.evidence) return;
  for (auto& before : *stage.found.evidence) {
    const auto now = std::ranges::find(evidence, before.service, &ServiceEvidence::service);
    if (now != evidence.end()) before = *now;
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
    if (!is_stopped_) {
      for (const auto& one : installed_) reload(one.to_reload, has_reloaded_);
      for (const auto& one : installed_) look_at(one);
    }
    (void)remember(stage_, deployed, in_place_);
    if (!installed_.empty()) stage_.conclude();
    add_what_remains();
  }

 private:
  using Services = std::vector<const WantedService*>;
  using Group = std::vector<const ServiceSettings*>;
  struct Installed {
    std::unique_ptr<Installation> files;
    Services to_reload;
  };

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
    if (ready.empty()) return finish_reloads(group);
    auto prepared = prepare(ready);
    if (!prepared) return take_up_unsound(ready, prepared.error());
    auto& installation = **prepared;
    if (!installation.differing().empty() && ready.size() < group.size()) {
      await_others(group, ready, installation.differing().front());
    } else if (!installation.is_needed()) {
      for (const auto* service : ready) note_in_place(*service);
    } else if (const auto cut_off = cut_off_by(installation, ready)) {
      add_trouble(stage_, *cut_off);
    } else {
      install(std::move(*prepared), ready);
    }
  }

  // A run was cut off before it knew that its reload had been done. Whoever presents what is installed breaks
  // nothing by one more, even if by now it is not ready.
  void finish_reloads(const Group& group) {
    for (const auto* settings : group) {
      const auto place = by_settings_.find(settings);
      if (place == by_settings_.end() || !stage_.world.is_reload_due(name_of(*settings))) continue;
      const auto& service = *place->second;
      const auto prepared = prepare({&service});
      if (!prepared || !(*prepared)->differing().empty() || !look(service, Reach::everywhere).is_done)
        continue;
      std::map<std::string, bool> ended_well;
      reload({&service}, ended_well);
      if (ended_well.at(settings->reload)) stage_.world.conclude_reload(name_of(*settings));
    }
  }

  [[nodiscard]] Result<std::unique_ptr<Installation>> prepare(const Services& services) {
    std::vector<deployment::ServiceFiles> files;
    for (const auto* service : services) files.push_back(files_of(*service));
    return stage_.world.prepare(files);
  }

  // An ACME client writes one file after the other: perhaps it is at it just now.
  void take_up_unsound(const Services& services, const Error& error) {
    stage_.events.info("looking at the files again in a moment: " + error.text());
    if (!is_renewed_meanwhile(services)) return add_trouble(stage_, error);
    add_trouble(stage_, {ErrorCode::not_yet, "the files were renewed while they were read",
                         name_of(*services.front()->settings), "run again"});
  }

  [[nodiscard]] bool is_renewed_meanwhile(const Services& services) {
    constexpr World::Milliseconds moment{1000};
    if (!stage_.world.pause(moment, moment)) return true;
    const auto now = stage_.world.wants(Others::ignored);
    if (!now) return true;
    for (const auto* before : services) {
      const auto same = std::ranges::find(now->services, before->settings, &WantedService::settings);
      if (same == now->services.end() || !has_same_credentials(*before, *same)) return true;
    }
    return prepare(services).has_value();
  }

  // Another name of the host, whose clients would meet a chain that none of its records matches.
  [[nodiscard]] std::optional<Error> cut_off_by(const Installation& installation, const Services& services) {
    const auto replaced = installation.replaced();
    if (replaced.empty()) return std::nullopt;
    for (const auto* service : services) {
      std::set<Name> hosts;
      for (const auto& asked : service->owners) {
        if (asked.service) hosts.insert(asked.service->host);
      }
      auto others = stage_.world.records_of(stage_.facts, hosts);
      std::erase_if(others, [&](const auto& other) { return configured().contains(other.first); });
      const auto left = left_behind(others, replaced, service->credentials);
      if (!left) continue;
      return Error{ErrorCode::unsafe,
                   "its record " + left->record.text() +
                       " matches the certificate that would be replaced, and nothing that is wanted: whoever "
                       "serves that name from the same files would be cut off",
                   left->owner.text(),
                   "give the name to the service as well, or delete the record if nothing serves it"};
    }
    return std::nullopt;
  }

  // Also what names lead to by a CNAME or DNAME: its readiness has been judged.
  [[nodiscard]] const std::set<Name>& configured() {
    if (!configured_.empty()) return configured_;
    for (const auto& zone : stage_.found.plan.zones) {
      for (const auto& rrset : zone.rrsets) {
        configured_.insert(rrset.owner);
        configured_.insert(rrset.asked);
      }
    }
    return configured_;
  }

  void install(std::unique_ptr<Installation> installation, const Services& services) {
    stage_.renew();
    const auto is_ready_still = [&](const WantedService* service) {
      return is_ready(*service, stage_.found.plan);
    };
    if (!std::ranges::all_of(services, is_ready_still)) return;  // the blockers say why
    std::vector<Name> names;
    for (const auto* service : services) {
      for (auto& name : names_of(*service)) names.push_back(std::move(name));
    }
    if (!remember(stage_, release, names)) return;
    if (const auto done = installation->install(); !done) return take_up(done.error());
    Services to_reload;
    for (const auto* service : services) {
      if (stage_.world.is_reload_due(name_of(*service->settings))) {
        to_reload.push_back(service);
      } else {
        note_in_place(*service);
      }
    }
    installed_.push_back({std::move(installation), std::move(to_reload)});
  }

  void add_what_remains() const {
    auto& found = stage_.found;
    if (is_withheld_ && found.remaining != ErrorCode::unsafe) found.remaining = ErrorCode::differences;
    if (awaited_.empty()) return;
    if (!found.remaining) found.remaining = ErrorCode::not_yet;
    if (found.blockers) found.blockers->insert(found.blockers->end(), awaited_.begin(), awaited_.end());
  }

  void take_up(const Error& error) {
    if (error.code == ErrorCode::differences) {
      is_withheld_ = true;
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
    for (const auto* service : ready) {
      for (const auto& asked : service->owners)
        awaited_.push_back({asked.owner, {}, target, false, Reason::other_service, Ends::time, {}, {}});
    }
  }

  // A command that several services have is run once. `ended_well`: by command.
  void reload(const Services& services, std::map<std::string, bool>& ended_well) {
    for (const auto* service : services) {
      const auto& command = service->settings->reload;
      const auto [place, is_new] = ended_well.emplace(command, true);
      if (is_new && !command.empty()) {
        const auto reloaded = stage_.world.reload(command);
        if (!reloaded) add_trouble(stage_, reloaded.error());
        place->second = reloaded.has_value();
      }
      stage_.found.changed |= place->second;
    }
  }

  [[nodiscard]] bool has_reloaded(const WantedService& service) const {
    return has_reloaded_.at(service.settings->reload);
  }

  void look_at(const Installed& one) {
    for (const auto* service : one.to_reload) {
      if (!can_be_probed(*service)) continue;
      const auto seen = watch(*service);
      if (!seen.lost.empty()) return go_back(one, *service, seen.lost);
      done_[service] = seen.is_done;
    }
    for (const auto* service : one.to_reload) conclude(*service);
  }

  void conclude(const WantedService& service) {
    if (!has_reloaded(service)) return;
    note_in_place(service);
    const auto name = name_of(*service.settings);
    if (!can_be_probed(service) || done_.at(&service)) return stage_.world.conclude_reload(name);
    add_trouble(stage_, {ErrorCode::unsafe, "after the reload the service does not present what was deployed",
                         name, "look at the service's own log and at the paths that it reads"});
  }

  // A service needs a moment between its reload and its first new handshake.
  [[nodiscard]] Uptake watch(const WantedService& service) {
    constexpr World::Milliseconds between_looks{200};
    const auto began = stage_.world.stopwatch();
    while (true) {
      const auto seen = look(service, Reach::usual);
      if (seen.lost.empty() && (seen.is_done || !has_reloaded(service))) return seen;
      const bool is_over = stage_.world.stopwatch() - began >= stage_.request.settle;
      // With copied keys another machine presents what was replaced until the copy has come.
      if (is_over && seen.lost.empty()) return look(service, Reach::nearby).is_done ? Uptake{true, {}} : seen;
      if (is_over || !stage_.world.pause(between_looks, between_looks)) return seen;
    }
  }

  [[nodiscard]] Uptake look(const WantedService& service, Reach reach) {
    const auto names = names_of(service);
    const auto evidence =
        stage_.world.probe(stage_.wants, stage_.facts, std::set<Name>(names.begin(), names.end()), reach);
    if (reach == Reach::usual) show(stage_, evidence);
    return uptake(stage_.facts.evidence, evidence, service.credentials,
                  stage_.world.replaced_certificates(name_of(*service.settings)));
  }

  // I13: its old record is still published.
  void go_back(const Installed& one, const WantedService& service, const std::vector<std::string>& lost) {
    const auto name = name_of(*service.settings);
    const auto gone = joined(lost) + (lost.size() == 1 ? " presents" : " present") + " no chain any more";
    const auto done = one.files->put_back();
    add_trouble(stage_, {ErrorCode::unsafe,
                         "after the reload " + gone +
                             (done ? ": the old files are put back, and it is reloaded once more" : ""),
                         name, "look at the service's own log"});
    if (!done) return add_trouble(stage_, done.error());
    std::map<std::string, bool> ended_well;
    reload(one.to_reload, ended_well);
    for (const auto* each : one.to_reload) {
      if (!ended_well.at(each->settings->reload)) continue;
      if (can_be_probed(*each) && !watch_return(*each))
        add_trouble(stage_, {ErrorCode::unsafe, "presents no chain with its old files either",
                             name_of(*each->settings), "look at the service's own log"});
      stage_.world.conclude_reload(name_of(*each->settings));
    }
  }

  [[nodiscard]] bool watch_return(const WantedService& service) {
    constexpr World::Milliseconds between_looks{200};
    const auto began = stage_.world.stopwatch();
    while (!look(service, Reach::usual).lost.empty()) {
      if (stage_.world.stopwatch() - began >= stage_.request.settle) return false;
      if (!stage_.world.pause(between_looks, between_looks)) return false;
    }
    return true;
  }

  void note_in_place(const WantedService& service) {
    for (auto& name : names_of(service)) in_place_.push_back(std::move(name));
  }

  const Stage& stage_;
  std::map<const ServiceSettings*, const WantedService*> by_settings_;  // those that could be read
  bool is_stopped_ = false;                                             // by a signal
  bool is_withheld_ = false;                                            // by a dry run
  std::vector<Wait> awaited_;                                           // other services
  std::vector<Installed> installed_;
  std::map<std::string, bool> has_reloaded_;   // by command: did it end well?
  std::map<const WantedService*, bool> done_;  // does it present what was installed?
  std::set<Name> configured_;
  std::vector<Name> in_place_;
};

}  // namespace

void roll_out(const Stage& stage) { Rollout(stage).carry_out(); }

}  // namespace tlsa_update::rollover
