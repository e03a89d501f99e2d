// Stamps outlive the clock that made them: how the ledger follows a wall clock that was set.
#pragma once

#include "tlsa_update/core/ledger.hpp"

namespace tlsa_update {

// Moves every stamp by as much as the wall clock was set since the last run, where the uptime of the same
// boot tells; and pulls stamps of the future back to now. What was waited can only seem shorter, never
// longer.
void follow_clock(Ledger& ledger, const ClockReading& clock);

}  // namespace tlsa_update
