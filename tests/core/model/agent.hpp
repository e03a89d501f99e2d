// The program as the model sees it: a pass of small steps between which anything may happen, a ledger on
// disk, and a planner that can be exchanged for a wrong one.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/model/world.hpp"
#include "tlsa_update/core/planner.hpp"

namespace tlsa_update::model {

inline const Name& owner() {
  static const Name name = Name::parse("_25._tcp.mail.example.com").value();
  return name;
}

// What the operator's configuration says at the moment.
struct Wish {
  int generation = 0;
  bool is_dual = false;
  bool has_next = false;
  std::vector<TlsaParameters> combinations;
  Policy policy;

  [[nodiscard]] Keys current() const;
  [[nodiscard]] Desired desired() const;
  [[nodiscard]] TlsaRecords records() const;
};

// What cannot be reached while the agent looks; bit by server and by address.
struct Weather {
  unsigned dead_servers = 0;
  unsigned dead_addresses = 0;
};

struct Seen {
  std::vector<ZoneView> zones;
  std::vector<ServiceEvidence> evidence;
  ClockReading clock;
};

// How a wrong planner differs: a right one with a spoilt sense.
struct Brain {
  std::string name = "the planner";
  std::function<void(Seen&)> squint = [](Seen&) {};                                // what it fails to see
  std::function<void(ClockReading&)> tell_time = [](ClockReading&) {};             // how it reads the clock
  std::function<void(Ledger&, const Seen&)> recall = [](Ledger&, const Seen&) {};  // how it remembers
  std::function<void(Policy&)> tune = [](Policy&) {};                              // what it takes lightly
  std::function<void(Plan&, const Seen&)> spoil = [](Plan&, const Seen&) {};  // what it does all the same
};

class Agent {
 public:
  Agent(World& world, Brain brain, bool installs)
      : world_(world), brain_(std::move(brain)), installs_(installs) {}

  void step(const Wish& wish, const Weather& weather);
  void crash();  // all that was not saved is gone
  void lose_ledger() { ledger_ = {}; }
  void set_wall_clock(Seconds error) { wall_error_ = error; }
  void reboot();
  [[nodiscard]] bool is_idle() const { return phase_ == Phase::look; }
  [[nodiscard]] const Plan& last_plan() const { return plan_; }
  [[nodiscard]] const std::optional<std::string>& breach() const { return breach_; }

 private:
  enum class Phase { look, think, apply, look_again, decide, deploy, confirm };

  void look(const Wish& wish, const Weather& weather);
  void note_ours();
  void think();
  void observe_and_plan();
  void apply();
  void check_removals(const RrsetPlan& rrset);
  void decide();
  void deploy();
  void confirm();

  [[nodiscard]] Time wall() const { return world_.now() + wall_error_; }

  World& world_;
  Brain brain_;
  bool installs_;  // deploys itself; otherwise a hook does, once `ready` says so
  Seconds wall_error_{0};
  Time booted_ = testing::issued;
  int boots_ = 0;
  Ledger ledger_;

  Phase phase_ = Phase::look;
  Wish wish_;
  Policy policy_;
  std::vector<Desired> desired_;
  Seen seen_;
  Plan plan_;
  std::set<TlsaRecord> ours_;  // the truth about I4
  std::optional<std::string> breach_;
};

}  // namespace tlsa_update::model
