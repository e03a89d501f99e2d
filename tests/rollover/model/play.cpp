#include "rollover/model/play.hpp"

#include <algorithm>
#include <array>

#include "support/noted_events.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/rollover/rollover.hpp"

namespace tlsa_update::model {
namespace {

const std::vector<std::vector<TlsaParameters>>& combination_sets() {
  using testing::parameters;
  static const std::vector<std::vector<TlsaParameters>> sets{
      {parameters("3 1 1")},
      {parameters("3 1 2")},
      {parameters("3 1 1"), parameters("3 1 2")},
      {parameters("2 0 1")},
      {parameters("3 0 1"), parameters("3 1 1")},
      {parameters("2 0 1"), parameters("3 1 1")},
      {parameters("2 1 1")},
  };
  return sets;
}

constexpr std::array<std::uint32_t, 4> ttls{60, 300, 900, 3600};

// Takes a number apart, a digit at a time.
class Dice {
 public:
  explicit Dice(std::uint32_t number) : rest_(number * 2654435761U) {}
  std::uint32_t operator()(std::uint32_t sides) {
    rest_ = rest_ * 1664525U + 1013904223U;
    return (rest_ >> 8) % sides;
  }
  bool one_in(std::uint32_t sides) { return (*this)(sides) == 0; }

 private:
  std::uint32_t rest_;
};

TlsaRecords records_of_all(const Keys& keys, const std::vector<TlsaParameters>& combinations) {
  TlsaRecords records;
  for (const auto& key : keys) {
    for (const auto& parameters : combinations) records.push_back(record_of(key, parameters));
  }
  std::ranges::sort(records);
  const auto duplicates = std::ranges::unique(records);
  records.erase(duplicates.begin(), duplicates.end());
  return records;
}

Wish first_wish(Dice dice, bool is_single) {
  Wish wish;
  wish.is_dual = dice.one_in(3) && !is_single;
  wish.has_next = dice.one_in(3);
  wish.combinations = combination_sets()[dice(4)];
  if (dice.one_in(2)) wish.ttl = ttls[dice(4)];
  wish.grace = Seconds{dice.one_in(2) ? 0 : 600};
  return wish;
}

std::optional<Rrset> first_rrset(Dice dice, const Wish& wish) {
  if (dice.one_in(4)) return std::nullopt;
  const auto& combinations = dice.one_in(3) ? combination_sets()[dice(4)] : wish.combinations;
  return Rrset{ttls[dice(4)], records_of_all(wish.current(), combinations)};
}

// Deleted or changed by hand, just before anybody looked for the first time.
std::optional<Rrset> first_past(Dice dice, const Wish& wish) {
  if (!dice.one_in(3)) return std::nullopt;
  return Rrset{ttls[dice(4)], records_of_all(wish.current(), combination_sets()[dice(4)])};
}

// Of the first certificates, or of a stranger's.
std::optional<Rrset> first_wildcard(Dice dice, const Wish& wish, bool is_hidden) {
  if (!dice.one_in(4)) return std::nullopt;
  const Keys stranger{{9, KeyType::ecdsa}};
  const bool is_ours = !is_hidden || dice.one_in(2);
  return Rrset{ttls[dice(4)],
               records_of_all(is_ours ? wish.current() : stranger, combination_sets()[dice(4)])};
}

bool is_of_a_key(const TlsaRecord& record) { return describe(record).find("nobody") == std::string::npos; }
bool is_well_formed(const TlsaRecord& record) { return record.data.size() >= 32; }

std::string words_of(const Wish& wish) {
  std::string text = text_of(wish.current()) + (wish.has_next ? " and next" : "");
  for (const auto& parameters : wish.combinations) text += ", " + parameters.text();
  return text + (wish.unpublish ? ", unpublish" : "") + (wish.adopt_all ? ", adopt" : "");
}

std::string steps_of(const Plan& plan) {
  std::string lines;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      for (const auto& step : rrset.steps)
        lines += "\n" + describe(step.record) + ": " + std::string(text(step.action)) + ", " +
                 std::string(text(step.reason));
    }
  }
  return lines;
}

Surroundings surroundings(Dice dice) {
  Surroundings around;
  around.is_moved = dice.one_in(6);
  around.is_forgotten = dice.one_in(3);
  around.is_balanced = dice.one_in(4);
  around.has_own_address = dice.one_in(4);
  return around;
}

