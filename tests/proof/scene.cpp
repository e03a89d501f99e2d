#include "proof/scene.hpp"

#include <algorithm>

#include "support/noted_events.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/report/findings.hpp"
#include "tlsa_update/rollover/rollover.hpp"

namespace tlsa_update::proof {
namespace {

constexpr Seconds wrong_by{86400};
constexpr Seconds fudge{300};

model::Wish second_wish(const Setting& setting) {
  auto wish = first_wish(setting);
  wish.generation = generations;
  return wish;
}

bool has_two_keys(const Setting& setting) {
  return setting.is_shared || setting.around.names == model::Names::alias;
}

model::Truth truth_of(const Setting& setting) {
  auto wish = first_wish(setting);
  const auto first = wish.records();
  wish.has_next = setting.has_next;
  std::optional<Rrset> published, before, wildcard;
  if (setting.is_published) published = Rrset{setting.ttl, wish.records()};
  if (setting.is_published && has_two_keys(setting)) {
    std::ranges::copy(second_wish(setting).records(), std::back_inserter(published->records));
    std::ranges::sort(published->records);
  }
  if (setting.ttl_before) before = Rrset{*setting.ttl_before, first};
  if (setting.wildcard_ttl) wildcard = Rrset{*setting.wildcard_ttl, first};
  model::Truth truth(setting.secondaries, setting.addresses, std::move(published), wish.current(),
                     std::move(before), std::move(wildcard));
  if (has_two_keys(setting)) {
    truth.install_at(1, second_wish(setting).current());
    truth.take_up(1);
  }
  return truth;
}

bool has_second_rrset(model::Names names) {
  return names != model::Names::one && names != model::Names::alias;
}

model::Weather weather_of(const Move& move) {
  model::Weather weather;
  switch (move.kind) {
    case MoveKind::run_broken_reload:
      weather.is_reload_broken = true;
      break;
    case MoveKind::run_lost:
      weather.delivery = model::Delivery::lost;
      break;
    case MoveKind::run_unanswered:
      weather.delivery = model::Delivery::unanswered;
      break;
    case MoveKind::run_late:
      weather.delivery = model::Delivery::late;
      break;
    case MoveKind::run_with_cache:
      weather.cache = move.at;
      break;
    case MoveKind::run_half_blind:
      weather.dead_servers = 1U << move.at;
      break;
    case MoveKind::run_half_deaf:
      weather.dead_addresses = 1U << move.at;
      break;
    case MoveKind::run_unsigned:
      weather.unsigned_servers = 1U << move.at;
      break;
    default:
      break;
  }
  return weather;
}

}  // namespace

model::Wish first_wish(const Setting& setting) {
  model::Wish wish;
  wish.is_dual = setting.is_dual;
  wish.combinations = setting.combinations;
  return wish;
}

// What happens before one call of the world.
struct Scene::Between {
  std::size_t call = ~std::size_t{0};
  MoveKind kind = MoveKind::run;
};

Scene::Scene(const Setting& setting) : setting_(&setting), truth_(truth_of(setting)) {
  if (has_second_rrset(setting.around.names)) second_ = truth_;
  for (std::size_t i = 0; i < (setting.is_shared ? 2 : 1); ++i) {
    auto& driver = drivers_.emplace_back();
    driver.second = second_wish(setting);
    driver.wish = i == 0 ? first_wish(setting) : driver.second;
    for (auto* wish : {&driver.wish, &driver.second}) {
      wish->ttl = setting.ttl;
      wish->longest_ttl = setting.longest_ttl;
      wish->wait_factor = setting.wait_factor;
      wish->margin = setting.margin;
      wish->grace = setting.grace;
    }
    driver.wish.has_next = setting.has_next;
    if (setting.is_kept) driver.wish.keep = first_wish(setting).records();
  }
}

model::Surroundings Scene::around() const {
  auto around = setting_->around;
  if (is_repointed_) around.names = model::Names::repointed;
  if (drivers_.size() > 1) around.machine = turn_;
  return around;
}

std::optional<std::string> Scene::outage() const {
  if (auto outage = truth_.outage()) return std::move(outage->text);
  if (!second_) return std::nullopt;
  if (auto outage = second_->outage()) return std::move(outage->text);
  return std::nullopt;
}

std::optional<std::string> Scene::play(const Move& move, const model::Fault& fault) {
  std::optional<std::string> trouble;
  if (move.kind <= MoveKind::run_unsigned) {
    trouble = run(move, fault);
  } else if (move.kind <= MoveKind::wait) {
    happen_to_servers(move, fault);
  } else if (move.kind <= MoveKind::late_repoint) {
    happen_to_records(move, fault);
  } else if (move.kind <= MoveKind::move) {
    happen_to_machine(move);
  } else {
    wish_differently(move);
  }
  if (!trouble) trouble = outage();
  truth_.forget();
  if (second_) second_->forget();
  return trouble;
}

std::optional<std::string> Scene::run(const Move& move, const model::Fault& fault) {
  const bool has_call = move.kind >= MoveKind::run_killed && move.kind <= MoveKind::run_and_renew;
  return run(fault, weather_of(move), has_call ? Between{move.at, move.kind} : Between{});
}

void Scene::pass(Seconds time) {
  truth_.pass(time);
  if (second_) second_->pass(time);
}

void Scene::take_up(std::size_t address) {
  truth_.take_up(address);
  if (second_) second_->take_up(address);
}

void Scene::take_up_everywhere() {
  for (std::size_t i = 0; i < truth_.addresses(); ++i) take_up(i);
}

void Scene::happen_to_servers(const Move& move, const model::Fault& fault) {
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
      take_up(move.at);
      break;
    case MoveKind::transfer_other:
      if (second_) second_->transfer(move.at);
      break;
    case MoveKind::late_update:
      arrive_late();
      break;
    case MoveKind::second:
      pass(Seconds{1});
      break;
    case MoveKind::wait:
      if (const auto boundary = next_boundary(fault)) pass(*boundary - truth_.now());
      break;
    default:
      break;
  }
}

