// A schedule played out: the truth, the shipped driver and everybody who gets in between, one move at a time.
// The same numbers make the same history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollover/model/model_world.hpp"

namespace tlsa_update::model {

using Schedule = std::vector<std::uint32_t>;  // one move each; any number means something

struct History {
  std::optional<std::string> trouble;  // why a client failed, or which invariant broke
  std::size_t deployments = 0;
  std::string log;  // of a history that ends in trouble
};

// `settings` chooses the world: servers, addresses, TTLs, what stands there at first.
[[nodiscard]] History play(std::uint32_t settings, const Schedule& schedule, const Fault& fault);

// After the schedule nobody interferes any more and everything answers: does the rollover come to its end?
[[nodiscard]] History play_to_the_end(std::uint32_t settings, const Schedule& schedule);

}  // namespace tlsa_update::model
