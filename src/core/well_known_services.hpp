// Port numbers of the services that DANE clients exist for, so that service names work in a container
// without /etc/services. Not a copy of that file: whatever is not here is looked up there.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tlsa_update {

// `service` in lower case. Names as registered with IANA, and the common ones beside them ("smtps").
[[nodiscard]] std::optional<std::uint16_t> well_known_port(std::string_view service);

}  // namespace tlsa_update
