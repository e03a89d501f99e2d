// What a command found and did, as one value: report_text.cpp and report_json.cpp print it, and exit_status()
// folds it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "diagnosis.hpp"
#include "output.hpp"
#include "settings.hpp"
#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/waits.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::cli {

// A record that this run added or deleted, by owner, and the planner's reason.
using Done = std::map<std::pair<Name, TlsaRecord>, Reason>;

struct Findings {
  std::vector<ZoneView> zones;
  Plan plan;                                             // its zones as in `zones`
  std::optional<std::vector<ServiceEvidence>> evidence;  // none: nothing was probed
  std::optional<dns::Dnssec> dnssec;
  std::optional<Error> no_verdict;  // why that is not known of all, where it should be
  Done added;
  Done removed;
  bool changed = false;
  std::optional<std::vector<Wait>> blockers;  // of a command that waits: what for
  std::vector<Error> troubles;                // everything that went wrong, already logged
  std::optional<ErrorCode> remaining;         // differences or not_yet: no trouble, but an exit status
  std::optional<Diagnosis> diagnosis;         // doctor's
};

// The view of a zone that the plan is about; nothing when it was not read.
[[nodiscard]] const ZoneView* view_of(const Findings& findings, const ZonePlan& plan);

void print_text(Output& out, const Findings& findings);
void print_json(Output& out, const Findings& findings);

// The most severe of the troubles, failed checks and what remains; 0 when there is none.
[[nodiscard]] int exit_status_of(const Findings& findings);

// Sets the blockers, and what remains: after a pass that acted, or by a look that changes nothing, where what
// would be changed is a difference.
void conclude_pass(Findings& findings, Goal goal);
void conclude_look(Findings& findings, Goal goal);

// For commands that look at what is there and have nothing to put in its place.
void forget_wait(Step& step);

// Prints, and returns the exit status.
[[nodiscard]] int finish(const Findings& findings, Format format);

}  // namespace tlsa_update::cli
