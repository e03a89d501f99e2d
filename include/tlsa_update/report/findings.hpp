// What a command found and did, as one value: text_of() and json_of() show it, and exit_status_of()
// folds it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/waits.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/report/diagnosis.hpp"
#include "tlsa_update/report/health_remark.hpp"

namespace tlsa_update::report {

// A record that this run added or deleted, by owner, and the planner's reason.
using Done = std::map<std::pair<Name, TlsaRecord>, Reason>;

struct Findings {
  std::vector<ZoneView> zones;
  Plan plan;
  std::shared_ptr<const ChainJudge> judge;               // of the evidence
  std::optional<std::vector<ServiceEvidence>> evidence;  // none: nothing was probed
  bool counts_resolvers = false;                         // the evidence is judged by what they give, too
  std::optional<dns::Dnssec> dnssec;
  std::optional<Error> no_verdict;  // why that is not known of all, where it should be
  Done added;
  Done removed;
  bool changed = false;
  bool is_withheld = false;                   // a dry run: there was something to change
  std::optional<std::vector<Wait>> blockers;  // of a command that waits: what for
  std::vector<Error> troubles;                // everything that went wrong, already logged
  std::optional<ErrorCode> remaining;         // differences or not_yet: no trouble, but an exit status
  std::optional<Diagnosis> diagnosis;         // doctor's
  std::vector<Error> not_readable;  // files that this user may not read, and that can be done without
  bool has_ledger = true;           // false: it may not be read, so nobody knows whose a record is
  std::optional<std::vector<HealthRemark>> remarks;  // verify's
};

// The view of a zone that the plan is about; nothing when it was not read.
[[nodiscard]] const ZoneView* view_of(const Findings& findings, const ZonePlan& plan);

// text(state), but "unknown" for a foreign record where the ledger may not be read.
[[nodiscard]] std::string_view state_text(const Findings& findings, RecordState state);

[[nodiscard]] std::string text_of(const Findings& findings);
[[nodiscard]] std::string json_of(const Findings& findings);  // tlsa-update(1), JSON

// The most severe of the troubles, failed checks and what remains; 0 when there is none.
[[nodiscard]] int exit_status_of(const Findings& findings);

// Sets the blockers, and what remains: after a pass that acted, or by a look that changes nothing, where what
// would be changed is a difference.
void conclude_pass(Findings& findings, Goal goal);
void conclude_look(Findings& findings, Goal goal);

// The same for status, which compares all that there is and reports every difference.
void conclude_status(Findings& findings);

// Every name server answered, and every address of the services that were probed.
[[nodiscard]] bool is_all_seen(const Findings& findings);

}  // namespace tlsa_update::report
