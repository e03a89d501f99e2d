// The fixed words of a plan: what a record is, what is done with it, why, and what ends a wait.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/time.hpp"

namespace tlsa_update {

enum class RecordState { published, missing, stale, foreign, kept };
enum class Action { none, add, remove, wait };

enum class Reason {
  wanted,                   // published and wanted: nothing to do
  missing,                  // wanted and not there: add
  served_chain,             // RFC 7671 8.1: a new combination first covers the chain that is served now
  ttl_change,               // the RRset moves to another TTL (delete and add of the same records)
  transitional,             // RFC 7671 8.2: an old combination covers the new key until it has left
  seen,                     // published; verify compares it with nothing
  foreign,                  // not ours: shown, kept
  protected_,               // `keep`, or wanted by a service that this run is not about: never deleted
  next_key,                 // published ahead for the next renewal
  may_be_cached,            // RFC 7671 8.1: the RRset before the change outlives it in caches
  no_history,               // what was there before it was watched is not known, and may be in caches
  server_returned,          // a server was out of reach, and may have handed out an old zone since
  unanswered,               // an UPDATE that deletes it got no answer, and a server may still apply it
  propagating,              // not yet at every authoritative server
  not_signed,               // a server of a signed zone serves it without RRSIG, or with a bad one
  not_resolved,             // a resolver gives clients another RRset, which would not accept the chain
  other_primary,            // the servers that clients ask do not follow this primary
  unread,                   // the owner, its authoritative servers, or what is wanted there could not be read
  still_served,             // an address presents a chain that it matches
  not_probed,               // an address or handshake did not answer: keep, and introduce nothing new
  no_tls,                   // the first record, and an address offers no TLS: clients would do without it
  not_deployed,             // an address presents a chain that is not wanted: the switch is not complete
  may_go_live,              // was released for deployment and has not been seen since
  replacement_not_ready,    // the new record is not yet known to every client
  grace,                    // --grace has not passed since it was last seen live
  combination_would_break,  // RFC 7671 section 8: its combination would match no chain that is served (I3)
  first_record,             // nothing is published, and what is served would not match what is wanted
  last_record,              // only --unpublish removes the last one
  wanted_before,            // by a service or configuration that is gone, and not for --forget-after yet
  uncovers_wildcard,        // a wildcard would answer once the last record is gone (I3)
  superseded,               // stale and provably safe: delete
  unpublished,              // --unpublish
  hazard,                   // refused: see RrsetPlan::refused
  leaving,                  // gone from the primary, and a server may still hand it out
  other_service,            // another service reads a file that is to be installed, and is not ready
  orphan,                   // nothing that is configured asks for the name (list)
  unasked,                  // nothing is configured to compare with (list)
  not_wanted,               // ours, and matches nothing that is wanted (list)
  occluded,                 // below a delegation or DNAME: never answered (list)
  installed,                // a new combination first covers what lies in the install targets
  remembered,               // ours, seen live, gone with the whole RRset: comes back with the first record
  not_accepted,             // clients would refuse the chain by the record that it matches
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
  std::string server;              // "ns2.example.com."
  std::string address;             // "192.0.2.2@53"; of a service "192.0.2.9"
  std::optional<Time> since = {};  // of a server: since when it has been, or was, out of reach
  bool operator==(const Place&) const = default;
};
using Places = std::vector<Place>;

}  // namespace tlsa_update
