// Which records are added to an RRset, and which combinations have to wait because a chain that is served
// would find no match in them (RFC 7671 sections 8.1 to 8.4, invariant I3).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "situation.hpp"

namespace tlsa_update {

struct Addition {
  TlsaRecord record;
  Reason reason = Reason::missing;
  std::string credential;
};

struct Held {
  Reason reason;
  std::optional<Ends> ends = {};  // another end than the reason's usual one
};

struct Additions {
  std::vector<Addition> records;
  std::map<TlsaParameters, Held> held;  // wanted combinations that may not be introduced now
};

// No client could use any record that is published: what is added starts DANE for the name.
[[nodiscard]] bool is_first(const OwnerFacts& facts);

// What is wanted and missing in an RRset of which `stays` stays, and with it the records of what is served
// now in combinations where that would go without (section 8.1): of the chains that were met and can be
// trusted, of what is installed, and of what the ledger saw live.
[[nodiscard]] Additions choose_additions(const Situation& situation, const TlsaRecords& stays);

// The current credentials' records in combinations of ours that are no longer wanted but still there: without
// them the new key could not be deployed before those have left (section 8.2).
[[nodiscard]] std::vector<Addition> transitional(const Situation& situation, const TlsaRecords& stays);

}  // namespace tlsa_update
