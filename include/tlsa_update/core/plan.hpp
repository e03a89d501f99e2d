// What should be done and why, as values: tests compare plans, report.hpp owns the words, cli acts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/time.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

enum class RecordState { published, missing, stale, foreign, kept };
enum class Action { none, add, remove, wait };

enum class Reason {
  wanted,                   // published and wanted: nothing to do
  missing,                  // wanted and not there: add
  served_chain,             // RFC 7671 8.1: a new combination first covers the chain that is served now
  ttl_change,               // the RRset moves to another TTL (delete and add of the same records)
  transitional,             // RFC 7671 8.2: an old combination covers the new key until it has left
  seen,                     // published; nothing was asked about it (verify)
  foreign,                  // not ours: shown, kept
  protected_,               // `keep`, or wanted by a service that this run is not about: never deleted
  next_key,                 // published ahead for the next renewal
  may_be_cached,            // RFC 7671 8.1: the RRset before the change outlives it in caches
  propagating,              // not yet at every authoritative server
  not_signed,               // a server of a signed zone serves it without RRSIG, or with a bad one
  unread,                   // the owner, its authoritative servers, or what is wanted there could not be read
  still_served,             // an address presents a chain that it matches
  not_probed,               // an address or handshake did not answer: keep, and introduce nothing new
  not_deployed,             // an address presents a chain that is not wanted: the switch is not complete
  may_go_live,              // was released for deployment and has not been seen since
  replacement_not_ready,    // what comes instead may not be relied on yet
  grace,                    // --grace has not passed since it was last seen live
  combination_would_break,  // RFC 7671 section 8: its combination would match no chain that is served (I3)
  last_record,              // only --unpublish removes the last one
  superseded,               // stale and provably safe: delete
  unpublished,              // --unpublish
  hazard,                   // refused: see RrsetPlan::refused
  leaving,                  // gone from the primary, and a server may still hand it out
  other_service,            // another service reads a file that is to be installed, and is not ready
  orphan,                   // nothing that is configured asks for the name (list)
  unasked,                  // nothing is configured to compare with (list)
  not_wanted,               // ours, and matches nothing that is wanted (list)
  occluded,                 // below a delegation or DNAME: never answered (list)
  malformed,                // no client can use it (list)
};
[[nodiscard]] std::string_view text(RecordState state);
[[nodiscard]] std::string_view text(Action action);  // "none", "add", "delete", "wait"
[[nodiscard]] std::string_view text(Reason reason);  // a fixed word for json: "may-be-cached"

// What ends a wait: time (or the next run), a name server that recovers or catches up, the service that
// presents something else, or the operator alone.
enum class Ends { time, server, service, operator_ };
[[nodiscard]] std::string_view text(Ends ends);
[[nodiscard]] Ends usual_end(Reason reason);

// What a wait depends on: an authoritative server, or (no server) an address of the service.
struct Place {
  std::string server;   // "ns2.example.com."
  std::string address;  // "192.0.2.2@53"; of a service "192.0.2.9"
  bool operator==(const Place&) const = default;
};
using Places = std::vector<Place>;

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
  std::vector<Readiness> readiness;   // by the full planner only; one per asked name, sorted
  std::optional<Time> next_due;       // when running again may change something
  std::vector<std::string> warnings;  // do not change the exit status
  std::vector<std::string> critical;  // exit 2: a served chain matches no published record, or I3 refuses
  bool operator==(const Plan&) const = default;

  [[nodiscard]] bool changes() const;
  [[nodiscard]] const Readiness* readiness_of(const Name& asked) const;
};

}  // namespace tlsa_update
