#include "proof/schedules.hpp"

#include <chrono>
#include <cstdio>
#include <random>

#include "rollover/model/play.hpp"

namespace tlsa_update::proof {

bool play_schedules(std::size_t number, std::uint32_t seed) {
  constexpr std::size_t longest = 100;  // moves; some are a whole pass
  const auto began = std::chrono::steady_clock::now();
  std::mt19937 random(seed);
  std::size_t deployments = 0, moves = 0;
  for (std::size_t i = 0; i < number; ++i) {
    const auto settings = static_cast<std::uint32_t>(random());
    model::Schedule schedule(random() % longest);
    for (auto& move : schedule) move = static_cast<std::uint32_t>(random());
    const auto history = model::play_to_the_end(settings, schedule);
    if (history.trouble) {
      std::printf("schedule %zu of seed %u: %s\n%s\n", i, seed, history.trouble->c_str(),
                  history.log.c_str());
      return false;
    }
    deployments += history.deployments;
    moves += schedule.size();
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf("%zu schedules of seed %u: %zu moves, %zu deployments, %.1f s\n", number, seed, moves,
              deployments, seconds.count());
  return deployments > 0;
}

}  // namespace tlsa_update::proof
