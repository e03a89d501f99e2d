#include "stage.hpp"

#include <algorithm>

namespace tlsa_update::rollover {

bool is_ready(const WantedService& service, const Plan& plan) {
  return !service.owners.empty() &&
         std::all_of(service.owners.begin(), service.owners.end(), [&](const AskedOwner& asked) {
           const Readiness* readiness = plan.readiness_of(asked.owner);
           return readiness != nullptr && readiness->ready;
         });
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

deployment::ServiceFiles files_of(const WantedService& service) {
  const auto& settings = *service.settings;
  return {name_of(settings), settings.installs, settings.passphrase_file, service.credentials,
          service.desired.records};
}

void add_trouble(const Stage& stage, Error error) {
  stage.events.error(error);
  stage.found.troubles.push_back(std::move(error));
}

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

}  // namespace tlsa_update::rollover
