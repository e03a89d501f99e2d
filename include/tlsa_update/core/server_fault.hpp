// What is wrong with one authoritative server, as a client that asks it would notice: the one comparison of a
// server with its zone, for status, verify and doctor. Judges one look; whether the server only lags is for
// time to tell.
#pragma once

#include <string_view>
#include <vector>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update {

struct ServerFault {
  enum class Kind {
    unreachable,    // it did not answer every question; ServerView::trouble tells why
    older_serial,   // behind the primary (RFC 1982)
    other_records,  // at `owner`: not those of the primary
    newer_serial,   // ahead of the primary: it follows another one, or its copy is of a time before a reset
    no_signature,   // at `owner`, though the zone is signed; at the apex: no DNSKEY
    bad_signature,  // at `owner`; at the apex: of its DNSKEY RRset
  };
  Kind kind = Kind::unreachable;
  Name owner;                                    // the apex where it is about the whole zone
  std::optional<SignatureFault> signature = {};  // of bad_signature
  // A fault of signatures that all servers which answer have: who validates finds no good copy.
  bool is_everywhere = false;

  bool operator==(const ServerFault&) const = default;
};

[[nodiscard]] std::string_view text(ServerFault::Kind kind);  // a fixed word for metrics: "older-serial"

// One list for each of `zone.servers`, in their order, empty for a server that serves what it should; a list
// is in the order of Kind, then of owners. n log n in the number of owners.
[[nodiscard]] std::vector<std::vector<ServerFault>> faults_of(const ZoneView& zone);

// Does the server give every record that is wanted in this plan, signed if the zone is (invariant I8)?
[[nodiscard]] bool is_complete(const ServerView& server, const ZoneView& zone, const ZonePlan& plan);

// For people: what was seen of `server`, where, and what to do. The words are in report.cpp.
[[nodiscard]] Error trouble(const ServerFault& fault, const ZoneView& zone, const ServerView& server);

}  // namespace tlsa_update
