#include "core/model/play.hpp"

#include <algorithm>
#include <array>

#include "tlsa_update/core/report.hpp"

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

Wish first_wish(Dice dice) {
  Wish wish;
  wish.is_dual = dice.one_in(3);
  wish.has_next = dice.one_in(3);
  wish.combinations = combination_sets()[dice(4)];
  wish.policy.default_ttl = ttls[dice(4)];
  wish.policy.margin = Seconds{0};
  wish.policy.grace = Seconds{dice.one_in(2) ? 0 : 600};
  return wish;
}

std::optional<Rrset> first_rrset(Dice dice, const Wish& wish) {
  if (dice.one_in(4)) return std::nullopt;
  const auto& combinations = dice.one_in(3) ? combination_sets()[dice(4)] : wish.combinations;
  return Rrset{ttls[dice(4)], records_of_all(wish.current(), combinations)};
}

bool is_well_formed(const TlsaRecord& record) { return record.data.size() >= 32; }

std::string text_of(const Keys& keys) {
  std::string text;
  for (const auto& key : keys) text += " " + key.text();
  return text;
}

std::string text_of(const Wish& wish) {
  std::string text = text_of(wish.current()) + (wish.has_next ? " and next" : "");
  for (const auto& parameters : wish.combinations) text += ", " + parameters.text();
  return text + (wish.policy.unpublish ? ", unpublish" : "") + (wish.policy.adopt_all ? ", adopt" : "");
}

std::string text_of(const std::optional<Rrset>& rrset) {
  if (!rrset) return "nothing";
  std::string text = "TTL " + std::to_string(rrset->ttl);
  for (const auto& record : rrset->records) text += "; " + describe(record);
  return text;
}

class Play {
 public:
  Play(std::uint32_t settings, const Brain& brain, bool keeps_log)
      : dice_(settings),
        wish_(first_wish(dice_)),
        world_(1 + dice_(2), 1 + dice_(3), first_rrset(Dice(settings + 1), wish_), wish_.current()),
        agent_(world_, brain, dice_.one_in(2)),
        keeps_log_(keeps_log) {}

