// Breadth first over all schedules of the shipped driver in one family of worlds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proof/scene.hpp"

namespace tlsa_update::proof {

// Worlds that have their moves in common.
struct Family {
  std::string name;
  std::string about;
  std::vector<Setting> settings;  // each is explored
  std::vector<Move> moves;
};
[[nodiscard]] const std::vector<Family>& families();

struct Limits {
  std::size_t depth = 1000;        // moves
  std::size_t states = 2'000'000;  // distinct ones; the memory that it takes is theirs
  std::chrono::steady_clock::time_point until;
  std::size_t settled_one_in = 64;  // of the distinct states: how many are played to their end
  std::size_t seed = 1;             // which of them
};

struct Finding {
  std::size_t setting = 0;
  std::vector<Move> schedule;  // the shortest
  std::string trouble;
};

struct Report {
  std::size_t states = 0;  // reached, some of them often
  std::size_t distinct = 0;
  std::size_t settled = 0;  // played to their end
  std::size_t depth = 0;    // every schedule of up to so many moves was played
  bool is_whole = false;    // there are no further states
  double seconds = 0;
  std::optional<Finding> finding;
};

[[nodiscard]] Report explore(const Family& family, const model::Fault& fault, const Limits& limits);

// The states of a schedule, one after the other, and its trouble, or how it ends when nobody interferes.
[[nodiscard]] std::string replay(const Family& family, const Finding& finding, const model::Fault& fault);

// A schedule in numbers, for a command line: "SETTING:MOVE,MOVE", each as it stands in the family.
[[nodiscard]] std::string numbers_of(const Family& family, const Finding& finding);
[[nodiscard]] std::optional<Finding> finding_of(const Family& family, std::string_view numbers);

}  // namespace tlsa_update::proof
