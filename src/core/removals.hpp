// Which published records may be deleted now, and why the others may not (DESIGN section 3; RFC 7671 sections
// 8.1 and 8.4; invariants I2, I3, I4).
#pragma once

#include <map>
#include <optional>

#include "situation.hpp"

namespace tlsa_update {

struct Verdict {
  RecordState state = RecordState::published;
  Action action = Action::none;
  Reason reason = Reason::foreign;
  std::optional<Time> ready_at;
  std::optional<Ends> ends = {};  // of a wait, when that is not usual_end(reason)
  Places places = {};
};

// One verdict for each published record that is not wanted.
using Verdicts = std::map<TlsaRecord, Verdict>;

[[nodiscard]] Verdicts choose_removals(const Situation& situation);

// --unpublish: all that is ours, wanted or not, together or not at all. What is refused is not waited for.
[[nodiscard]] Verdicts choose_unpublishing(const Situation& situation);

[[nodiscard]] TlsaRecords removed_by(const Verdicts& verdicts);

}  // namespace tlsa_update
