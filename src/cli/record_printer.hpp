// What generate prints: each record once an owner, in the order in which the credentials were given.
#pragma once

#include "output.hpp"
#include "settings.hpp"
#include "tlsa_update/rollover/gathering.hpp"

namespace tlsa_update::cli {

// Error usage: zone, rfc3597 and nsupdate are lines with an owner, and a service has no NAME.
[[nodiscard]] Result<void> check_format(const rollover::Wants& wants, const Settings& settings);

// `--names-from` is read as it is printed: memory does not grow with the file. Errors: those of its NAMEs.
[[nodiscard]] Result<void> print_records(Output& out, Format format, rollover::Session& session,
                                         const rollover::Wants& wants);

}  // namespace tlsa_update::cli
