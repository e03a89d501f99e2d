// What the manual calls a caveat is one: the explorer finds the outage, and none with the remedy that it
// names.
#pragma once

#include <string>

namespace tlsa_update::proof {

// Prints a line for each. False: a scenario came out differently, or the CAVEATS of `manual`, a file of
// mdoc(7), and the scenarios here do not tell of the same.
[[nodiscard]] bool check_caveats(const std::string& manual);

}  // namespace tlsa_update::proof
