// What the install targets of a service hold: the certificates that it reads now, or when it starts again.
#pragma once

#include <memory>
#include <vector>

#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

// Certificates in the targets that are none of `given`, each once. A target that is missing, unreadable or
// holds a key alone tells nothing.
[[nodiscard]] std::vector<std::shared_ptr<const Credential>> installed_credentials(
    const ServiceSettings& settings, const std::vector<GivenCredential>& given);

}  // namespace tlsa_update::rollover
