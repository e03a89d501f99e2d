// What a plan waits for, each with what ends it, and what that comes to as an exit status: 75 says that
// something will end every wait, 2 that one of them is the operator's to end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/plan.hpp"

namespace tlsa_update {

struct Wait {
  Name owner;
  TlsaRecord record;  // what is awaited, or what is in the way
  std::string credential;
  bool is_deletion = false;  // the record is to be deleted
  Reason reason = Reason::missing;
  Ends ends = Ends::time;
  Places places;                 // may be empty
  std::optional<Time> ready_at;  // unset: not known
  std::string why = {};          // as Blocker::why
  bool operator==(const Wait&) const = default;
};

// What a command is about.
enum class Goal {
  addition,    // publish
  deployment,  // ready, deploy
  deletion,    // prune
  all,         // run, status
};

// Every wait once, those before a deployment first.
[[nodiscard]] std::vector<Wait> waits(const Plan& plan, Goal goal);

// Changes that became due after a pass had acted: they wait for the next one.
[[nodiscard]] std::vector<Wait> due_changes(const Plan& plan);

// not_yet, or unsafe when a wait ends by the operator alone; nothing when there is none.
[[nodiscard]] std::optional<ErrorCode> outcome_of(const std::vector<Wait>& waits);

// Is something else published than what is wanted, whether or not it may be changed now?
[[nodiscard]] bool has_difference(const Plan& plan);

// For commands that were given nothing to put in the place of what is there: takes the waits for a
// replacement out of the RRsets where nothing is wanted.
void forget_replacements(Plan& plan);

// For a command that only looks: all waits for a replacement, and those for what could not be read, which it
// reports otherwise.
void forget_plans(Plan& plan);

}  // namespace tlsa_update
