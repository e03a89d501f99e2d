// What the world says, where the primary and its own list of servers say that all is well (DESIGN, W3): the
// answer that a resolver gives to clients, and servers that the world asks and that do not follow the
// primary.
#pragma once

#include <vector>

#include "situation.hpp"

namespace tlsa_update {

// Once the current credentials are live: does the RRset that each resolver gives accept them, in each
// combination that it has? One blocker (not_resolved) for each that does not. A combination in which nothing
// that is served now matches loses nothing. A resolver that finds no RRset knows no DANE, and has no
// objection.
[[nodiscard]] std::vector<Blocker> objections_of_resolvers(const OwnerFacts& facts);

// Does each resolver that finds an RRset find these records (sorted) in it? What they replace may be needed
// by those who get another answer, and to go back, for as long as one does not.
[[nodiscard]] bool are_known_to_resolvers(const OwnerFacts& facts, const TlsaRecords& records);

// The servers that clients ask, where not one of them has `record`, which the primary has, and they do not
// follow the primary: their serial is ahead of its serial (RFC 1982), or another for longer than the whole
// wait would have taken. Empty where they do, may, or have not answered.
[[nodiscard]] Places followers_of_another_primary(const Situation& situation, const TlsaRecord& record);

}  // namespace tlsa_update
