// Which address families count (-4, -6): the operator vouches that the addresses of the other one do not
// differ.
#pragma once

namespace tlsa_update {

enum class Family { any, ipv4, ipv6 };

}  // namespace tlsa_update
