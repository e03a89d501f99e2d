// Random schedules, in which everything varies at once: what no family can explore to any depth.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tlsa_update::proof {

// The same seed plays the same schedules. Prints a line, or the first schedule that ends badly. False: one
// did.
[[nodiscard]] bool play_schedules(std::size_t number, std::uint32_t seed);

}  // namespace tlsa_update::proof
