// A NAME or a zone as the administrator writes it, service names of this system included. Resolves nothing.
#pragma once

#include <string_view>
#include <vector>

#include "tlsa_update/core/service.hpp"

namespace tlsa_update::rollover {

// parse_target with getservbyname(3) behind it. Error usage.
[[nodiscard]] Result<std::vector<Target>> parse_name(std::string_view text);

// In U-labels or A-labels. Error bad_data.
[[nodiscard]] Result<Name> parse_zone(std::string_view text);

}  // namespace tlsa_update::rollover
