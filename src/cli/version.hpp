// Versions of the program and of the libraries it runs with.
#pragma once

#include <string>

namespace tlsa_update::cli {

[[nodiscard]] std::string version();

}  // namespace tlsa_update::cli
