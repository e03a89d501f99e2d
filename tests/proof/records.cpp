// What others do to the RRset and to the name servers.
#include <algorithm>

#include "proof/scene.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/rollover/rollover.hpp"

namespace tlsa_update::proof {

void Scene::happen_to_records(const Move& move, const model::Fault& fault) {
  switch (move.kind) {
    case MoveKind::foreign_add:
      write_foreign();
      break;
    case MoveKind::foreign_remove:
      remove_foreign();
      break;
    case MoveKind::claim:
      claim_for_another();
      break;
    case MoveKind::flicker:
    case MoveKind::seen_flicker:
      flicker(fault, move.kind == MoveKind::seen_flicker);
      break;
    case MoveKind::late_repoint:
      if (!is_known_at_both()) break;
      [[fallthrough]];
    case MoveKind::repoint:
      if (!is_repointed_) truth_.retire();
      is_repointed_ = true;
      break;
    default:
      break;
  }
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

// By every cache, and nothing else.
bool Scene::is_known_at_both() const {
  const auto wanted = drivers_[turn_].wish.records();
  const auto knows = [&](const model::Truth& truth) {
    const auto known = truth.known_to_clients();
    return known.size() == 1 && known.front()->rrset &&
           std::ranges::includes(known.front()->rrset->records, wanted);
  };
  return knows(truth_) && knows(*second_);
}

// With a signature that is good still.
void Scene::arrive_late() {
  if (!late_ || truth_.now() > late_->until) return;
  if (truth_.apply(late_->change)) {
    for (const auto& step : late_->change.steps) {
      if (step.action == Action::add) drivers_[turn_].memory.ours.insert(step.record);
    }
  }
  late_.reset();
}

// Of what is wanted and not served yet: nobody misses it, until it is deployed.
void Scene::flicker(const model::Fault& fault, bool is_seen) {
  const auto before = truth_.at_primary();
  remove_foreign();
  const bool is_flickering = truth_.at_primary() != before;
  const auto follow = [&] {
    for (std::size_t i = 0; i + 1 < truth_.servers(); ++i) truth_.transfer(i);
  };
  follow();
  pass(Seconds{1});
  if (is_seen) look_at_readiness(fault);
  if (is_flickering) truth_.write(before);
  follow();
}

void Scene::look_at_readiness(const model::Fault& fault) {
  auto& driver = drivers_[turn_];
  model::ModelWorld world(truth_, fault, setting_->installs, around(), second());
  model::ModelLedger ledger(world);
  test::NotedEvents events;
  ledger.restore(std::move(driver.ledger));
  world.remember(std::move(driver.memory));
  world.wish_for(driver.wish, {});
  world.wish_for_second(driver.second);
  static_cast<void>(rollover::ready(world, ledger, world.request(), events));
  driver.ledger = ledger.peek();
  driver.memory = world.memory();
}

// The certificate before, while its records are there still.
void Scene::put_back() {
  pass(hour);
  const auto& wish = drivers_[turn_].wish;
  const auto old = model::Keys{{std::max(wish.generation - 1, 0), KeyType::rsa}};
  const auto& there = truth_.at_primary();
  const auto& chain = model::credential_of(old.front())->chain;
  const bool is_safe = there && std::ranges::any_of(there->records, [&](const TlsaRecord& record) {
                         return matches(record, chain) && truth_.everywhere_since(record);
                       });
  if (!is_safe || setting_->is_dual) return;
  truth_.install(old);
  take_up_everywhere();
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
  auto& driver = drivers_[turn_];
  if (!driver.memory.theirs.insert(record).second) return;
  driver.memory.ours.insert(record);
  auto& entry = driver.ledger.owners[model::owner()].at(record);
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
  for (std::size_t i = 0; i < truth_.addresses(); ++i) {
    for (const auto& key : truth_.installed(i)) chains.push_back(model::credential_of(key)->chain);
  }
  const auto is_needed = [&](const TlsaRecord& record) {
    return std::ranges::any_of(chains, [&](const Chain& chain) { return matches(record, chain); });
  };
  const auto victim = std::ranges::find_if_not(rrset->records, is_needed);
  if (victim == rrset->records.end()) return;
  rrset->records.erase(victim);
  truth_.write(rrset->records.empty() ? std::nullopt : std::optional(*rrset));
}

}  // namespace tlsa_update::proof
