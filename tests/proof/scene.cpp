#include "proof/scene.hpp"

#include <algorithm>

#include "support/noted_events.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/rollover.hpp"

namespace tlsa_update::proof {
namespace {

using model::Keys;

constexpr int latest_generation = 5;
constexpr Seconds hour{3600};
constexpr Seconds wrong_by{86400};

struct Word {
  MoveKind kind;
  std::string_view text;
};
constexpr Word words[] = {
    {MoveKind::run, "run"},
    {MoveKind::run_killed, "run, killed at its call"},
    {MoveKind::run_and_writer, "run, and another writer before its call"},
    {MoveKind::run_and_time, "run, suspended for an hour before its call"},
    {MoveKind::run_and_switch, "run, and the service switches before its call"},
    {MoveKind::run_and_revert, "run, and the old files are put back before its call"},
    {MoveKind::run_with_cache, "run, and the resolver answers as cache"},
    {MoveKind::run_half_blind, "run, out of reach is name server"},
    {MoveKind::run_half_deaf, "run, out of reach is address"},
    {MoveKind::transfer, "transfer to secondary"},
    {MoveKind::die, "out of reach from now on is secondary"},
    {MoveKind::come_back, "back, with its old zone, comes the secondary"},
    {MoveKind::take_up, "reload at address"},
    {MoveKind::second, "a second"},
    {MoveKind::wait, "wait"},
    {MoveKind::renew, "renewal"},
    {MoveKind::revert, "revert to the key before"},
    {MoveKind::key_kinds, "another choice of key kinds"},
    {MoveKind::next_key, "next key given or taken"},
    {MoveKind::combinations, "other parameters"},
    {MoveKind::ttl, "another TTL"},
    {MoveKind::unpublish, "unpublish, or no longer"},
    {MoveKind::foreign_add, "another writer adds a record"},
    {MoveKind::foreign_remove, "another writer deletes a record"},
    {MoveKind::lose_ledger, "the ledger is lost"},
    {MoveKind::clock_ahead, "the clock is set ahead"},
    {MoveKind::clock_back, "the clock is set back"},
    {MoveKind::reboot, "reboot"},
    {MoveKind::move, "another machine goes on"},
    {MoveKind::misissue, "renewal that clients refuse"},
    {MoveKind::claim, "another configuration publishes a record of its own"},
};

std::string text_of(const std::optional<Rrset>& rrset) {
  if (!rrset) return "nothing";
  std::string text = "TTL " + std::to_string(rrset->ttl);
  for (const auto& record : rrset->records) text += "; " + model::describe(record);
  return text;
}

std::string text_of(const Keys& keys) {
  std::string text;
  for (const auto& key : keys) text += " " + key.text();
  return text;
}

model::Truth truth_of(const Setting& setting) {
  model::Wish wish;
  wish.is_dual = setting.is_dual;
  wish.combinations = setting.combinations;
  const auto first = wish.records();
  wish.has_next = setting.has_next;
  std::optional<Rrset> published, before, wildcard;
  if (setting.is_published) published = Rrset{setting.ttl, wish.records()};
  if (setting.ttl_before) before = Rrset{*setting.ttl_before, first};
  if (setting.wildcard_ttl) wildcard = Rrset{*setting.wildcard_ttl, first};
  return {setting.secondaries, setting.addresses, std::move(published),
          wish.current(),      std::move(before), std::move(wildcard)};
}

}  // namespace

std::string text(const Move& move) {
  const auto* word = std::ranges::find(words, move.kind, &Word::kind);
  const bool is_numbered = move.kind >= MoveKind::run_killed && move.kind <= MoveKind::take_up;
  return std::string(word->text) + (is_numbered ? " " + std::to_string(move.at + 1) : std::string{});
}

// What happens before one call of the world.
struct Scene::Between {
  std::size_t call = ~std::size_t{0};
  MoveKind kind = MoveKind::run;
};

Scene::Scene(const Setting& setting) : setting_(&setting), truth_(truth_of(setting)) {
  wish_.is_dual = setting.is_dual;
  wish_.combinations = setting.combinations;
  wish_.ttl = setting.ttl;
  wish_.longest_ttl = setting.longest_ttl;
  wish_.grace = setting.grace;
  wish_.has_next = setting.has_next;
}

std::optional<std::string> Scene::play(const Move& move, const model::Fault& fault) {
  std::optional<std::string> trouble;
  if (move.kind <= MoveKind::run_half_deaf) {
    trouble = run(move, fault);
  } else if (move.kind <= MoveKind::claim) {
    happen_to_zone(move, fault);
  } else if (move.kind <= MoveKind::move) {
    happen_to_machine(move);
  } else {
    wish_differently(move);
  }
  if (const auto outage = truth_.outage(); !trouble && outage) trouble = outage->text;
  truth_.forget();
  return trouble;
}

std::optional<std::string> Scene::run(const Move& move, const model::Fault& fault) {
  switch (move.kind) {
    case MoveKind::run:
      return run(fault, {}, {});
    case MoveKind::run_killed:
    case MoveKind::run_and_writer:
    case MoveKind::run_and_time:
    case MoveKind::run_and_switch:
    case MoveKind::run_and_revert:
      return run(fault, {}, {move.at, move.kind});
    case MoveKind::run_with_cache:
      return run(fault, {0, 0, move.at}, {});
    case MoveKind::run_half_blind:
      return run(fault, {1U << move.at, 0}, {});
    case MoveKind::run_half_deaf:
      return run(fault, {0, 1U << move.at}, {});
    default:
      return std::nullopt;
  }
}

void Scene::happen_to_zone(const Move& move, const model::Fault& fault) {
  switch (move.kind) {
    case MoveKind::transfer:
      if (!dead_ || dead_->secondary != move.at) truth_.transfer(move.at);
      break;
    case MoveKind::die:
      die(move.at);
      break;
    case MoveKind::come_back:
      come_back();
      break;
    case MoveKind::take_up:
      truth_.take_up(move.at);
      break;
    case MoveKind::second:
      truth_.pass(Seconds{1});
      break;
    case MoveKind::wait:
      if (const auto boundary = next_boundary(fault)) truth_.pass(*boundary - truth_.now());
      break;
    case MoveKind::foreign_add:
      write_foreign();
      break;
    case MoveKind::foreign_remove:
      remove_foreign();
      break;
    case MoveKind::claim:
      claim_for_another();
      break;
    default:
      break;
  }
}

void Scene::happen_to_machine(const Move& move) {
  switch (move.kind) {
    case MoveKind::lose_ledger:
      ledger_ = {};
      break;
    case MoveKind::clock_ahead:
      memory_.wall_error = memory_.wall_error == wrong_by ? Seconds{0} : wrong_by;
      break;
    case MoveKind::clock_back:
      memory_.wall_error = memory_.wall_error == -wrong_by ? Seconds{0} : -wrong_by;
      break;
    case MoveKind::reboot:
      memory_.booted = truth_.now();
      ++memory_.boots;
      break;
    case MoveKind::move:
      memory_.booted = testing::issued;
      ++memory_.boots;
      ++memory_.machine;
      memory_.wall_error += wrong_by;
      break;
    default:
      break;
  }
}

void Scene::wish_differently(const Move& move) {
  switch (move.kind) {
    case MoveKind::renew:
      wish_.is_misissued = false;
      wish_.generation = std::min(wish_.generation + 1, latest_generation);
      break;
    case MoveKind::misissue:
      wish_.generation = std::min(wish_.generation + 1, latest_generation);
      wish_.is_misissued = true;
      break;
    case MoveKind::revert:
      wish_.is_misissued = false;
      wish_.generation = std::max(wish_.generation - 1, 0);
      break;
    case MoveKind::key_kinds:
      wish_.is_dual = !wish_.is_dual;
      break;
    case MoveKind::next_key:
      wish_.has_next = !wish_.has_next;
      break;
    case MoveKind::combinations:
      wish_.combinations = wish_.combinations == setting_->combinations ? setting_->other_combinations
                                                                        : setting_->combinations;
      break;
    case MoveKind::ttl:
      wish_.ttl = wish_.ttl == setting_->ttl ? setting_->other_ttl : setting_->ttl;
      break;
    case MoveKind::unpublish:
      wish_.unpublish = !wish_.unpublish;
      break;
    default:
      break;
  }
}

std::optional<std::string> Scene::run(const model::Fault& fault, const model::Weather& weather,
                                      const Between& between) {
  model::ModelWorld world(truth_, fault, setting_->installs, setting_->around);
  model::ModelLedger ledger(world);
  test::NotedEvents events;
  ledger.restore(std::move(ledger_));
  world.remember(std::move(memory_));
  auto day = weather;
  if (dead_) day.dead_servers |= 2U << dead_->secondary;
  world.wish_for(wish_, day);
  std::optional<std::string> meanwhile;
  world.before_each_call = [&, call = std::size_t{0}]() mutable {
    if (call++ != between.call) return;
    if (between.kind == MoveKind::run_killed) throw model::Crash{};
    if (between.kind == MoveKind::run_and_writer) write_foreign();
    if (between.kind == MoveKind::run_and_time) truth_.pass(hour);
    if (between.kind == MoveKind::run_and_revert && !world.is_acting()) put_back();
    if (between.kind == MoveKind::run_and_switch) {
      for (std::size_t i = 0; i < truth_.addresses(); ++i) truth_.take_up(i);
    }
    if (const auto outage = truth_.outage()) meanwhile = outage->text;
  };
  try {
    const auto outcome = rollover::run(world, ledger, world.request(), events);
    // `tlsa-update ready && install && reload`, if the driver does not install itself.
    if (outcome) readiness_ = outcome->plan.readiness;
    const bool is_hooked = outcome && !setting_->installs && !wish_.unpublish;
    if (is_hooked && !outcome->plan.readiness.empty() && outcome->plan.readiness.front().ready)
      truth_.install(wish_.current());
  } catch (const model::Crash&) {
  }
  if (dead_) dead_->is_noticed = true;
  world.before_each_call = [] {};
  ledger_ = ledger.peek();
  memory_ = world.memory();
  return world.breach() ? world.breach() : meanwhile;
}

// One second before the next moment at which a client forgets something, or the plan has something due; that
// moment, if it is a second away.
std::optional<Time> Scene::next_boundary(const model::Fault& fault) {
  std::vector<Time> moments;
  for (const auto& version : truth_.versions()) {
    if (version.last_served) moments.push_back(model::Truth::end_of(version));
  }
  model::ModelWorld world(truth_, fault, setting_->installs, setting_->around);
  model::ModelLedger ledger(world);
  test::NotedEvents events;
  ledger.restore(ledger_);
  world.remember(memory_);
  world.wish_for(wish_, {});
  const auto found = rollover::status(world, ledger, world.request(), events);
  if (found && found->plan.next_due) moments.push_back(*found->plan.next_due - memory_.wall_error);
  std::erase_if(moments, [&](Time moment) { return moment <= truth_.now(); });
  if (moments.empty()) return std::nullopt;
  const auto next = std::ranges::min(moments);
  return next - truth_.now() > Seconds{1} ? next - Seconds{1} : next;
}

void Scene::write_foreign() {
  auto rrset = truth_.at_primary();
  if (!rrset) return;
  auto record = rrset->records.front();
  record.data.assign(record.data.size(), 0xF0);
  if (std::ranges::find(rrset->records, record) != rrset->records.end()) return;
  rrset->records.push_back(record);
  std::ranges::sort(rrset->records);
  truth_.write(rrset);
}

// The certificate before, while its records are there still.
void Scene::put_back() {
  truth_.pass(hour);
  const auto old = model::Keys{{std::max(wish_.generation - 1, 0), KeyType::rsa}};
  const auto& there = truth_.at_primary();
  const auto& chain = model::credential_of(old.front())->chain;
  const bool is_safe = there && std::ranges::any_of(there->records, [&](const TlsaRecord& record) {
                         return matches(record, chain) && truth_.everywhere_since(record);
                       });
  if (!is_safe || setting_->is_dual) return;
  truth_.install(old);
  for (std::size_t i = 0; i < truth_.addresses(); ++i) truth_.take_up(i);
}

// What it comes back with is old, or not so old that no cache holds it.
void Scene::die(std::uint8_t secondary) {
  if (dead_) return;
  const auto& before = truth_.versions()[truth_.before()[secondary + 1U]];
  dead_ = Dead{secondary, false, !before.last_served || truth_.now() < model::Truth::end_of(before)};
}

// Nobody can know of an absence between two looks.
void Scene::come_back() {
  if (!dead_ || !dead_->is_noticed) return;
  if (dead_->has_old_zone) truth_.fall_back(dead_->secondary);
  dead_.reset();
}

void Scene::claim_for_another() {
  auto rrset = truth_.at_primary();
  if (!rrset) return;
  auto record = rrset->records.front();
  record.data.assign(record.data.size(), 0xC0);
  if (!memory_.theirs.insert(record).second) return;
  memory_.ours.insert(record);
  auto& entry = ledger_.owners[model::owner()].at(record);
  entry.owned = true;
  entry.wanters = {{{"/etc/other.conf", "web"}}};
  rrset->records.push_back(record);
  std::ranges::sort(rrset->records);
  truth_.write(rrset);
}

// Taking away what is served, or installed and served soon, would be the other writer's outage.
void Scene::remove_foreign() {
  auto rrset = truth_.at_primary();
  if (!rrset) return;
  auto chains = truth_.served_chains();
  for (const auto& key : truth_.installed()) chains.push_back(model::credential_of(key)->chain);
  const auto is_needed = [&](const TlsaRecord& record) {
    return std::ranges::any_of(chains, [&](const Chain& chain) { return matches(record, chain); });
  };
  const auto victim = std::ranges::find_if_not(rrset->records, is_needed);
  if (victim == rrset->records.end()) return;
  rrset->records.erase(victim);
  truth_.write(rrset->records.empty() ? std::nullopt : std::optional(*rrset));
}

std::optional<std::string> Scene::settle(const model::Fault& fault) {
  constexpr int most_rounds = 72;
  constexpr int step_back = 24, step_forward = 48;  // a new combination and a new key: one after the other
  constexpr Seconds between_runs{1800};             // a timer that watches: less than --longest-ttl
  wish_.unpublish = false;
  wish_.adopt_each = true;
  wish_.ttl.reset();
  wish_.is_misissued = false;
  memory_.theirs.clear();
  dead_.reset();
  truth_.remove_wildcard();
  const auto wanted = wish_.current();
  for (int round = 0; round < most_rounds; ++round) {
    for (std::size_t i = 0; i < truth_.addresses(); ++i) truth_.take_up(i);
    for (int pass = 0; pass < 2; ++pass) {
      if (auto trouble = play({MoveKind::run, 0}, fault)) return trouble;
      for (std::size_t i = 0; i + 1 < truth_.servers(); ++i) truth_.transfer(i);
    }
    truth_.pass(between_runs);
    if (round == step_back && truth_.installed() == wanted) break;
    if (round == step_back) wish_.want(truth_.installed());
    if (round == step_forward) wish_.want(wanted);
    // The first record would not match what is served: by then no cache holds any, and somebody deploys by
    // hand.
    const bool is_bare = !truth_.at_primary() || truth_.at_primary()->records.empty();
    if (round >= 2 && is_bare) truth_.install(wish_.current());
  }
  if (truth_.installed() != wish_.current()) return "never deployed" + blockers();
  if (!truth_.at_primary() || truth_.at_primary()->records != wish_.records())
    return "in the end, other records than those that are wanted: " + text_of(truth_.at_primary());
  return std::nullopt;
}

std::string Scene::blockers() const {
  std::string text;
  for (const auto& readiness : readiness_) {
    for (const auto& blocker : readiness.blockers)
      text += "; " + model::describe(blocker.record) + ": " + std::string(tlsa_update::text(blocker.reason));
  }
  return text;
}

std::string Scene::text() const {
  std::string text = "wanted" + text_of(wish_.current()) + (wish_.has_next ? " and next" : "");
  for (const auto& parameters : wish_.combinations) text += ", " + parameters.text();
  text += "; installed" + text_of(truth_.installed()) + "; served";
  for (std::size_t i = 0; i < truth_.addresses(); ++i)
    text += (i == 0 ? "" : " |") + text_of(truth_.served(i));
  for (const auto at : truth_.at()) text += "\n      " + text_of(truth_.versions()[at].rrset);
  return text;
}

}  // namespace tlsa_update::proof
