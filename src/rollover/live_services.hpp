// The live services of what is wanted: where they are, and the chains that they present. Gathers, judges
// nothing.
#pragma once

#include <set>
#include <vector>

#include "look.hpp"

namespace tlsa_update::rollover {

// Every service, at the addresses of --address, else of the resolver; if that does not answer, at those of
// the authoritative servers.
[[nodiscard]] std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants,
                                                          const std::vector<ZoneView>& zones,
                                                          const Sources& sources);

// Those at these owners alone, names as in Desired::asked; and wherever `facts` has met a chain of theirs.
[[nodiscard]] std::vector<ServiceEvidence> probe_services(Session& session, const Wants& wants,
                                                          const Facts& facts, const std::set<Name>& asked,
                                                          const Sources& sources);

// The same, as closely as can be: at the addresses of --address, of the authoritative servers of `zones` (of
// the primary, where no others were asked) and of the resolver, and where a handshake showed no chain, two to
// five times more, by handshakes that offer all kinds. --address-only leaves DNS out.
[[nodiscard]] std::vector<ServiceEvidence> probe_everywhere(Session& session, const Wants& wants,
                                                            const std::vector<ZoneView>& zones,
                                                            const std::set<Name>& asked,
                                                            const Sources& sources);

// The same, as far as it takes no time: where --address tells, or the primary gives the host an address of
// this machine. No resolver is asked. What shows no chain is left out, as if it were not there.
[[nodiscard]] std::vector<ServiceEvidence> probe_nearby(Session& session, const Wants& wants,
                                                        const std::vector<ZoneView>& zones,
                                                        const std::set<Name>& asked, const Sources& sources);

}  // namespace tlsa_update::rollover
