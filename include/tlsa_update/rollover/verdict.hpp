// Whether RRsets are secure (RFC 6698 section 4.1: clients use no others): by our own validation with
// --trust-anchor, which believes no resolver, else by the AD bit of a resolver.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tlsa_update/rollover/session.hpp"

namespace tlsa_update::rollover {

// Asked once before anything else: can --trust-anchor be used? Errors: those of Session::validator.
[[nodiscard]] Result<void> check_trust_anchor(Session& session);

// unknown: the resolver may not be believed. Errors: no_answer, and those of check_trust_anchor.
[[nodiscard]] boost::asio::awaitable<Result<dns::Dnssec>> verdict_on(Session& session,
                                                                     dns::Question question);

// On many RRsets, all in flight at once, in the order of the questions. Whoever does not answer the first
// question is not waited for again: then all have its error.
[[nodiscard]] std::vector<Result<dns::Dnssec>> verdicts_on(Session& session,
                                                           const std::vector<dns::Question>& questions);

// The same on an answer that a resolver has given already, with this verdict.
[[nodiscard]] Result<dns::Dnssec> verdict_on(Session& session, const dns::Question& question,
                                             dns::Dnssec by_resolver);

}  // namespace tlsa_update::rollover
