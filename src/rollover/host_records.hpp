// Which TLSA records do hosts have, at whatever port? For whoever is about to replace the certificate of one.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "look.hpp"

namespace tlsa_update::rollover {

// By a transfer of each zone, or where that is refused (or --read query is given) at the ports of well-known
// protocols. What cannot be read is left out: a look for what was forgotten holds nothing up.
[[nodiscard]] std::vector<std::pair<Name, Rrset>> read_hosts(Session& session,
                                                             const std::vector<ZoneView>& zones,
                                                             const Sources& sources,
                                                             const std::set<Name>& hosts);

}  // namespace tlsa_update::rollover
