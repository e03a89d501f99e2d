// What was found at the primary, the name servers and the live service. Values only; judges nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::rollover {

// How far a look goes.
enum class Depth {
  primary,  // publish
  servers,  // every authoritative server as well
  live,     // and every endpoint, and whether DNSSEC vouches for the records
};

struct Facts {
  std::vector<ZoneView> zones;
  std::vector<ServiceEvidence> evidence;  // with Depth::live, or of what was looked at besides
  std::optional<dns::Dnssec> dnssec;      // only with Depth::live
  std::optional<Error> no_verdict;        // why it is not known of all, where it should be
  std::vector<Error> troubles;            // names that could not be read; not reported yet
  bool is_signed_by_primaries = false;  // a primary signed its answers (TSIG): so our clock is near its clock
};

// What became of a plan.
struct Acted {
  report::Done added;
  report::Done removed;
  std::map<Name, TtlLimit> ttls;  // asked for and granted, by owner
  bool changed = false;
  bool is_withheld = false;   // a dry run: there was something to change
  std::size_t not_sent = 0;   // changes: a signal came first
  std::vector<Name> moved;    // asked names whose RRset somebody else changed meanwhile: read and plan again
  std::set<Name> unanswered;  // owners whose change may still be applied, whatever else is known of it
  std::vector<Error> troubles;
};

}  // namespace tlsa_update::rollover
