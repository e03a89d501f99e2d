// The live services of what is wanted: where they are, and the chains that they present, into
// `facts.evidence`. Gathers, judges nothing.
#pragma once

#include <set>

#include "tlsa_update/rollover/facts.hpp"

namespace tlsa_update::rollover {

// Every service, at the addresses that --address or a resolver tells.
void look_at_services(Session& session, const Wants& wants, Facts& facts);

// Those at these owners alone; names as in Desired::asked.
void look_at_services(Session& session, const Wants& wants, const std::set<Name>& asked, Facts& facts);

// The same, as far as it takes no time: where --address tells, or the primary gives the host an address of
// this machine. No resolver is asked. What shows no chain is left out, as if it were not there.
void look_nearby(Session& session, const Wants& wants, const std::set<Name>& asked, Facts& facts);

}  // namespace tlsa_update::rollover
