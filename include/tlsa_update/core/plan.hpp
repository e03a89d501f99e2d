// What should be done and why, as values: tests compare plans, report.hpp owns the words, cli acts.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/reason.hpp"
#include "tlsa_update/core/remark.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

struct Step {
  TlsaRecord record;
  RecordState state = RecordState::published;
  Action action = Action::none;
  Reason reason = Reason::wanted;
  std::string credential;         // what it belongs to, when known
  std::optional<Time> ready_at;   // when a wait ends, or when the record may be relied on
  std::optional<Ends> ends = {};  // of a wait, when that is not usual_end(reason)
  Places places = {};             // of a wait, when known
  bool operator==(const Step&) const = default;
};

struct RrsetPlan {
  Name asked;
  std::vector<Name> also_asked;  // further names that lead to the same owner by CNAME or DNAME
  Name owner;
  std::optional<Rrset> observed;  // the prerequisite of every change (invariant I5)
  std::uint32_t ttl = 0;          // of the RRset afterwards
  bool moves_ttl = false;         // the whole RRset is deleted and added in one message
  bool ttl_is_limited = false;    // the server grants no more: what was asked is not asked for again
  bool ttl_is_contested = false;  // somebody else sets another one again and again: it is left to them
  std::vector<Step> steps;        // sorted by record
  std::optional<Hazard> refused;  // nothing is changed at this owner (I10); the text is report's
  // Clients would pass over the record of a current credential, for a stronger digest that is there: of
  // plan_publish alone, which is well advised to see what is served. plan_rollover has blockers.
  bool is_passed_over = false;
  bool operator==(const RrsetPlan&) const = default;

  [[nodiscard]] bool changes() const;         // any add, remove or TTL move
  [[nodiscard]] TlsaRecords adds() const;     // for the UPDATE; all that stay, too, when the TTL moves
  [[nodiscard]] TlsaRecords removes() const;  // for the UPDATE; all that were observed, when the TTL moves
};

struct ZonePlan {
  Name zone;
  std::string server;  // ZoneView::server
  std::vector<RrsetPlan> rrsets;
  bool operator==(const ZonePlan&) const = default;
};

// One reason why a credential may not be deployed yet.
struct Blocker {
  TlsaRecord record;  // what is awaited, or what would stop matching
  std::string credential;
  Reason reason = Reason::missing;
  std::optional<Time> ready_at;   // when this one ends, when that is known
  std::optional<Ends> ends = {};  // when it is not usual_end(reason)
  Places places = {};
  std::string why = {};  // of not_accepted: what OpenSSL says
  bool operator==(const Blocker&) const = default;
};

// May all credentials of Role::current be deployed, as far as this name goes? A service may when every one of
// its names says so.
struct Readiness {
  Name asked;
  bool ready = false;
  std::optional<Time> ready_at;  // unset: not known yet
  std::vector<Blocker> blockers;
  bool operator==(const Readiness&) const = default;
};

struct Plan {
  std::vector<ZonePlan> zones;
  std::vector<Readiness> readiness;  // by the full planner only; one per asked name, sorted
  std::optional<Time> next_due;      // when running again may change something
  std::vector<Remark> warnings;      // do not change the exit status
  std::vector<Remark> critical;      // exit 2: a served chain matches no published record, or I3 refuses
  bool operator==(const Plan&) const = default;

  [[nodiscard]] bool changes() const;
  [[nodiscard]] const Readiness* readiness_of(const Name& asked) const;
};

// The asked names where this plan deletes a record, or adds a combination of parameters: what a
// chain that was not met would not survive. Their services are looked at closely before it is carried out
// (DESIGN, W7 and W10): at every address that any witness knows, and more than once where one look may have
// met one machine of several.
[[nodiscard]] std::set<Name> names_to_look_at_closely(const Plan& plan);

}  // namespace tlsa_update
