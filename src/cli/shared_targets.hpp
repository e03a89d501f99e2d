// Which services have to be deployed together, because they install the same file: as soon as it is new, a
// restart of any of them takes it up.
#pragma once

#include <string>
#include <vector>

#include "settings.hpp"

namespace tlsa_update::cli {

using ServiceGroup = std::vector<const ServiceSettings*>;

// All configured services that install anything, whether this run is about them or not, each in one group
// with every service that it shares a target with, and with those that these share one with.
[[nodiscard]] std::vector<ServiceGroup> groups_by_target(const Settings& settings);

// One file has one such path, whichever links lead to its folder.
[[nodiscard]] std::string canonical_target(const std::string& path);

}  // namespace tlsa_update::cli
