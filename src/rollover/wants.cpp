#include "tlsa_update/rollover/wants.hpp"

#include <algorithm>

namespace tlsa_update::rollover {
namespace {

// A name of the command line wants for itself: whoever asks for it later takes its place.
Wanter wanter_of(const WantedService& service, const AskedOwner& asked) {
  const auto& settings = *service.settings;
  return settings.label.empty() ? Wanter{{}, asked.owner.text()}
                                : Wanter{settings.configuration, settings.label};
}

}  // namespace

std::vector<Name> names_of(const WantedService& service) {
  std::vector<Name> names;
  for (const auto& asked : service.owners) names.push_back(asked.owner);
  return names;
}

bool can_be_probed(const WantedService& service) {
  return std::any_of(service.owners.begin(), service.owners.end(), [](const AskedOwner& asked) {
    return asked.service && asked.service->protocol == Protocol::tcp;
  });
}

std::vector<Desired> desired_of(const std::vector<WantedService>& services,
                                const std::vector<WantedService>& unread) {
  std::vector<Desired> all;
  for (const auto& service : services) {
    for (const auto& asked : service.owners) {
      all.push_back(service.desired);
      all.back().asked = asked.owner;
      for (auto& wanted : all.back().records) wanted.wanters = {wanter_of(service, asked)};
    }
  }
  for (const auto& service : unread) {
    for (const auto& asked : service.owners) {
      auto& desired = all.emplace_back();
      desired.asked = asked.owner;
      desired.is_partial = true;
      desired.longest_ttl = 0;  // that is for the services to name that could be read
    }
  }
  return all;
}

Result<void> check_credentials(const Wants& wants) {
  for (const auto& service : wants.services) {
    if (service.desired.records.empty()) {
      return fail(ErrorCode::usage, "no credential is given", service.settings->label,
                  "give --cert FILE, --next FILE or --from-server HOST:PORT");
    }
  }
  return {};
}

}  // namespace tlsa_update::rollover
