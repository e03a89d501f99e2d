// The world of the model: what the shipped driver (rollover::run) sees and changes of the truth. Between any
// two of its calls anything may happen, and any call may be the last of a run. Checks what only the truth can
// tell.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rollover/model/truth.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::model {

inline const Name& owner() {
  static const Name name = Name::parse("_25._tcp.mail.example.com").value();
  return name;
}
inline const Name& second_name() {
  static const Name name = Name::parse("_25._tcp.web.example.com").value();
  return name;
}

// What the operator's configuration says at the moment.
struct Wish {
  int generation = 0;
  bool is_dual = false;
  bool has_next = false;
  bool is_misissued = false;  // see Key::is_fit
  std::vector<TlsaParameters> combinations;
  std::optional<std::uint32_t> ttl;
  std::uint32_t longest_ttl = 3600;  // of all that may ever be there
  unsigned wait_factor = 2;
  Seconds margin{0};
  Seconds grace{0};
  TlsaRecords keep = {};
  bool unpublish = false;
  bool adopt_all = false;
  bool adopt_each = false;  // by its data: also what is served and not wanted
  TlsaRecords of_others;    // but not these
  bool assume_deployed = false;

  [[nodiscard]] Keys current() const;
  void want(const Keys& keys);  // as current
  [[nodiscard]] Desired desired(const Name& asked = owner()) const;
  [[nodiscard]] TlsaRecords records() const;
};

// What becomes of an UPDATE.
enum class Delivery : std::uint8_t {
  applied,
  unanswered,  // applied, and its answer is lost
  lost,
  late,  // lost, as far as the driver sees; it arrives when the run is over
};

// What can be reached while the driver looks, and what fails while it acts.
struct Weather {
  unsigned dead_servers = 0;  // by bit
  unsigned dead_addresses = 0;
  std::optional<std::size_t> cache = {};  // which of what clients may know the resolver gives, if any
  unsigned unsigned_servers = 0;          // by bit: their signatures are lost
  Delivery delivery = Delivery::applied;
  bool is_reload_broken = false;
};

// The names that one driver keeps.
enum class Names : std::uint8_t {
  one,
  alias,  // a second name is an alias of the first; its service, at the second address, has other files
  shared_files,  // a second name has an RRset of its own; its service reads the same files
  left_behind,   // as shared_files, and nobody wants the second name any more
  repointed,     // as shared_files, and the first name has become an alias of the second
};

// What the driver cannot know of its world without asking all witnesses.
struct Surroundings {
  bool is_moved = false;  // the primary is an old one: it names itself alone, clients ask the other server
  bool is_forgotten = false;     // the primary does not name the last server, the parent does
  bool is_balanced = false;      // all machines are behind one address, which takes them in turn
  bool has_own_address = false;  // --address names the first address alone
  bool is_retired = false;       // nobody names the last server any more; caches of NS records do
  bool is_hidden = false;        // no server that the driver asks gives the last address; clients have it
  bool is_half_asked = false;    // the second key is of a kind that no handshake asks for
  bool is_sticky = false;        // of the machines behind one address each look meets one
  Names names = Names::one;
  std::optional<std::size_t> machine = {};  // the driver deploys here alone; else at all addresses
};

// A wrong driver: the shipped one with a spoilt sense.
struct Fault {
  std::string name = "the shipped driver";
  std::function<void(rollover::Facts&)> squint = [](rollover::Facts&) {};  // what it fails to see
  std::function<void(ClockReading&)> tell_time = [](ClockReading&) {};     // how it reads the clock
  std::function<void(Ledger&, const rollover::Facts&)> recall = [](Ledger&, const rollover::Facts&) {};
  std::function<void(rollover::Request&)> tune = [](rollover::Request&) {};  // what it takes lightly
  bool asks_dns_for_addresses = true;                                        // W7
  bool asks_again = true;                                                    // W10
  std::function<void(Plan&)> spoil = [](Plan&) {};                           // what it does all the same
  bool has_stopwatch = true;              // false: it does not notice how much time a run takes
  bool times_its_looks = true;            // false: nor how much a close look takes
  bool takes_digests_for_chains = false;  // asks nobody what clients make of a chain
  bool compares_files = true;             // false: installs what is there, whatever it planned
};

struct Crash {};  // thrown by a call of the world: all that was not saved is gone

class ModelWorld final : public rollover::World {
 public:
  // What outlasts a run, beside the truth and the ledger.
  struct Memory {
    Seconds wall_error{0};
    Time booted = testing::issued;
    int boots = 0;
    std::map<std::string, std::set<std::string>> due_reloads;  // of services: certificates that were replaced
    std::set<TlsaRecord> ours;                                 // the truth about I4
    std::set<TlsaRecord> theirs;                               // of these, what another configuration wants
    int machine = 0;
  };

  // `second`: of the second name, if that has an RRset of its own.
  ModelWorld(Truth& truth, Fault fault, bool installs, Surroundings around = {}, Truth* second = nullptr);

  // Called before every call that reaches outside. May move the truth; may throw Crash.
  std::function<void()> before_each_call = [] {};

  void wish_for(const Wish& wish, const Weather& weather);
  // Of the second service, if it has files of its own.
  void wish_for_second(const Wish& wish) { second_wish_ = wish; }
  // While the driver runs.
  void change_wish(const Wish& wish) { wish_ = wish; }
  void set_wall_clock(Seconds error) { memory_.wall_error = error; }
  void reboot();
  void move_to_another_machine(Seconds wall_error);
  void claim(const TlsaRecord& record);  // by another configuration, which shares the ledger
  void disclaim_all() { memory_.theirs.clear(); }
  [[nodiscard]] const Memory& memory() const { return memory_; }
  void remember(Memory memory) { memory_ = std::move(memory); }

