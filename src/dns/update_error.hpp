// What to tell the administrator of a change that did not take: what was seen, and what to do. Pure.
#pragma once

#include <optional>
#include <string>

#include "read_back.hpp"

namespace tlsa_update::dns {

// Whom the change was sent to.
struct UpdatedAt {
  std::string server;  // "192.0.2.1@53"
  Name zone;
  bool reads_signed = true;  // false: --no-sign-queries, so that another view may answer
};

// NOERROR, and reading back shows something else (RFC 2136 sections 2.5.1, 2.5.4, 3.4.2.5).
[[nodiscard]] Error disproved(const RrsetChange& change, const Seen& seen, const UpdatedAt& at);

// NOERROR of a secondary that has passed the UPDATE on, and follows when the primary has notified it.
[[nodiscard]] Error not_seen_at_forwarder(const RrsetChange& change, const UpdatedAt& at);

// NOERROR, and reading back failed with `error`.
[[nodiscard]] Error unreadable(Error error);

// A prerequisite failed although it equals the RRset that the server answers (RFC 2136 section 3.2): not a
// race.
[[nodiscard]] Error compares_other_data(const RrsetChange& change, const UpdatedAt& at);

// Sent twice without an answer; `error` of the second time.
[[nodiscard]] Error never_answered(std::optional<Error> error, const UpdatedAt& at);

// An answer that does not count: the administrator wants to know what became of the change all the same. An
// unsigned refusal is the usual answer to common mistakes, so that an RRset which is unchanged then raises no
// doubt.
[[nodiscard]] Error doubtful(Error error, const Result<Seen>& seen);

}  // namespace tlsa_update::dns
