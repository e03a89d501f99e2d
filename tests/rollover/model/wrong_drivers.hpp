// Drivers that are wrong on purpose, one for each rule that they lack: whoever proves anything has to catch
// them.
#pragma once

#include <vector>

#include "rollover/model/model_world.hpp"

namespace tlsa_update::model {

[[nodiscard]] const std::vector<Fault>& wrong_drivers();

}  // namespace tlsa_update::model
