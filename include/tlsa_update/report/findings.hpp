// What a command found and did, as one value: text_of() and json_of() show it, and exit_status_of()
// folds it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/report/diagnosis.hpp"

namespace tlsa_update::report {

// A record that this run added or deleted, by owner.
using Done = std::set<std::pair<Name, TlsaRecord>>;

struct Findings {
  std::vector<ZoneView> zones;
  Plan plan;                                             // its zones as in `zones`
  std::optional<std::vector<ServiceEvidence>> evidence;  // none: nothing was probed
  std::optional<dns::Dnssec> dnssec;
  std::optional<Error> no_verdict;  // why that is not known of all, where it should be
  Done added;
  Done removed;
  bool changed = false;
  bool is_withheld = false;            // a dry run: there was something to change
  std::vector<Error> troubles;         // everything that went wrong, already logged
  std::optional<ErrorCode> remaining;  // differences or not_yet: no trouble, but an exit status
  std::optional<Diagnosis> diagnosis;  // doctor's
};

// The view of a zone that the plan is about; nothing when it was not read.
[[nodiscard]] const ZoneView* view_of(const Findings& findings, const ZonePlan& plan);

[[nodiscard]] std::string text_of(const Findings& findings);
[[nodiscard]] std::string json_of(const Findings& findings);  // tlsa-update(1), JSON

// The most severe of the troubles, failed checks and what remains; 0 when there is none.
[[nodiscard]] int exit_status_of(const Findings& findings);

// not_yet while something waits: a record for its addition, a credential for its deployment, a record for its
// deletion, or anything. A change that is still in the plan became due after the pass had acted, and waits
// for the next one.
[[nodiscard]] std::optional<ErrorCode> held_back_in(const Plan& plan);
[[nodiscard]] std::optional<ErrorCode> unready_in(const Plan& plan);
[[nodiscard]] std::optional<ErrorCode> lingering_in(const Plan& plan);
[[nodiscard]] std::optional<ErrorCode> waiting_in(const Plan& plan);

// For commands that look at what is there and have nothing to put in its place.
void forget_wait(Step& step);

}  // namespace tlsa_update::report