class Play {
 public:
  Play(std::uint32_t settings, const Fault& fault, bool keeps_log)
      : dice_(settings),
        around_(surroundings(Dice(settings + 4))),
        wish_(first_wish(dice_, around_.is_balanced)),
        first_(first_rrset(Dice(settings + 1), wish_)),
        truth_(around_.is_moved ? 1 : 1 + dice_(2), around_.is_balanced ? 2 : 1 + dice_(3), first_,
               wish_.current(), first_past(Dice(settings + 2), wish_),
               first_wildcard(Dice(settings + 3), wish_, first_.has_value())),
        installs_(dice_.one_in(2)),
        world_(truth_, fault, installs_, around_),
        ledger_(world_),
        keeps_log_(keeps_log) {}

  void move(std::uint32_t number) {
    Dice dice(number);
    const auto choice = dice(100);
    std::string kind = "pass";
    if (choice < 45) {
      work(dice);
    } else if (choice < 62) {
      kind = "time";
      truth_.pass(Seconds{std::array{1, 59, 120, 601, 1800, 7200, 20000}[dice(7)]});
    } else if (choice < 74) {
      kind = "transfer";
      truth_.transfer(dice(8));
    } else if (choice < 84) {
      kind = "switch";
      truth_.take_up(dice(8));
    } else if (choice < 90) {
      kind = "operator";
      think_again(dice);
    } else if (choice < 94) {
      kind = "other writer";
      interfere(dice);
    } else {
      kind = mishap(dice);
    }
    log(kind);
    check();
  }

  [[nodiscard]] bool is_over() const { return history_.trouble.has_value(); }
  History& history() { return history_; }

  // Everything answers, nobody interferes, time goes by.
  void settle() {
    wish_.unpublish = false;
    wish_.adopt_each = true;
    wish_.ttl.reset();
    dead_server_.reset();
    world_.disclaim_all();
    // Whoever is told that clients refuse a certificate gets another one.
    wish_.is_misissued = false;
    world_.before_each_call = [] {};
    truth_.remove_wildcard();
    const auto wanted = wish_.current();
    int at_rest = 0;  // rounds
    for (int round = 0; round < 24 && at_rest < 3 && !is_over(); ++round) {
      for (std::size_t i = 0; i < truth_.addresses(); ++i) truth_.take_up(i);
      check();
      for (int pass = 0; pass < 2; ++pass) {
        run({});
        for (std::size_t server = 1; server < truth_.servers(); ++server) truth_.transfer(server - 1);
        check();
      }
      log("settles");
      truth_.pass(Seconds{10000});
      // What was released and given up does not go live: the operator sees to it, and says so.
      wish_.assume_deployed = is_waiting_for_what_was_given_up() && truth_.is_taken_up();
      if (round >= 2 && is_left_to_the_operator()) truth_.install(wish_.current());
      // A new combination and a new key at once: the operator takes one step after the other.
      if (round == 4 && truth_.installed() != wanted) wish_.want(truth_.installed());
      if (round == 12) wish_.want(wanted);
      at_rest = wish_.current() == wanted && !end_trouble() ? at_rest + 1 : 0;
    }
    check_end();
  }

 private:
  [[nodiscard]] bool is_waiting_for_what_was_given_up() const {
    return !plan_.readiness.empty() &&
           std::ranges::any_of(plan_.readiness.front().blockers, [](const Blocker& blocker) {
             return blocker.reason == Reason::may_go_live && blocker.ends == Ends::operator_;
           });
  }

  // Nothing is published, and what is served would not match the first record: somebody deploys by hand.
  [[nodiscard]] bool is_left_to_the_operator() const {
    return !plan_.readiness.empty() &&
           std::ranges::any_of(plan_.readiness.front().blockers,
                               [](const Blocker& blocker) { return blocker.reason == Reason::first_record; });
  }

  void log(const std::string& what) {
    if (!keeps_log_) return;
    auto& log = history_.log;
    log += std::to_string((truth_.now() - testing::noon).count()) + " s: " + what + "; wanted " +
           words_of(wish_) + "; installed" + text_of(truth_.installed()) + "; served";
    for (std::size_t i = 0; i < truth_.addresses(); ++i)
      log += (i == 0 ? "" : " |") + text_of(truth_.served(i));
    for (std::size_t i = 0; i < truth_.servers(); ++i) log += "\n    " + text_of(truth_.at_server(i));
    log += "\n";
  }

  void work(Dice& dice) {
    Weather weather;
    if (dice.one_in(10)) weather.dead_servers = 1U << dice(3);
    if (dead_server_) weather.dead_servers |= 1U << *dead_server_;
    if (dice.one_in(10)) weather.dead_addresses = 1U + dice(7);
    if (!dice.one_in(3)) weather.cache = dice(64);
    // Most passes run through; in some somebody gets in between, and some are cut off.
    auto calls_left = dice.one_in(3) ? 1 + dice(10) : 1000;
    const bool is_alone = dice.one_in(2);
    auto meanwhile = Dice(dice(1U << 31));
    world_.before_each_call = [&, is_alone] {
      if (calls_left-- == 0) throw Crash{};
      if (!is_alone && meanwhile.one_in(3)) get_in_between(meanwhile);
    };
    run(weather);
    world_.before_each_call = [] {};
  }