  void move(std::uint32_t number) {
    Dice dice(number);
    const auto choice = dice(100);
    std::string kind = "pass";
    if (choice < 45) {
      work(dice);
    } else if (choice < 62) {
      kind = "time";
      world_.pass(Seconds{std::array{1, 59, 120, 601, 1800, 7200, 20000}[dice(7)]});
    } else if (choice < 74) {
      kind = "transfer";
      world_.transfer(dice(8));
    } else if (choice < 84) {
      kind = "switch";
      world_.take_up(dice(8));
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
    wish_.policy.unpublish = false;
    wish_.policy.adopt_all = true;
    wish_.policy.ttl.reset();
    for (int round = 0; round < 12 && !is_over(); ++round) {
      for (std::size_t i = 0; i < world_.addresses(); ++i) world_.take_up(i);
      check();
      for (std::size_t i = 0; i < 8; ++i) {
        agent_.step(wish_, {});
        for (std::size_t server = 1; server < world_.servers(); ++server) world_.transfer(server - 1);
        check();
      }
      while (!agent_.is_idle()) agent_.step(wish_, {});
      log("settles");
      world_.pass(Seconds{10000});
    }
    check_end();
  }

 private:
  void log(const std::string& what) {
    if (!keeps_log_) return;
    auto& log = history_.log;
    log += std::to_string((world_.now() - testing::noon).count()) + " s: " + what + "; wanted " +
           text_of(wish_) + "; installed" + text_of(world_.installed()) + "; served";
    for (std::size_t i = 0; i < world_.addresses(); ++i)
      log += (i == 0 ? "" : " |") + text_of(world_.served(i));
    for (std::size_t i = 0; i < world_.servers(); ++i) log += "\n    " + text_of(world_.at_server(i));
    log += "\n";
  }

  void work(Dice& dice) {
    Weather weather;
    if (dice.one_in(10)) weather.dead_servers = 1U << dice(3);
    if (dice.one_in(10)) weather.dead_addresses = 1U + dice(7);
    // A service of which nothing answers may be taken for one that is not there yet.
    const bool is_bare =
        !world_.at_primary() || std::ranges::none_of(world_.at_primary()->records, is_well_formed);
    if (is_bare && weather.dead_addresses + 1 >= 1U << world_.addresses()) weather.dead_addresses = 0;
    // Most passes run through; some are interrupted after any step.
    const auto installed = world_.installed();
    for (auto steps = dice.one_in(2) ? 6U : 1 + dice(3); steps > 0; --steps) {
      agent_.step(wish_, weather);
      if (agent_.is_idle()) break;
    }
    if (world_.installed() != installed) ++history_.deployments;
  }

  void think_again(Dice& dice) {
    switch (dice(8)) {
      case 0:
      case 1:
      case 2:
        wish_.generation = std::min(wish_.generation + 1, 9);
        break;
      case 3:
        wish_.generation = std::max(wish_.generation - 1, 0);
        break;
      case 4:
        wish_.combinations = combination_sets()[dice(7)];
        break;
      case 5:
        wish_.has_next = !wish_.has_next;
        wish_.is_dual = dice.one_in(2) != wish_.is_dual;
        break;
      case 6:
        wish_.policy.ttl = dice.one_in(2) ? std::nullopt : std::optional(ttls[dice(4)]);
        break;
      default:
        wish_.policy.unpublish = dice.one_in(4);
        wish_.policy.adopt_all = dice.one_in(4);
    }
  }

  // Another writer at the same RRset: adds records of its own, takes them away again, and takes away ours
  // where that alone breaks nothing. What it does while a pass is on its way is caught by the prerequisite.
  void interfere(Dice& dice) {
    auto rrset = world_.at_primary();
    if (!rrset) return;
    if (dice.one_in(2)) {
      auto record = rrset->records[dice(static_cast<std::uint32_t>(rrset->records.size()))];
      if (is_well_formed(record)) record.data[0] ^= static_cast<std::uint8_t>(1 + dice(3));
      if (dice.one_in(4)) record.data.resize(31);
      rrset->records.push_back(record);
      std::ranges::sort(rrset->records);
      const auto duplicates = std::ranges::unique(rrset->records);
      rrset->records.erase(duplicates.begin(), duplicates.end());
      world_.write(rrset);
      return;
    }
    if (!agent_.is_idle()) return;
    const auto victim = rrset->records[dice(static_cast<std::uint32_t>(rrset->records.size()))];
    if (is_needed(victim)) return;
    std::erase(rrset->records, victim);
    world_.write(rrset->records.empty() ? std::nullopt : rrset);
  }

  // Taking it away would be the other writer's outage, now or when an address takes up what is installed.
  [[nodiscard]] bool is_needed(const TlsaRecord& record) const {
    auto chains = world_.served_chains();
    for (const auto& key : world_.installed()) chains.push_back(credential_of(key)->chain);
    return std::ranges::any_of(chains, [&](const Chain& chain) { return matches(record, chain); });
  }

  std::string mishap(Dice& dice) {
    switch (dice(6)) {
      case 0:
      case 1:
        agent_.crash();
        return "crash";
      case 2:
        // Nothing in DNS tells that caches hold an RRset of a longer TTL than the one that is served now.
        if (caches_outlive_ttl() || !(world_.is_taken_up() || shows_what_is_installed())) return "nothing";
        agent_.lose_ledger();
        return "ledger lost";
      case 3:
        agent_.set_wall_clock(Seconds{std::array{0, 290, -290, 86400, -86400}[dice(5)]});
        return "clock set";
      default:
        agent_.reboot();
        return "reboot";
    }
  }

  [[nodiscard]] bool caches_outlive_ttl() const {
    const auto& there = world_.at_primary();
    const auto longest = there ? std::max(there->ttl, negative_ttl) : 0;
    return std::ranges::any_of(world_.known_to_clients(), [&](const Version* version) {
      return version->rrset && version->rrset->ttl > longest;
    });
  }

  // Nor what was installed and is not served yet, when no record tells its key.
  [[nodiscard]] bool shows_what_is_installed() const {
    const auto& there = world_.at_primary();
    return there && std::ranges::all_of(world_.installed(), [&](const Key& key) {
             return std::ranges::any_of(there->records, [&](const TlsaRecord& record) {
               return record.parameters.of_end_entity() && matches(record, credential_of(key)->chain);
             });
           });
  }

  void check() {
    if (is_over()) return;
    history_.trouble = agent_.breach();
    if (const auto outage = world_.outage(); !history_.trouble && outage) history_.trouble = outage->text;
  }

  void check_end() {
    if (is_over()) return;
    const auto wanted = records_of_all(wish_.current(), wish_.combinations);
    const auto there = world_.at_primary() ? world_.at_primary()->records : TlsaRecords{};
    if (world_.installed() != wish_.current()) {
      history_.trouble = "never deployed";
      for (const auto& blocker : agent_.last_plan().readiness.at(0).blockers) {
        history_.trouble->append("\n" + blocker.record.text() + " " + std::string(text(blocker.reason)));
      }
    } else if (!std::ranges::includes(there, wanted)) {
      history_.trouble = "never published all that is wanted";
    } else if (there != wish_.records()) {
      history_.trouble = "never deleted all that is stale";
    } else if (agent_.last_plan().changes()) {
      history_.trouble = "never comes to rest (I7)";
    }
  }

  Dice dice_;
  Wish wish_;
  World world_;
  Agent agent_;
  bool keeps_log_;
  History history_;
};

// Once in silence, and once more with a log when it ends badly.
template <class Run>
History play_twice(std::uint32_t settings, const Brain& brain, const Run& run) {
  for (const bool keeps_log : {false, true}) {
    Play game(settings, brain, keeps_log);
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

History play(std::uint32_t settings, const Schedule& schedule, const Brain& brain) {
  return play_twice(settings, brain, [&](Play& game) { play_schedule(game, schedule); });
}

History play_to_the_end(std::uint32_t settings, const Schedule& schedule) {
  return play_twice(settings, {}, [&](Play& game) {
    play_schedule(game, schedule);
    if (!game.is_over()) game.settle();
  });
}

}  // namespace tlsa_update::model
