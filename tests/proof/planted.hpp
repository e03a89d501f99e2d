// Wrong drivers, and how soon each is caught: a proof that finds nothing must be one that can find something.
#pragma once

#include "proof/explore.hpp"

namespace tlsa_update::proof {

// Every wrong driver is caught in the family that the table names, by a schedule as long as it says and by no
// shorter one. Prints a line for each; false when one is not, or when the table has other drivers.
[[nodiscard]] bool catch_wrong_drivers();

}  // namespace tlsa_update::proof