void Scene::happen_to_machine(const Move& move) {
  auto& driver = drivers_[turn_];
  auto& memory = driver.memory;
  switch (move.kind) {
    case MoveKind::turn:
      turn_ = (turn_ + 1) % drivers_.size();
      break;
    case MoveKind::lose_ledger:
      driver.ledger = {};
      break;
    case MoveKind::back_up:
      driver.backup = driver.ledger;
      break;
    case MoveKind::restore:
      if (driver.backup) driver.ledger = *driver.backup;
      break;
    case MoveKind::clock_ahead:
      memory.wall_error = memory.wall_error == wrong_by ? Seconds{0} : wrong_by;
      break;
    case MoveKind::clock_back:
      memory.wall_error = memory.wall_error == -wrong_by ? Seconds{0} : -wrong_by;
      break;
    case MoveKind::reboot:
      memory.booted = truth_.now();
      ++memory.boots;
      break;
    case MoveKind::move:
      memory.booted = testing::issued;
      ++memory.boots;
      ++memory.machine;
      memory.wall_error += wrong_by;
      break;
    default:
      break;
  }
}

std::optional<std::string> Scene::run(const model::Fault& fault, const model::Weather& weather,
                                      const Between& between) {
  auto& driver = drivers_[turn_];
  model::ModelWorld world(truth_, fault, setting_->installs, around(), second());
  model::ModelLedger ledger(world);
  ledger.restore(std::move(driver.ledger));
  world.remember(std::move(driver.memory));
  auto day = weather;
  if (dead_) day.dead_servers |= 2U << dead_->secondary;
  world.wish_for(driver.wish, day);
  world.wish_for_second(driver.second);
  std::optional<std::string> meanwhile;
  world.before_each_call = [&, call = std::size_t{0}]() mutable {
    if (call++ != between.call) return;
    if (between.kind == MoveKind::run_killed) throw model::Crash{};
    get_in_between(between.kind, world);
    meanwhile = outage();
  };
  try {
    drive(world, ledger);
  } catch (const model::Crash&) {
  }
  if (dead_) dead_->is_noticed = true;
  world.before_each_call = [] {};
  if (world.late_update()) late_ = LateUpdate{*world.late_update(), truth_.now() + fudge};
  driver.ledger = ledger.peek();
  driver.memory = world.memory();
  return world.breach() ? world.breach() : meanwhile;
}

