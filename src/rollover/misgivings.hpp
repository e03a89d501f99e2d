// Warnings on what was probably meant otherwise: records of keep and --adopt that are nowhere, and a mail
// domain that stands in the place of its MX hosts. Refuses nothing and changes no exit status.
#pragma once

#include "look.hpp"

namespace tlsa_update::rollover {

// `facts` and `sources`: as look() gave them. Asks only primaries, and connects only to hosts that the second
// one is about.
void warn_of_mistakes(Session& session, const Wants& wants, const Facts& facts, const Sources& sources);

}  // namespace tlsa_update::rollover
