// Which services have to be deployed together, because they install the same file: as soon as it is new, a
// restart of any of them takes it up.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tlsa_update/deployment/install.hpp"

namespace tlsa_update::deployment {

// One file has one such path, whichever links lead to its folder.
[[nodiscard]] std::string canonical_target(const std::string& path);

// Union-find: each service points towards the first one of its group.
class TargetGroups {
 public:
  void add(const std::vector<Install>& installs);  // those of one service; services are numbered from 0 on

  // The numbers of the services, each in one group with every service that it shares a target with, and with
  // those that these share one with.
  [[nodiscard]] std::vector<std::vector<std::size_t>> all();

 private:
  std::size_t first_of(std::size_t number);
  void join(std::size_t one, std::size_t other);

  std::vector<std::size_t> parents_;
  std::map<std::string, std::size_t> first_of_target_;
};

}  // namespace tlsa_update::deployment
