// One state of the model, as a value: the truth, the wish of the operator, what the driver has on disk. A
// move leads from one to another; the same move from the same state always leads to the same.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "rollover/model/model_world.hpp"

namespace tlsa_update::proof {

enum class MoveKind : std::uint8_t {
  // The driver runs.
  run,             // the timer: one pass of `run`, through to its end
  run_killed,      // it ends at the `at`-th call of the world
  run_and_writer,  // another writer changes the RRset before the `at`-th call
  run_and_time,    // the machine is suspended for an hour before the `at`-th call
  run_and_switch,  // the service takes up what is installed before the `at`-th call
  run_and_revert,  // the machine is suspended before the `at`-th call, and meanwhile somebody puts the old
                   // files back
  run_with_cache,  // a resolver answers as the `at`-th cache does
  run_half_blind,  // name server `at` cannot be reached
  run_half_deaf,   // address `at` of the service cannot be reached
  // Name servers, services and other writers.
  transfer,        // name server `at` catches up with the primary
  die,             // secondary `at` is out of reach from now on
  come_back,       // it is back, with the zone that it had before, if that is not too old
  take_up,         // address `at` of the service presents what is installed
  second,          // a second goes by
  wait,            // time goes by to a second before the next thing that only time ends
  foreign_add,     // another writer adds a record
  foreign_remove,  // another writer takes away a record that no served chain needs
  claim,           // another configuration publishes a record for a machine of its own
  // The machine.
  lose_ledger,
  clock_ahead,
  clock_back,
  reboot,
  move,  // the ledger goes on at another machine, whose clock is ahead
  // What the operator and the ACME client want.
  renew,         // the ACME client has a new key
  misissue,      // the ACME client has a certificate that clients refuse
  revert,        // the operator puts the old one back
  key_kinds,     // the certificate is one of two kinds, or of one, from now on
  next_key,      // the next key is given, or is no longer
  combinations,  // the operator wants another set of parameters
  ttl,           // the operator wants another TTL
  unpublish,     // the operator wants no records, or wants them again
};

struct Move {
  MoveKind kind = MoveKind::run;
  std::uint8_t at = 0;
};

[[nodiscard]] std::string text(const Move& move);

// What differs between two worlds before anything has happened.
struct Setting {
  std::size_t secondaries = 1;
  std::size_t addresses = 1;
  std::uint32_t ttl = 300;
  std::uint32_t longest_ttl = 3600;
  bool installs = true;  // the driver installs; otherwise a hook does, once `ready` says so
  bool is_published = true;
  bool is_dual = false;
  Seconds grace{0};
  std::vector<TlsaParameters> combinations = {testing::parameters("3 1 1")};
  std::vector<TlsaParameters> other_combinations = {testing::parameters("3 1 2")};
  std::uint32_t other_ttl = 60;
  std::optional<std::uint32_t> ttl_before;    // of the first records alone, a moment ago
  bool has_next = false;                      // the next key is published and given
  std::optional<std::uint32_t> wildcard_ttl;  // a wildcard stands behind the owner, with the first records
  model::Surroundings around = {};
};

class Scene {
 public:
  explicit Scene(const Setting& setting);

  // The trouble that it leads to: an outage, or an invariant that broke. In words, for people.
  [[nodiscard]] std::optional<std::string> play(const Move& move, const model::Fault& fault);

  // Nobody interferes any more, everything answers, the timer goes on: how it fails to come to its end and to
  // rest.
  [[nodiscard]] std::optional<std::string> settle(const model::Fault& fault);

  // Of all that decides what may happen next, and of nothing else. No clock time counts, only how long ago.
  [[nodiscard]] std::uint64_t fingerprint() const;

  [[nodiscard]] std::string text() const;

 private:
  struct Between;
  [[nodiscard]] std::optional<std::string> run(const Move& move, const model::Fault& fault);
  void happen_to_zone(const Move& move, const model::Fault& fault);
  void happen_to_machine(const Move& move);
  [[nodiscard]] std::optional<std::string> run(const model::Fault& fault, const model::Weather& weather,
                                               const Between& between);
  [[nodiscard]] std::optional<std::string> trouble(const model::ModelWorld& world) const;
  [[nodiscard]] std::optional<Time> next_boundary(const model::Fault& fault);
  [[nodiscard]] std::string blockers() const;
  void write_foreign();
  void remove_foreign();
  void claim_for_another();
  void put_back();
  void die(std::uint8_t secondary);
  void come_back();
  void wish_differently(const Move& move);

  // A secondary that is out of reach.
  struct Dead {
    std::uint8_t secondary;
    bool is_noticed = false;    // by a run
    bool has_old_zone = false;  // caches hold it still
  };

  const Setting* setting_;
  std::optional<Dead> dead_;
  model::Truth truth_;
  model::Wish wish_;
  model::ModelWorld::Memory memory_;
  Ledger ledger_;
  std::vector<Readiness> readiness_;  // as the last run that came to its end told
};

}  // namespace tlsa_update::proof
