// What the refusal of an UPDATE or of a query may mean, as far as servers let one know, and what to do.
// Pure.
#pragma once

#include "judge.hpp"

namespace tlsa_update::dns {

// "REFUSED", or "unauthenticated answer REFUSED" of an answer that nobody has signed.
[[nodiscard]] std::string rcode_of(const Message& message, bool certain);

// `certain`: the answer is signed, or nothing was. Error refused: REFUSED, NOTAUTH, NOTZONE, NOTIMP and
// whatever else is final (RFC 2136 section 4.5).
[[nodiscard]] Error refusal(const Asked& asked, const Message& message, bool certain);

// SERVFAIL of a server that is up: what it failed at, and where to look.
[[nodiscard]] Error server_failure(const Asked& asked, const Message& message, bool certain);

}  // namespace tlsa_update::dns
