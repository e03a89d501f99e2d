// What may happen, one thing at a time.
#pragma once

#include <cstdint>
#include <string>

namespace tlsa_update::proof {

enum class MoveKind : std::uint8_t {
  // The driver runs.
  run,                // the timer: one pass of `run`, through to its end
  run_broken_reload,  // the reload command fails
  run_lost,           // an UPDATE does not arrive
  run_unanswered,     // it arrives, and its answer does not
  run_late,           // it arrives later
  run_killed,         // it ends at the `at`-th call of the world
  run_and_writer,     // another writer changes the RRset before the `at`-th call
  run_and_time,       // the machine is suspended for an hour before the `at`-th call
  run_and_switch,     // the service takes up what is installed before the `at`-th call
  run_and_revert,     // the machine is suspended before the `at`-th call, and meanwhile somebody puts the old
                      // files back
  run_and_renew,      // the ACME client has a new key before the `at`-th call
  run_with_cache,     // a resolver answers as the `at`-th cache does
  run_half_blind,     // name server `at` cannot be reached
  run_half_deaf,      // address `at` of the service cannot be reached
  run_unsigned,       // name server `at` has lost its signatures
  // Name servers, services and other writers.
  transfer,        // name server `at` catches up with the primary
  die,             // secondary `at` is out of reach from now on
  come_back,       // it is back, with the zone that it had before, if that is not too old
  take_up,         // address `at` of the service presents what is installed
  transfer_other,  // name server `at` of the second name's zone
  late_update,     // the UPDATE that did not arrive arrives
  second,          // a second goes by
  wait,            // time goes by to a second before the next thing that only time ends
  foreign_add,     // another writer adds a record
  foreign_remove,  // another writer takes away a record that no served chain needs
  claim,           // another configuration publishes a record for a machine of its own
  flicker,         // a record of a key to come is deleted and put back, and caches meet it in between
  seen_flicker,    // so it is, and `ready` runs meanwhile
  repoint,         // the first name becomes an alias of the second
  late_repoint,    // so it does, once caches hold all that is wanted at both
  // The machine.
  turn,  // what follows is of the other machine, whose driver has a ledger of its own
  lose_ledger,
  back_up,  // of the ledger
  restore,
  clock_ahead,
  clock_back,
  reboot,
  move,  // the ledger goes on at another machine, whose clock is ahead
  // What the operator and the ACME client want.
  renew,            // the ACME client has a new key, of service `at`
  misissue,         // the ACME client has a certificate that clients refuse
  revert,           // the operator puts the old one back
  key_kinds,        // the certificate is one of two kinds, or of one, from now on
  next_key,         // the next key is given, or is no longer
  combinations,     // the operator wants another set of parameters
  ttl,              // the operator wants another TTL
  unpublish,        // the operator wants no records, or wants them again
  keep,             // the operator protects the first record, or does not any more
  adopt,            // the operator gives --adopt all, or does not any more
  assume_deployed,  // --assume-deployed in every run in which it is true, or no longer
};

struct Move {
  MoveKind kind = MoveKind::run;
  std::uint8_t at = 0;
  bool operator==(const Move&) const = default;
};

[[nodiscard]] std::string text(const Move& move);

}  // namespace tlsa_update::proof
