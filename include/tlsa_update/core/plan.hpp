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
  wanted,         // published and wanted: nothing to do
  missing,        // wanted and not there: add
  ttl_change,     // the RRset moves to another TTL (delete and add of the same records)
  foreign,        // not ours: shown, kept
  protected_,     // `keep`: never deleted
  next_key,       // published ahead for the next renewal
  may_be_cached,  // RFC 7671 8.1: the RRset before the change outlives it in caches
  propagating,    // not yet at every authoritative server
  still_served,   // an address presents a chain that it matches
  not_probed,     // an address or handshake did not answer: keep
  replacement_not_ready,
  grace,                    // --grace has not passed since it was last seen live
  combination_would_break,  // RFC 7671 section 8: (I3)
  last_record,              // only --unpublish removes the last one
  superseded,               // stale and provably safe: delete
  unpublished,              // --unpublish
  hazard,                   // refused: see Refusal
};
[[nodiscard]] std::string_view text(RecordState state);
[[nodiscard]] std::string_view text(Action action);  // "none", "add", "delete", "wait"
[[nodiscard]] std::string_view text(Reason reason);  // a fixed word for json: "may-be-cached"

struct Step {
  TlsaRecord record;
  RecordState state = RecordState::published;
  Action action = Action::none;
  Reason reason = Reason::wanted;
  std::string credential;        // what it belongs to, when known
  std::optional<Time> ready_at;  // when a wait ends, or when the record may be relied on
  bool operator==(const Step&) const = default;
};

struct RrsetPlan {
  Name asked;
  Name owner;
  std::optional<Rrset> observed;  // the prerequisite of every change (invariant I5)
  std::uint32_t ttl = 0;          // of the RRset afterwards
  bool moves_ttl = false;         // the whole RRset is deleted and added in one message
  std::vector<Step> steps;        // sorted by record
  std::optional<Hazard> refused;  // nothing is changed at this owner (I10); the text is report's
  bool operator==(const RrsetPlan&) const = default;

  [[nodiscard]] bool changes() const;  // any add, remove or TTL move
};

struct ZonePlan {
  Name zone;
  std::vector<RrsetPlan> rrsets;
  bool operator==(const ZonePlan&) const = default;
};

struct Plan {
  std::vector<ZonePlan> zones;
  std::optional<Time> next_due;  // when running again may change something
  std::vector<std::string> warnings;
  bool operator==(const Plan&) const = default;
};

}  // namespace tlsa_update