void Scene::drive(model::ModelWorld& world, model::ModelLedger& ledger) {
  auto& driver = drivers_[turn_];
  test::NotedEvents events;
  const auto outcome = rollover::run(world, ledger, world.request(), events);
  if (!outcome) return;
  driver.readiness = outcome->plan.readiness;
  // `tlsa-update ready && install && reload`, if the driver does not install itself.
  const bool is_hooked = !setting_->installs && !driver.wish.unpublish && !driver.readiness.empty();
  if (is_hooked && driver.readiness.front().ready) truth_.install(driver.wish.current());
}

void Scene::get_in_between(MoveKind kind, model::ModelWorld& world) {
  auto& wish = drivers_[turn_].wish;
  if (kind == MoveKind::run_and_writer) write_foreign();
  if (kind == MoveKind::run_and_time) pass(hour);
  if (kind == MoveKind::run_and_revert && !world.is_acting()) put_back();
  if (kind == MoveKind::run_and_switch) take_up_everywhere();
  if (kind == MoveKind::run_and_renew) {
    wish_differently({MoveKind::renew, 0});
    world.change_wish(wish);
  }
}

// One second before the next moment at which a client forgets something, or the plan has something due; that
// moment, if it is a second away.
std::optional<Time> Scene::next_boundary(const model::Fault& fault) {
  std::vector<Time> moments;
  for (const auto* truth : {&truth_, second()}) {
    if (truth == nullptr) continue;
    for (const auto& version : truth->versions()) {
      if (version.last_served) moments.push_back(model::Truth::end_of(version));
    }
  }
  const auto& driver = drivers_[turn_];
  model::ModelWorld world(truth_, fault, setting_->installs, around(), second());
  model::ModelLedger ledger(world);
  test::NotedEvents events;
  ledger.restore(driver.ledger);
  world.remember(driver.memory);
  world.wish_for(driver.wish, {});
  world.wish_for_second(driver.second);
  const auto found = rollover::status(world, ledger, world.request(), events);
  if (found && found->plan.next_due) moments.push_back(*found->plan.next_due - driver.memory.wall_error);
  std::erase_if(moments, [&](Time moment) { return moment <= truth_.now(); });
  if (moments.empty()) return std::nullopt;
  const auto next = std::ranges::min(moments);
  return next - truth_.now() > Seconds{1} ? next - Seconds{1} : next;
}

std::string Scene::text() const {
  std::string text;
  for (const auto& driver : drivers_) {
    text += (text.empty() ? "wanted" : " |") + text_of(driver.wish.current()) +
            (driver.wish.has_next ? " and next" : "");
    if (setting_->around.names == model::Names::alias) text += " |" + text_of(driver.second.current());
    for (const auto& parameters : driver.wish.combinations) text += ", " + parameters.text();
  }
  text += "; installed" + text_of(truth_.installed()) + "; served";
  for (std::size_t i = 0; i < truth_.addresses(); ++i)
    text += (i == 0 ? "" : " |") + text_of(truth_.served(i));
  for (const auto at : truth_.at()) text += "\n      " + model::text_of(truth_.versions()[at].rrset);
  if (!second_) return text;
  for (const auto at : second_->at())
    text += "\n      of the second name: " + model::text_of(second_->versions()[at].rrset);
  return text;
}

}  // namespace tlsa_update::proof
