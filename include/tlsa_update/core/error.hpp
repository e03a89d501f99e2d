// What can go wrong, as values. Every expected failure in the program is an Error inside a Result;
// its code maps once, in error.cpp, to the exit status of DESIGN ("Exit status" in tlsa-update(1)).
// Broken invariants are not errors: they assert.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace tlsa_update {

enum class ErrorCode {
  differences,    // 1: status and dry runs: something is not as wanted and was not acted on
  unsafe,         // 2: our own rules refuse the change, or the outage is already there
  usage,          // 64: the command line makes no sense
  bad_data,       // 65: a certificate, key or record is bad
  unreadable,     // 66: a file cannot be read
  no_answer,      // 69: no server answered, or SERVFAIL to the last
  internal,       // 70: a fault in this program
  not_yet,        // 75: only waiting remains
  protocol,       // 76: an answer that is unsigned, wrongly signed, late, malformed or untrue
  refused,        // 77: the server refused, or a secret that must not be used
  configuration,  // 78: the configuration file makes no sense
};

// sysexits.h numbers where they exist.
[[nodiscard]] int exit_status(ErrorCode code);

// Of two troubles the one that the exit status names: 70, 78, 64-66, 2, 76, 77, 69, 75, 1.
[[nodiscard]] ErrorCode more_severe(ErrorCode a, ErrorCode b);

// What an error is about, where its code does not say so and somebody wants to know: set at the line that
// makes it.
enum class Topic {
  none,
  clock,    // ours and the server's are too far apart for TSIG (BADTIME)
  key,      // the server does not take the TSIG key (BADKEY, or a refusal without TSIG)
  tsig,     // any other trouble with a signature (BADSIG ...)
  outage,   // clients refuse a chain that is served now
  silence,  // no resolver answers, be it with SERVFAIL
  bogus,    // a resolver has an answer, and DNSSEC validation of it fails
  primary,  // the primary does not answer, and other servers of the zone do
  access,   // this user may not read the file
};

struct Error {
  ErrorCode code;
  std::string what;    // what was seen: "the answer is not signed"
  std::string where;   // file, server, owner: "/etc/x.pem", "192.0.2.1@53"; may be empty
  std::string advice;  // what to do about it; may be empty
  Topic topic = Topic::none;

  // "where: what; advice", with control characters escaped so that no peer can write to a terminal.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                                std::string advice = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(advice)});
}

// Printable form of text that came from a file or a peer: control characters, DEL and bytes that are
// not part of well-formed UTF-8 as \xNN. Never longer than `limit` octets and an ellipsis.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 300);

}  // namespace tlsa_update
