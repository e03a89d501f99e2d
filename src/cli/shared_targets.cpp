#include "shared_targets.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

namespace tlsa_update::cli {
namespace {

// Union-find: each service points towards the first one of its group.
class Groups {
 public:
  void add(const ServiceSettings& service) {
    const auto number = services_.size();
    services_.push_back(&service);
    parents_.push_back(number);
    for (const auto& install : service.installs) {
      const auto [place, is_new] = first_of_target_.emplace(canonical_target(install.to), number);
      if (!is_new) join(number, place->second);
    }
  }

  [[nodiscard]] std::vector<ServiceGroup> all() {
    std::map<std::size_t, ServiceGroup> by_first;
    for (std::size_t number = 0; number < services_.size(); ++number)
      by_first[first_of(number)].push_back(services_[number]);
    std::vector<ServiceGroup> groups;
    for (auto& [first, group] : by_first) groups.push_back(std::move(group));
    return groups;
  }

 private:
  std::size_t first_of(std::size_t number) {
    while (parents_[number] != number) number = parents_[number] = parents_[parents_[number]];
    return number;
  }

  void join(std::size_t one, std::size_t other) {
    const auto [first, second] = std::minmax({first_of(one), first_of(other)});
    parents_[second] = first;
  }

  std::vector<const ServiceSettings*> services_;
  std::vector<std::size_t> parents_;
  std::map<std::string, std::size_t> first_of_target_;
};

}  // namespace

std::string canonical_target(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

std::vector<ServiceGroup> groups_by_target(const Settings& settings) {
  Groups groups;
  for (const auto* services : {&settings.services, &settings.others}) {
    for (const auto& service : *services) {
      if (!service.installs.empty()) groups.add(service);
    }
  }
  return groups.all();
}

}  // namespace tlsa_update::cli