  void run(const Weather& weather) {
    const auto installed = truth_.installed();
    world_.wish_for(wish_, weather);
    try {
      const auto outcome = rollover::run(world_, ledger_, world_.request(), events_);
      if (outcome) conclude(*outcome);
      is_noticed_ = is_noticed_ || dead_server_;
    } catch (const Crash&) {
    }
    if (truth_.installed() != installed) ++history_.deployments;
  }

  // `tlsa-update ready && install && reload`, where the driver does not install itself.
  void conclude(const report::Findings& found) {
    plan_ = found.plan;
    if (installs_ || wish_.unpublish || plan_.readiness.empty()) return;
    if (plan_.readiness.front().ready) truth_.install(wish_.current());
  }

  // What may happen while a run is on its way.
  void get_in_between(Dice& dice) {
    switch (dice(4)) {
      case 0:
        truth_.pass(Seconds{std::array{1, 59, 601, 7200}[dice(4)]});
        break;
      case 1:
        truth_.transfer(dice(8));
        break;
      case 2:
        truth_.take_up(dice(8));
        break;
      default:
        add_foreign(dice);
    }
    check();
  }

  void think_again(Dice& dice) {
    switch (dice(8)) {
      case 0:
      case 1:
      case 2:
        wish_.generation = std::min(wish_.generation + 1, 9);
        wish_.is_misissued = dice.one_in(5);
        break;
      case 3:
        wish_.generation = std::max(wish_.generation - 1, 0);
        break;
      case 4:
        wish_.combinations = combination_sets()[dice(7)];
        break;
      case 5:
        wish_.has_next = !wish_.has_next;
        // Where machines take turns, each look meets one kind of key at one machine: a limit (CAVEATS).
        wish_.is_dual = !around_.is_balanced && dice.one_in(2) != wish_.is_dual;
        break;
      case 6:
        wish_.ttl = dice.one_in(2) ? std::nullopt : std::optional(ttls[dice(4)]);
        break;
      default:
        wish_.unpublish = dice.one_in(4);
        wish_.adopt_all = dice.one_in(4);
    }
  }

  // Another writer at the same RRset: adds records of its own, takes them away again, and takes away ours
  // where that alone breaks nothing. What it does while a pass is on its way is caught by the prerequisite.
  void interfere(Dice& dice) {
    if (dice.one_in(2)) return add_foreign(dice);
    auto rrset = truth_.at_primary();
    if (!rrset) return;
    if (rrset->records.size() == 1 && truth_.wildcard()) return;  // it would be another outage of its own
    const auto victim = rrset->records[dice(static_cast<std::uint32_t>(rrset->records.size()))];
    if (is_needed(victim)) return;
    std::erase(rrset->records, victim);
    truth_.write(rrset->records.empty() ? std::nullopt : rrset);
  }

  void add_foreign(Dice& dice) {
    auto rrset = truth_.at_primary();
    if (!rrset) return;
    auto record = rrset->records[dice(static_cast<std::uint32_t>(rrset->records.size()))];
    if (is_well_formed(record)) record.data[0] ^= static_cast<std::uint8_t>(1 + dice(3));
    if (dice.one_in(4)) record.data.resize(31);
    if (is_of_a_key(record)) return;  // deleted, and put back before anybody looked: CAVEATS
    if (std::ranges::find(rrset->records, record) != rrset->records.end()) return;
    rrset->records.push_back(record);
    std::ranges::sort(rrset->records);
    truth_.write(rrset);
    if (dice.one_in(4)) claim(record);
  }

  // Another configuration, with the same ledger, has published it for a machine of its own.
  void claim(const TlsaRecord& record) {
    ledger_.claim(record);
    world_.claim(record);
  }

  // A secondary dies; when that has been seen it comes back, perhaps with what it had before, and perhaps it
  // catches up before anybody looks again.
  std::string die_or_return(Dice& dice) {
    if (around_.is_moved) return "nothing";  // the driver knows its own primary alone, and the resolver
    if (!dead_server_) {
      const auto server = 1 + dice(8) % (truth_.servers() - 1);
      const auto& before = truth_.versions()[truth_.before()[server]];
      has_old_zone_ = !before.last_served || truth_.now() < Truth::end_of(before);
      dead_server_ = server;
      is_noticed_ = false;
      return "server dies";
    }
    if (!is_noticed_) return "nothing";
    const auto secondary = *std::exchange(dead_server_, std::nullopt) - 1;
    if (has_old_zone_) truth_.fall_back(secondary);
    check();
    if (dice.one_in(2)) {
      truth_.pass(Seconds{3});
      truth_.transfer(secondary);
    }
    return "server returns";
  }

