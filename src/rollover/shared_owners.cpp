#include "shared_owners.hpp"

#include <algorithm>
#include <map>

namespace tlsa_update::rollover {
namespace {

template <class T>
void add_new(std::vector<T>& to, const std::vector<T>& from) {
  for (const auto& one : from) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
  }
}

// A name of the command line wants for itself: whoever asks for it later takes its place.
Wanter wanter_of(const WantedService& service, const AskedOwner& asked) {
  const auto& settings = *service.settings;
  return settings.label.empty() ? Wanter{{}, asked.owner.text()}
                                : Wanter{settings.configuration, settings.label};
}

Desired desired_at(const WantedService& service, const AskedOwner& asked) {
  auto desired = service.desired;
  desired.asked = asked.owner;
  for (auto& wanted : desired.records) wanted.wanters = {wanter_of(service, asked)};
  return desired;
}

void join(Desired& to, const Desired& from) {
  for (const auto& wanted : from.records) {
    const auto same = std::find_if(to.records.begin(), to.records.end(),
                                   [&](const Wanted& other) { return other.record == wanted.record; });
    if (same == to.records.end()) {
      to.records.push_back(wanted);
      continue;
    }
    auto wanters = std::move(same->wanters);
    add_new(wanters, wanted.wanters);
    std::ranges::sort(wanters);
    if (same->role == Role::next) *same = wanted;
    same->wanters = std::move(wanters);
  }
  add_new(to.keep, from.keep);
  add_new(to.parameters, from.parameters);
  add_new(to.credentials, from.credentials);
  to.longest_ttl = std::max(to.longest_ttl, from.longest_ttl);
  add_new(to.installed, from.installed);
  if (from.ttl) to.ttl = std::min(to.ttl.value_or(*from.ttl), *from.ttl);
}

}  // namespace

std::vector<Desired> merged(const std::vector<WantedService>& services,
                            const std::vector<WantedService>& unread) {
  std::map<Name, Desired> by_owner;
  for (const auto& service : services) {
    for (const auto& asked : service.owners) {
      auto desired = desired_at(service, asked);
      const auto place = by_owner.find(asked.owner);
      if (place == by_owner.end()) {
        by_owner.emplace(asked.owner, std::move(desired));
      } else {
        join(place->second, desired);
      }
    }
  }
  for (const auto& service : unread) {
    for (const auto& asked : service.owners) {
      auto& desired = by_owner[asked.owner];
      desired.asked = asked.owner;
      desired.is_partial = true;
    }
  }
  std::vector<Desired> all;
  all.reserve(by_owner.size());
  for (auto& [owner, desired] : by_owner) all.push_back(std::move(desired));
  return all;
}

void protect(std::vector<Desired>& desired, const Desired& other) {
  TlsaRecords protected_records = other.keep;
  for (const auto& wanted : other.records) protected_records.push_back(wanted.record);
  for (auto& one : desired) {
    add_new(one.keep, protected_records);
    one.is_partial = one.is_partial || other.is_partial;
  }
}

}  // namespace tlsa_update::rollover
