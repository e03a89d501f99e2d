// Acts on a plan: sends its changes zone by zone and says what became of each. Decides nothing.
#pragma once

#include <vector>

#include "findings.hpp"
#include "session.hpp"
#include "tlsa_update/dns/updater.hpp"
#include "tlsa_update/dns/zone_reader.hpp"

namespace tlsa_update::cli {

// What one RrsetPlan sends; nothing when it changes nothing.
[[nodiscard]] std::optional<dns::RrsetChange> change_of(const RrsetPlan& plan);

struct Acted {
  Done added;
  Done removed;
  bool changed = false;
  std::vector<Name> moved;  // asked names whose RRset somebody else changed meanwhile: read and plan again
  std::vector<Error> troubles;
};

// `read` are the zones that `plan` was made from; their views are brought up to date with what was read back.
[[nodiscard]] Acted act(Session& session, std::vector<dns::ReadZone>& read, const Plan& plan);

}  // namespace tlsa_update::cli
