// What a primary lets a key do, and anybody without one: asked with UPDATEs that delete a record which nobody
// publishes, and with an AXFR that is left after its first message. Changes nothing.
#pragma once

#include <vector>

#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/report/diagnosis.hpp"
#include "tlsa_update/rollover/session.hpp"

namespace tlsa_update::doctor {

// Checks "update", one for each owner: may the key change its TLSA records? None without a key.
[[nodiscard]] std::vector<report::Check> check_updates(rollover::Session& session, const dns::ReadZone& zone);

// A failed check "update" if the zone takes UPDATEs that nobody has signed; else none.
[[nodiscard]] std::vector<report::Check> check_unsigned_update(rollover::Session& session,
                                                               const dns::ReadZone& zone);

// Check "transfer". Least privilege is no illness: a refusal fails only where AXFR `is_needed`.
[[nodiscard]] report::Check check_transfer(rollover::Session& session, const dns::ReadZone& zone,
                                           bool is_needed);

}  // namespace tlsa_update::doctor
