// Bounded liveness: what is wanted is deployed in the end, and what is stale goes.
#include <algorithm>

#include "proof/scene.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update::proof {
namespace {

constexpr Seconds between_runs{1800};  // a timer that watches: less than --longest-ttl

}  // namespace

std::optional<std::string> Scene::settle(const model::Fault& fault) {
  constexpr int most_rounds = 72;
  begin_to_settle();
  std::vector<model::Wish> wanted;
  for (const auto& driver : drivers_) wanted.push_back(driver.wish);
  int at_rest = 0;  // rounds
  for (int round = 0; round < most_rounds && at_rest < 3; ++round) {
    take_up_everywhere();
    for (int pass = 0; pass < 2; ++pass) {
      if (auto trouble = run_all(fault)) return trouble;
    }
    pass(between_runs);
    at_rest = unsettled() || !is_wished(wanted) ? 0 : at_rest + 1;
    step_aside(round, wanted);
  }
  return unsettled();
}

std::optional<std::string> Scene::settle_and_renew(const model::Fault& fault) {
  constexpr Seconds six_days{6 * 86400};
  if (auto trouble = settle(fault)) return trouble;
  for (int renewals = 0; renewals < 2; ++renewals) {
    for (auto& driver : drivers_) {
      ++driver.wish.generation;
      if (setting_->around.names == model::Names::alias) ++driver.second.generation;
      driver.wish.adopt_each = false;  // from here on every record is known
    }
    const Time next = truth_.now() + six_days;
    while (truth_.now() < next) {
      take_up_everywhere();
      if (auto trouble = run_all(fault)) return trouble;
      pass(between_runs);
    }
    if (auto trouble = unsettled()) return "six days after a renewal: " + *trouble;
  }
  return std::nullopt;
}

void Scene::begin_to_settle() {
  for (auto& driver : drivers_) {
    for (auto* wish : {&driver.wish, &driver.second}) {
      wish->unpublish = false;
      wish->ttl.reset();
      wish->is_misissued = false;
      wish->keep.clear();
      wish->adopt_each = true;
    }
    driver.memory.theirs.clear();
  }
  if (drivers_.size() > 1) {
    drivers_[0].wish.of_others = drivers_[1].wish.records();
    drivers_[1].wish.of_others = drivers_[0].wish.records();
  }
  dead_.reset();
  late_.reset();
  truth_.remove_wildcard();
}

// The timers of all machines, and what follows from them.
std::optional<std::string> Scene::run_all(const model::Fault& fault) {
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    if (auto trouble = play({MoveKind::run, 0}, fault)) return trouble;
    for (std::size_t server = 0; server + 1 < truth_.servers(); ++server) {
      truth_.transfer(server);
      if (second_) second_->transfer(server);
    }
    turn_ = (turn_ + 1) % drivers_.size();
  }
  return std::nullopt;
}

// A new combination and a new key at once: the operator takes one step after the other, since no new chain
// comes with a combination that breaks it.
void Scene::step_aside(int round, const std::vector<model::Wish>& wanted) {
  constexpr int back = 24, forward = 48;
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    auto& wish = drivers_[i].wish;
    const auto& there = truth_.installed(drivers_.size() > 1 ? i : 0);
    if (round == back && !is_deployed()) wish.want(there);
    if (round == forward) wish = wanted[i];
  }
  // The first record would not match what is served: by then no cache holds any, and somebody deploys by
  // hand.
  const bool is_bare = !truth_.at_primary() || truth_.at_primary()->records.empty();
  if (round >= 2 && is_bare && drivers_.size() == 1) truth_.install(drivers_.front().wish.current());
}

bool Scene::is_wished(const std::vector<model::Wish>& wanted) const {
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    if (drivers_[i].wish.current() != wanted[i].current()) return false;
  }
  return true;
}

bool Scene::is_deployed() const {
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    if (truth_.installed(drivers_.size() > 1 ? i : 0) != drivers_[i].wish.current()) return false;
    const bool has_two = setting_->around.names == model::Names::alias;
    if (has_two && truth_.installed(1) != drivers_[i].second.current()) return false;
  }
  return true;
}

std::optional<std::string> Scene::unsettled() const {
  if (!is_deployed()) return "never deployed" + blockers();
  for (const bool is_second : {false, true}) {
    const auto* const truth = is_second ? (second_ ? &*second_ : nullptr) : &truth_;
    const bool is_kept = is_second ? setting_->around.names != model::Names::left_behind : !is_repointed_;
    if (truth == nullptr || !is_kept) continue;
    const auto& there = truth->at_primary();
    if (!there || there->records != wanted_at(is_second))
      return "in the end, other records than those that are wanted: " + model::text_of(there);
  }
  return std::nullopt;
}

TlsaRecords Scene::wanted_at(bool is_second) const {
  TlsaRecords all;
  for (const auto& driver : drivers_) {
    std::ranges::copy(driver.wish.records(), std::back_inserter(all));
    if (!is_second && setting_->around.names == model::Names::alias)
      std::ranges::copy(driver.second.records(), std::back_inserter(all));
  }
  std::ranges::sort(all);
  const auto duplicates = std::ranges::unique(all);
  all.erase(duplicates.begin(), duplicates.end());
  return all;
}

std::string Scene::blockers() const {
  std::string text;
  for (const auto& driver : drivers_) {
    for (const auto& readiness : driver.readiness) {
      for (const auto& blocker : readiness.blockers)
        text +=
            "; " + model::describe(blocker.record) + ": " + std::string(tlsa_update::text(blocker.reason));
    }
  }
  return text;
}

}  // namespace tlsa_update::proof
