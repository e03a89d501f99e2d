// Examines the whole path from the key file to the last secondary and the live service: every finding with
// what to do about it. Changes nothing: the UPDATE that asks for permission deletes a record that is not
// there.
#pragma once

#include "diagnosis.hpp"
#include "findings.hpp"
#include "wants.hpp"

namespace tlsa_update::cli {

// Every key file that the settings name, one Check each.
[[nodiscard]] std::vector<Check> check_keys_of(Session& session);

// Whether the primary took our key when it was looked at, or refused it, and was looked at without.
enum class KeyUse { taken, refused };

// `read` and `found` are of one look at everything (Depth::live) that these wants led to.
[[nodiscard]] Diagnosis examine(Session& session, const std::vector<dns::ReadZone>& read,
                                const Findings& found, KeyUse key);

// A check that failed with this error.
[[nodiscard]] Check failed_check(std::string check, const Error& error);

}  // namespace tlsa_update::cli
