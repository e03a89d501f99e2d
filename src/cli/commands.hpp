// One function a command: gathers, decides, acts and prints, in a few lines over session, wants, facts and
// output. Each returns the exit status of DESIGN.
#pragma once

#include "settings.hpp"

namespace tlsa_update::cli {

[[nodiscard]] int generate(const Settings& settings);
[[nodiscard]] int status(const Settings& settings);
[[nodiscard]] int publish(const Settings& settings);
[[nodiscard]] int ready(const Settings& settings);
[[nodiscard]] int deploy(const Settings& settings);
[[nodiscard]] int prune(const Settings& settings);
[[nodiscard]] int run(const Settings& settings);
[[nodiscard]] int verify(const Settings& settings);
[[nodiscard]] int list(const Settings& settings);
[[nodiscard]] int doctor(const Settings& settings);

}  // namespace tlsa_update::cli
