// Examines the whole path from the key file to the last secondary and the live service: every finding with
// what to do about it. Changes nothing: the UPDATE that asks for permission deletes a record that is not
// there.
#pragma once

#include "tlsa_update/report/diagnosis.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::doctor {

// All of it: key files, trust anchor, credentials, then one look at everything, and a second one without the
// key if the primary refuses it.
[[nodiscard]] report::Findings diagnose(const rollover::Request& request, Events& events);

// Every key file that the settings name, one Check each.
[[nodiscard]] std::vector<report::Check> check_keys_of(rollover::Session& session);

// Whether the primary took our key when it was looked at, or refused it, and was looked at without.
enum class KeyUse { taken, refused };

// `read` and `found` are of one look at everything (Depth::live) that these wants led to.
[[nodiscard]] report::Diagnosis examine(rollover::Session& session, const std::vector<dns::ReadZone>& read,
                                        const report::Findings& found, KeyUse key);

// A check that failed with this error.
[[nodiscard]] report::Check failed_check(std::string check, const Error& error);

}  // namespace tlsa_update::doctor