  [[nodiscard]] const rollover::Request& request() const { return request_; }
  [[nodiscard]] const Fault& fault() const { return fault_; }
  [[nodiscard]] const rollover::Facts& facts() const { return seen_; }
  [[nodiscard]] const std::optional<std::string>& breach() const { return breach_; }
  [[nodiscard]] bool is_acting() const { return is_acting_; }  // in the call of an UPDATE
  [[nodiscard]] const std::optional<RrsetPlan>& late_update() const { return late_; }

  [[nodiscard]] Result<rollover::Wants> wants(rollover::Others others) override;
  [[nodiscard]] Result<void> check_keys(const rollover::Wants& /*wants*/) override { return {}; }
  [[nodiscard]] rollover::Facts look(const rollover::Wants& wants, rollover::Depth depth) override;
  [[nodiscard]] std::vector<ServiceEvidence> probe(const rollover::Wants& wants, const rollover::Facts& facts,
                                                   const std::set<Name>& asked,
                                                   rollover::Reach reach) override;
  [[nodiscard]] std::vector<std::pair<Name, Rrset>> records_of(const rollover::Facts& /*facts*/,
                                                               const std::set<Name>& /*hosts*/) override {
    return {};
  }
  [[nodiscard]] std::shared_ptr<const ChainJudge> judge() override;
  [[nodiscard]] rollover::Acted apply(const Plan& plan, rollover::Facts& facts) override;
  [[nodiscard]] Result<std::unique_ptr<rollover::Installation>> prepare(
      const std::vector<deployment::ServiceFiles>& services) override;
  [[nodiscard]] bool has_unfinished_installation() override { return false; }  // files are renamed at once
  [[nodiscard]] Result<void> finish_installation() override { return {}; }
  [[nodiscard]] Result<void> reload(const std::string& command) override;
  [[nodiscard]] bool is_reload_due(const std::string& service) override {
    return memory_.due_reloads.contains(service);
  }
  void conclude_reload(const std::string& service) override;
  [[nodiscard]] std::set<std::string> replaced_certificates(const std::string& service) override {
    const auto due = memory_.due_reloads.find(service);
    return due == memory_.due_reloads.end() ? std::set<std::string>{} : due->second;
  }
  [[nodiscard]] bool has_configuration(const std::string& /*path*/) override {
    return !memory_.theirs.empty();
  }
  [[nodiscard]] Time now() override { return wall(); }
  [[nodiscard]] ClockReading clock() override;
  [[nodiscard]] Milliseconds stopwatch() override {
    return fault_.has_stopwatch ? Milliseconds(truth_.now().time_since_epoch() - unnoticed_)
                                : Milliseconds{0};
  }
  bool pause(Milliseconds least, Milliseconds most) override;

 private:
  friend class ModelInstallation;

  // A service that the driver keeps.
  struct Kept {
    std::string label;
    Name asked;
    Name owner;
    Truth* truth = nullptr;  // of its owner, and its own
    std::size_t settings = 0;
    std::optional<std::size_t> address;  // it is here alone
  };

  [[nodiscard]] Time wall() const { return truth_.now() + memory_.wall_error; }
  [[nodiscard]] std::vector<Kept> keep() const;
  [[nodiscard]] const Wish& wish_of(const Kept& kept) const;
  [[nodiscard]] const Kept& at(const Name& owner) const;
  [[nodiscard]] ZoneView read() const;
  [[nodiscard]] OwnerView read(const Kept& kept) const;
  [[nodiscard]] ServerView read_server(std::size_t number, std::size_t count) const;
  [[nodiscard]] std::optional<ResolvedRrset> resolved(const Kept& kept) const;
  [[nodiscard]] std::vector<ServiceEvidence> look_at_services(rollover::Reach reach);
  [[nodiscard]] ServiceEvidence look_at_service(const Kept& kept, rollover::Reach reach);
  [[nodiscard]] Presented shake_hands(const Truth& truth, std::size_t machine,
                                      std::optional<KeyType> kind) const;
  void note_ours();
  void note_added(const RrsetPlan& rrset);
  void apply(const RrsetPlan& rrset, rollover::Facts& facts, rollover::Acted& acted);
  void check_removals(const RrsetPlan& rrset, const Truth& truth);

  Truth& truth_;
  Truth* second_;
  Fault fault_;
  Surroundings around_;
  std::size_t turn_ = 0;  // of the machines behind one address
  bool installs_;         // deploys itself; otherwise a hook does, once `ready` says so
  Memory memory_;
  Wish wish_, second_wish_;
  std::vector<Kept> kept_;
  Weather weather_;
  rollover::Request request_;
  rollover::Facts seen_;
  std::optional<std::string> breach_;
  bool is_acting_ = false;
  std::optional<RrsetPlan> late_;
  Seconds unnoticed_{0};
};

// A ledger on a disk that survives every crash; a change is written whole or not at all.
class ModelLedger final : public LedgerStore {
 public:
  explicit ModelLedger(ModelWorld& world) : world_(world) {}
  [[nodiscard]] Result<Ledger> change(const std::function<void(Ledger&)>& edit) override;
  [[nodiscard]] Ledger peek() override { return ledger_; }
  [[nodiscard]] Result<void> hold() override { return {}; }
  void lose() { ledger_ = {}; }
  void claim(const TlsaRecord& record);
  void restore(Ledger ledger) { ledger_ = std::move(ledger); }

 private:
  ModelWorld& world_;
  Ledger ledger_;
};

}  // namespace tlsa_update::model