  // Taking it away would be the other writer's outage, now or when an address takes up what is installed.
  [[nodiscard]] bool is_needed(const TlsaRecord& record) const {
    auto chains = truth_.served_chains();
    for (const auto& key : truth_.installed()) chains.push_back(credential_of(key)->chain);
    return std::ranges::any_of(chains, [&](const Chain& chain) { return matches(record, chain); });
  }

  std::string mishap(Dice& dice) {
    switch (dice(4)) {
      case 0:
        // Nothing tells an empty ledger what was installed, and is neither served nor published.
        if (!truth_.is_taken_up() && !shows_what_is_installed()) return "nothing";
        ledger_.lose();
        world_.disclaim_all();
        return "ledger lost";
      case 1:
        world_.set_wall_clock(Seconds{std::array{0, 290, -290, 86400, -86400}[dice(5)]});
        return "clock set";
      default:
        break;
    }
    switch (dice(4)) {
      case 0:
        world_.reboot();
        return "reboot";
      case 1:
        world_.move_to_another_machine(Seconds{std::array{0, 290, -290}[dice(3)]});
        return "another machine";
      default:
        return die_or_return(dice);
    }
  }

  [[nodiscard]] bool shows_what_is_installed() const {
    const auto& there = truth_.at_primary();
    return there && std::ranges::all_of(truth_.installed(), [&](const Key& key) {
             return std::ranges::any_of(there->records, [&](const TlsaRecord& record) {
               return record.parameters.of_end_entity() && matches(record, credential_of(key)->chain);
             });
           });
  }

  void check() {
    if (is_over()) return;
    history_.trouble = world_.breach();
    if (const auto outage = truth_.outage(); !history_.trouble && outage) history_.trouble = outage->text;
  }

  void check_end() {
    if (!is_over()) history_.trouble = end_trouble();
  }

  [[nodiscard]] std::optional<std::string> end_trouble() const {
    const auto wanted = records_of_all(wish_.current(), wish_.combinations);
    const auto there = truth_.at_primary() ? truth_.at_primary()->records : TlsaRecords{};
    if (truth_.installed() != wish_.current()) {
      std::string trouble = "never deployed";
      if (plan_.readiness.empty()) return trouble;
      for (const auto& blocker : plan_.readiness.front().blockers)
        trouble += "\n" + blocker.record.text() + " " + std::string(text(blocker.reason));
      return trouble;
    }
    if (!std::ranges::includes(there, wanted)) return "never published all that is wanted" + steps_of(plan_);
    if (there != wish_.records()) return "never deleted all that is stale";
    if (plan_.changes()) return "never comes to rest (I7)";
    return std::nullopt;
  }

  Dice dice_;
  Surroundings around_;
  Wish wish_;
  std::optional<Rrset> first_;
  Truth truth_;
  bool installs_;
  ModelWorld world_;
  ModelLedger ledger_;
  test::NotedEvents events_;
  std::optional<std::size_t> dead_server_;
  bool is_noticed_ = false;    // a pass has seen that it is dead
  bool has_old_zone_ = false;  // which caches may still hold
  Plan plan_;                  // of the last pass that came to its end
  bool keeps_log_;
  History history_;
};

// Once in silence, and once more with a log when it ends badly.
template <class Run>
History play_twice(std::uint32_t settings, const Fault& fault, const Run& run) {
  for (const bool keeps_log : {false, true}) {
    Play game(settings, fault, keeps_log);
    run(game);
    if (keeps_log || !game.is_over()) return game.history();
  }
  return {};
}

void play_schedule(Play& game, const Schedule& schedule) {
  for (const auto number : schedule) {
    if (game.is_over()) return;
    game.move(number);
  }
}

}  // namespace

History play(std::uint32_t settings, const Schedule& schedule, const Fault& fault) {
  return play_twice(settings, fault, [&](Play& game) { play_schedule(game, schedule); });
}

History play_to_the_end(std::uint32_t settings, const Schedule& schedule) {
  return play_twice(settings, {}, [&](Play& game) {
    play_schedule(game, schedule);
    if (!game.is_over()) game.settle();
  });
}

}  // namespace tlsa_update::model
