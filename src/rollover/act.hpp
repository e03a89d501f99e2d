// Acts on a plan: sends the changes of all zones at once and says what became of each. Decides nothing. A
// signal that means "end" stops it between messages; what was sent by then is still read back and told.
#pragma once

#include <map>
#include <vector>

#include "tlsa_update/dns/updater.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/session.hpp"

namespace tlsa_update::rollover {

// What one RrsetPlan sends; nothing when it changes nothing.
[[nodiscard]] std::optional<dns::RrsetChange> change_of(const RrsetPlan& plan);

struct Acted {
  report::Done added;
  report::Done removed;
  std::map<Name, TtlLimit> ttls;  // asked for and granted, by owner
  bool changed = false;
  std::size_t not_sent = 0;  // changes: a signal came first
  std::vector<Name> moved;   // asked names whose RRset somebody else changed meanwhile: read and plan again
  std::vector<Error> troubles;
};

// `read` are the zones that `plan` was made from; their views are brought up to date with what was read back.
[[nodiscard]] Acted act(Session& session, std::vector<dns::ReadZone>& read, const Plan& plan);

}  // namespace tlsa_update::rollover
