// One file to put where a service reads it, as the administrator writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::deployment {

// A file to install once its certificate may be deployed.
struct Install {
  std::string from;
  std::string to;
  std::optional<unsigned> mode;
  std::string owner;
  std::string group;
};

// "FROM -> TO [MODE [OWNER[:GROUP]]]". Error usage.
[[nodiscard]] Result<Install> parse_install(std::string_view text);

}  // namespace tlsa_update::deployment
