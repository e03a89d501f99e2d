// Drives a rollover: what the commands of the same names do, in whatever World. Each is one pass: re-entrant,
// converging, and safe to be killed anywhere. A second front end needs nothing else.
#pragma once

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/request.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::rollover {

// What was found and done; exit_status_of() folds it. Errors, before anything was looked at or changed: those
// of World::wants, usage (no credential, no key, nothing to install) and not_yet (another run is at work).
using Outcome = Result<report::Findings>;

// Adds what is missing, deletes nothing (I1).
[[nodiscard]] Outcome publish(World& world, LedgerStore& ledger, const Request& request, Events& events);

// May the given credentials be deployed? Starts and watches the clock, changes nothing in DNS. Services
// without `install` lines count as released and deployed when it says yes.
[[nodiscard]] Outcome ready(World& world, LedgerStore& ledger, const Request& request, Events& events);

// Installs the files of each service whose every name is ready, and reloads it.
[[nodiscard]] Outcome deploy(World& world, LedgerStore& ledger, const Request& request, Events& events);

// Deletes what is stale and provably safe to delete; adds nothing.
[[nodiscard]] Outcome prune(World& world, LedgerStore& ledger, const Request& request, Events& events);

// One pass of all of it.
[[nodiscard]] Outcome run(World& world, LedgerStore& ledger, const Request& request, Events& events);

// The state of everything, and what a run would do. Changes nothing, remembers nothing.
[[nodiscard]] Outcome status(World& world, LedgerStore& ledger, const Request& request, Events& events);

// The state of everything, as clients see it. Changes nothing, remembers nothing, logs nothing: the caller
// reports.
[[nodiscard]] Outcome verify(World& world, LedgerStore& ledger, const Request& request, Events& events);

}  // namespace tlsa_update::rollover
