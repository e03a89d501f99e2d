#include "tlsa_update/deployment/target_groups.hpp"

#include <algorithm>
#include <filesystem>

namespace tlsa_update::deployment {

std::string canonical_target(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

void TargetGroups::add(const std::vector<Install>& installs) {
  const auto number = parents_.size();
  parents_.push_back(number);
  for (const auto& install : installs) {
    const auto [place, is_new] = first_of_target_.emplace(canonical_target(install.to), number);
    if (!is_new) join(number, place->second);
  }
}

std::vector<std::vector<std::size_t>> TargetGroups::all() {
  std::map<std::size_t, std::vector<std::size_t>> by_first;
  for (std::size_t number = 0; number < parents_.size(); ++number)
    by_first[first_of(number)].push_back(number);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [first, group] : by_first) groups.push_back(std::move(group));
  return groups;
}

std::size_t TargetGroups::first_of(std::size_t number) {
  while (parents_[number] != number) number = parents_[number] = parents_[parents_[number]];
  return number;
}

void TargetGroups::join(std::size_t one, std::size_t other) {
  const auto [first, second] = std::minmax({first_of(one), first_of(other)});
  parents_[second] = first;
}

}  // namespace tlsa_update::deployment
