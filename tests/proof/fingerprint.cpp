// When two states are the same: if the same may happen next.
#include "proof/scene.hpp"

namespace tlsa_update::proof {
namespace {

using model::Keys;

// A hash that takes one value after the other.
class Digest {
 public:
  void add(std::uint64_t value) {
    state_ += value + 0x9E3779B97F4A7C15;
    state_ = (state_ ^ (state_ >> 30)) * 0xBF58476D1CE4E5B9;
    state_ = (state_ ^ (state_ >> 27)) * 0x94D049BB133111EB;
    state_ ^= state_ >> 31;
  }
  void add(const std::optional<Time>& time, Time now) {
    add(time ? static_cast<std::uint64_t>((*time - now).count()) : ~std::uint64_t{0});
  }
  void add(const TlsaRecord& record) {
    add(static_cast<std::uint64_t>(record.parameters.usage) << 16 |
        static_cast<std::uint64_t>(record.parameters.selector) << 8 |
        static_cast<std::uint64_t>(record.parameters.matching_type));
    std::uint64_t word = record.data.size();
    for (const auto octet : record.data) word = word * 1099511628211U ^ octet;
    add(word);
  }
  void add(const std::optional<Rrset>& rrset) {
    add(rrset ? std::uint64_t{rrset->ttl} : ~std::uint64_t{0});
    if (!rrset) return;
    for (const auto& record : rrset->records) add(record);
  }
  void add(const Keys& keys) {
    for (const auto& key : keys)
      add(static_cast<std::uint64_t>(key.generation) * 4 + static_cast<std::uint64_t>(key.type));
    add(keys.size());
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

// The bindings name each member: a new one does not compile here until somebody has thought of it.
void add(Digest& digest, const LedgerEntry& entry, Time wall) {
  const auto& [record, owned, published_at, seen_everywhere_at, ttl_bound, retired_at, released_at,
               deployed_at, last_seen_live, deleted_at, unanswered_at, watched_since, wanters, key_type] =
      entry;
  digest.add(record);
  digest.add(std::uint64_t{ttl_bound} * 2 + (owned ? 1 : 0));
  for (const auto& stamp : {published_at, seen_everywhere_at, retired_at, released_at, deployed_at,
                            last_seen_live, deleted_at, unanswered_at, watched_since})
    digest.add(stamp, wall);
  for (const auto& by : wanters) digest.add(by.unwanted_since, wall);
  digest.add(wanters.size() + key_type.size());
}

void add(Digest& digest, const Ledger& ledger, Time wall, const model::ModelWorld::Memory& memory) {
  const auto& [owners, last_run] = ledger;
  for (const auto& [name, owner] : owners) {
    const auto& [records, ttls, ttl_limit, watched_since, last_look, out_of_reach, returned_at, ttl_move,
                 moved_at] = owner;
    for (const auto& entry : records) add(digest, entry, wall);
    for (const auto& served : ttls) {
      digest.add(served.ttl);
      digest.add(served.gone_at, wall);
    }
    digest.add(ttl_limit ? std::uint64_t{ttl_limit->asked} << 32 | ttl_limit->granted : 0);
    for (const auto& stamp : {watched_since, last_look, returned_at, moved_at}) digest.add(stamp, wall);
    for (const auto& outage : out_of_reach) {
      digest.add(outage.address.back());
      digest.add(outage.since, wall);
    }
    if (ttl_move) digest.add(std::uint64_t{ttl_move->to} * 8 + ttl_move->times * 2 + ttl_move->is_given_up);
  }
  digest.add(owners.size());
  if (!last_run) return digest.add(0);
  digest.add(last_run->wall, wall);
  digest.add(last_run->boot_id == std::to_string(memory.boots) ? 1 : 2);
  digest.add(last_run->is_confirmed ? 1 : 2);
  digest.add(last_run->machine == "machine " + std::to_string(memory.machine) ? 1 : 2);
}

// By content, and how long clients know it: which number it has does not matter.
void add(Digest& digest, const model::Truth& truth) {
  for (const auto at : truth.at()) digest.add(truth.versions()[at].rrset);
  for (const auto at : truth.before()) digest.add(truth.versions()[at].rrset);
  std::uint64_t cached = 0;
  for (const auto& version : truth.versions()) {
    if (!version.last_served) continue;
    Digest one;
    one.add(version.rrset);
    one.add(std::max(model::Truth::end_of(version), truth.now()), truth.now());
    cached += one.value();
  }
  digest.add(cached);
  for (std::size_t i = 0; i < truth.addresses(); ++i) {
    digest.add(truth.served(i));
    digest.add(truth.installed(i));
  }
}

void add(Digest& digest, const model::Wish& wish, const Setting& setting) {
  digest.add(static_cast<std::uint64_t>(wish.generation) << 8 | (wish.is_dual ? 1U : 0U) |
             (wish.has_next ? 2U : 0U) | (wish.unpublish ? 4U : 0U) |
             (wish.combinations == setting.combinations ? 8U : 0U) | (wish.is_misissued ? 16U : 0U) |
             (wish.keep.empty() ? 32U : 0U) | (wish.adopt_all ? 64U : 0U) |
             (wish.assume_deployed ? 128U : 0U));
  digest.add(wish.ttl.value_or(0));
}

void add(Digest& digest, const model::ModelWorld::Memory& memory) {
  digest.add(static_cast<std::uint64_t>(memory.wall_error.count()));
  for (const auto& record : memory.ours) digest.add(record);
  for (const auto& record : memory.theirs) digest.add(record);
  for (const auto& [service, replaced] : memory.due_reloads) {
    digest.add(std::hash<std::string>{}(service));
    for (const auto& certificate : replaced) digest.add(std::hash<std::string>{}(certificate));
  }
}

void add(Digest& digest, const RrsetPlan& change) {
  digest.add(change.observed);
  for (const auto& record : change.adds()) digest.add(record);
  for (const auto& record : change.removes()) digest.add(record);
}

}  // namespace

std::uint64_t Scene::fingerprint() const {
  Digest digest;
  add(digest, truth_);
  if (second_) add(digest, *second_);
  digest.add(turn_ * 2 + (is_repointed_ ? 1 : 0));
  for (const auto& driver : drivers_) {
    const auto& memory = driver.memory;
    const Time wall = truth_.now() + memory.wall_error;
    add(digest, driver.ledger, wall, memory);
    if (driver.backup) add(digest, *driver.backup, wall, memory);
    add(digest, driver.wish, *setting_);
    add(digest, driver.second, *setting_);
    add(digest, memory);
    // Uptime counts only as what has passed since the last run.
    const auto& last = driver.ledger.last_run;
    digest.add(static_cast<std::uint64_t>(last ? (truth_.now() - memory.booted - last->uptime).count() : 0));
  }
  digest.add(dead_ ? dead_->secondary * 4U + (dead_->is_noticed ? 2U : 1U) * (dead_->has_old_zone ? 5U : 1U)
                   : ~0U);
  if (late_) {
    add(digest, late_->change);
    digest.add(late_->until, truth_.now());
  }
  return digest.value();
}

}  // namespace tlsa_update::proof
