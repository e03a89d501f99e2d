// What the operator and the ACME client want.
#include <algorithm>

#include "proof/scene.hpp"

namespace tlsa_update::proof {

void Scene::wish_differently(const Move& move) {
  auto& driver = drivers_[turn_];
  auto& wish = move.at == 0 ? driver.wish : driver.second;
  const int first = wish.generation / generations * generations;
  switch (move.kind) {
    case MoveKind::renew:
    case MoveKind::misissue:
      wish.generation = std::min(wish.generation + 1, first + generations - 1);
      wish.is_misissued = move.kind == MoveKind::misissue;
      break;
    case MoveKind::revert:
      wish.generation = std::max(wish.generation - 1, first);
      wish.is_misissued = false;
      break;
    case MoveKind::key_kinds:
      wish.is_dual = !wish.is_dual;
      break;
    case MoveKind::next_key:
      wish.has_next = !wish.has_next;
      break;
    case MoveKind::combinations:
    case MoveKind::ttl:
    case MoveKind::keep:
      wish_for_other_records(move.kind);
      break;
    default:
      wish_for_leave(move.kind);
      break;
  }
}

void Scene::wish_for_other_records(MoveKind kind) {
  auto& wish = drivers_[turn_].wish;
  if (kind == MoveKind::combinations) {
    wish.combinations =
        wish.combinations == setting_->combinations ? setting_->other_combinations : setting_->combinations;
  } else if (kind == MoveKind::ttl) {
    wish.ttl = wish.ttl == setting_->ttl ? setting_->other_ttl : setting_->ttl;
  } else if (wish.keep.empty()) {
    wish.keep = first_wish(*setting_).records();
  } else {
    wish.keep.clear();
  }
}

// For what the driver would not do of itself.
void Scene::wish_for_leave(MoveKind kind) {
  auto& wish = drivers_[turn_].wish;
  if (kind == MoveKind::unpublish) wish.unpublish = !wish.unpublish;
  if (kind == MoveKind::adopt) wish.adopt_all = !wish.adopt_all;
  if (kind == MoveKind::assume_deployed) wish.assume_deployed = !wish.assume_deployed;
}

}  // namespace tlsa_update::proof
