// One state of the model, as a value: the truth, the wish of the operator, what the driver has on disk. A
// move leads from one to another; the same move from the same state always leads to the same.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "proof/moves.hpp"
#include "rollover/model/model_world.hpp"

namespace tlsa_update::proof {

// Of the keys of one service; those of the second service, or machine, come after those of the first.
inline constexpr int generations = 6;
inline constexpr Seconds hour{3600};

// What differs between two worlds before anything has happened.
struct Setting {
  std::size_t secondaries = 1;
  std::size_t addresses = 1;
  std::uint32_t ttl = 300;
  std::uint32_t longest_ttl = 3600;
  bool installs = true;  // the driver installs; otherwise a hook does, once `ready` says so
  bool is_published = true;
  bool is_dual = false;
  bool is_kept = false;    // the operator protects the first records
  bool is_shared = false;  // between two machines, each with a driver, keys and a ledger of its own
  unsigned wait_factor = 2;
  Seconds margin{0};
  Seconds grace{0};
  std::vector<TlsaParameters> combinations = {testing::parameters("3 1 1")};
  std::vector<TlsaParameters> other_combinations = {testing::parameters("3 1 2")};
  std::uint32_t other_ttl = 60;
  std::optional<std::uint32_t> ttl_before;    // of the first records alone, a moment ago
  bool has_next = false;                      // the next key is published and given
  std::optional<std::uint32_t> wildcard_ttl;  // a wildcard stands behind the owner, with the first records
  model::Surroundings around = {};
};

// Before anything has happened.
[[nodiscard]] model::Wish first_wish(const Setting& setting);

class Scene {
 public:
  explicit Scene(const Setting& setting);

  // The trouble that it leads to: an outage, or an invariant that broke. In words, for people.
  [[nodiscard]] std::optional<std::string> play(const Move& move, const model::Fault& fault);

  // Nobody interferes any more, everything answers, the timer goes on: how it fails to come to its end and to
  // rest.
  [[nodiscard]] std::optional<std::string> settle(const model::Fault& fault);
  // After that, with a renewal every six days.
  [[nodiscard]] std::optional<std::string> settle_and_renew(const model::Fault& fault);

  // Of all that decides what may happen next, and of nothing else. No clock time counts, only how long ago.
  [[nodiscard]] std::uint64_t fingerprint() const;

  [[nodiscard]] std::string text() const;

 private:
  // One machine: what its operator wants, and what its driver has on disk.
  struct Driver {
    model::Wish wish;
    model::Wish second;  // of the second service, if that has files of its own
    model::ModelWorld::Memory memory;
    Ledger ledger;
    std::optional<Ledger> backup;
    std::vector<Readiness> readiness;  // as the last run that came to its end told
  };
  // A secondary that is out of reach.
  struct Dead {
    std::uint8_t secondary;
    bool is_noticed = false;    // by a run
    bool has_old_zone = false;  // caches hold it still
  };
  struct LateUpdate {
    RrsetPlan change;
    Time until;  // its signature is good for so long (RFC 8945 section 5.2.3)
  };
  struct Between;

  [[nodiscard]] std::optional<std::string> run(const Move& move, const model::Fault& fault);
  [[nodiscard]] std::optional<std::string> run(const model::Fault& fault, const model::Weather& weather,
                                               const Between& between);
  void drive(model::ModelWorld& world, model::ModelLedger& ledger);
  void get_in_between(MoveKind kind, model::ModelWorld& world);
  void happen_to_servers(const Move& move, const model::Fault& fault);
  void happen_to_records(const Move& move, const model::Fault& fault);
  void happen_to_machine(const Move& move);
  void wish_differently(const Move& move);
  void wish_for_other_records(MoveKind kind);
  void wish_for_leave(MoveKind kind);

  [[nodiscard]] model::Surroundings around() const;
  [[nodiscard]] model::Truth* second() { return second_ ? &*second_ : nullptr; }
  [[nodiscard]] std::optional<std::string> outage() const;
  [[nodiscard]] std::optional<Time> next_boundary(const model::Fault& fault);
  void pass(Seconds time);
  void take_up(std::size_t address);
  void take_up_everywhere();
  void write_foreign();
  void remove_foreign();
  void claim_for_another();
  void flicker(const model::Fault& fault, bool is_seen);
  void look_at_readiness(const model::Fault& fault);
  void arrive_late();
  [[nodiscard]] bool is_known_at_both() const;
  void put_back();
  void die(std::uint8_t secondary);
  void come_back();

  void begin_to_settle();
  void step_aside(int round, const std::vector<model::Wish>& wanted);
  [[nodiscard]] std::optional<std::string> run_all(const model::Fault& fault);
  [[nodiscard]] std::optional<std::string> unsettled() const;
  [[nodiscard]] bool is_wished(const std::vector<model::Wish>& wanted) const;
  [[nodiscard]] bool is_deployed() const;
  [[nodiscard]] TlsaRecords wanted_at(bool is_second) const;
  [[nodiscard]] std::string blockers() const;

  const Setting* setting_;
  model::Truth truth_;                  // of the first name
  std::optional<model::Truth> second_;  // of the second, if that has an RRset of its own
  bool is_repointed_ = false;
  std::vector<Driver> drivers_;
  std::size_t turn_ = 0;  // whose moves these are
  std::optional<Dead> dead_;
  std::optional<LateUpdate> late_;
};

}  // namespace tlsa_update::proof
