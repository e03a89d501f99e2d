#include "core/model/agent.hpp"

#include <algorithm>

namespace tlsa_update::model {
namespace {

Presented handshake(std::size_t address, KeyType type, const Keys& keys, bool is_dead) {
  Presented made;
  made.address = "192.0.2." + std::to_string(address + 1);
  made.key_type = type;
  const auto key = std::ranges::find(keys, type, &Key::type);
  if (is_dead) {
    made.outcome = ProbeOutcome::unreachable;
  } else if (key == keys.end()) {
    made.outcome = ProbeOutcome::not_offered;
  } else {
    made.outcome = ProbeOutcome::served;
    made.chain = credential_of(*key)->chain;
  }
  return made;
}

ServiceEvidence probe(const World& world, unsigned dead) {
  ServiceEvidence proof;
  proof.service = {Name::parse("mail.example.com").value(), 25, Protocol::tcp};
  proof.addresses_known = true;
  for (std::size_t i = 0; i < world.addresses(); ++i) {
    for (const auto type : {KeyType::rsa, KeyType::ecdsa}) {
      proof.presented.push_back(handshake(i, type, world.served(i), (dead >> i & 1) != 0));
    }
  }
  return proof;
}

ZoneView read(const World& world, unsigned dead) {
  ZoneView zone;
  zone.apex = Name::parse("example.com").value();
  zone.negative_ttl = negative_ttl;
  zone.is_signed = true;
  OwnerView view;
  view.asked = view.owner = owner();
  view.rrset = world.at_primary();
  zone.owners.push_back(view);
  for (std::size_t i = 0; i < world.servers(); ++i) {
    ServerView server;
    server.address = "192.0.2.5" + std::to_string(i);
    server.reachable = (dead >> i & 1) == 0;
    if (server.reachable) server.rrsets.push_back({owner(), world.at_server(i), true, std::nullopt});
    zone.servers.push_back(server);
  }
  return zone;
}

}  // namespace

Keys Wish::current() const {
  Keys keys{{generation, KeyType::rsa}};
  if (is_dual) keys.push_back({generation, KeyType::ecdsa});
  return keys;
}

Desired Wish::desired() const {
  std::vector<GivenCredential> given;
  for (const auto& key : current()) given.push_back({credential_of(key), Role::current});
  if (has_next) given.push_back({credential_of({generation + 1, KeyType::rsa}), Role::next});
  return desire(owner(), given, combinations, TaChoice::issuer).value();
}

TlsaRecords Wish::records() const {
  TlsaRecords all;
  for (const auto& want : desired().records) all.push_back(want.record);
  std::ranges::sort(all);
  const auto duplicates = std::ranges::unique(all);
  all.erase(duplicates.begin(), duplicates.end());
  return all;
}

void Agent::step(const Wish& wish, const Weather& weather) {
  switch (phase_) {
    case Phase::look:
      return look(wish, weather);
    case Phase::think:
      return think();
    case Phase::apply:
      return apply();
    case Phase::look_again:
      return look(wish_, weather);
    case Phase::decide:
      return decide();
    case Phase::deploy:
      return deploy();
    case Phase::confirm:
      return confirm();
  }
}

void Agent::crash() {
  phase_ = Phase::look;
  plan_ = {};
}

void Agent::reboot() {
  crash();
  booted_ = world_.now();
  ++boots_;
}

void Agent::look(const Wish& wish, const Weather& weather) {
  wish_ = wish;
  desired_ = {wish.desired()};
  policy_ = wish.policy;
  // Who adopts a record that is about to go live is wrong, not the planner.
  policy_.adopt_all = policy_.adopt_all && world_.is_taken_up();
  brain_.tune(policy_);
  seen_ = {{read(world_, weather.dead_servers)}, {probe(world_, weather.dead_addresses)}, {}};
  brain_.squint(seen_);
  note_ours();
  phase_ = phase_ == Phase::look ? Phase::think : Phase::decide;
}

// The truth about I4: what was found published while it was wanted, and what was adopted.
void Agent::note_ours() {
  const auto& rrset = seen_.zones[0].owners[0].rrset;
  if (!rrset) return;
  for (const auto& record : rrset->records) {
    const bool is_wanted =
        std::ranges::any_of(desired_[0].records, [&](const Wanted& want) { return want.record == record; });
    if (is_wanted || policy_.adopt_all) ours_.insert(record);
  }
}

// One transaction on the ledger: read, observe, plan, save.
void Agent::think() {
  observe_and_plan();
  ledger_ = intend(ledger_, plan_);
  phase_ = Phase::apply;
}

void Agent::observe_and_plan() {
  // An answer signed with TSIG would not be believed by a clock that is further off.
  const bool is_confirmed = std::chrono::abs(wall_error_) <= clock_tolerance;
  seen_.clock = {wall(), std::to_string(boots_), world_.now() - booted_, is_confirmed};
  brain_.tell_time(seen_.clock);
  ledger_ = observe(ledger_, desired_, seen_.zones, seen_.evidence, policy_, seen_.clock);
  brain_.recall(ledger_, seen_);
  plan_ = plan_rollover(desired_, seen_.zones, ledger_, seen_.evidence, policy_, seen_.clock.wall);
  brain_.spoil(plan_, seen_);
}

void Agent::apply() {
  phase_ = Phase::look_again;
  const auto& rrset = plan_.zones.at(0).rrsets.at(0);
  if (rrset.observed != seen_.zones[0].owners[0].rrset)
    breach_ = "I5: the prerequisite is not what was observed";
  if (!rrset.changes()) return;
  const auto before = world_.at_primary();
  if (!world_.apply(rrset)) {
    phase_ = Phase::look;  // somebody else was here: read again, plan again
    return;
  }
  for (const auto& step : rrset.steps) {
    if (step.action == Action::add) ours_.insert(step.record);
  }
  check_removals(rrset);
}

// I2 and I4, by the truth of the world.
void Agent::check_removals(const RrsetPlan& rrset) {
  if (policy_.unpublish) return;
  for (const auto& step : rrset.steps) {
    if (step.action != Action::remove) continue;
    if (!ours_.contains(step.record)) breach_ = "I4: deleted a foreign record " + step.record.text();
    const bool is_wanted_combination =
        std::ranges::find(wish_.combinations, step.record.parameters) != wish_.combinations.end();
    for (const auto& chain : world_.served_chains()) {
      if (!matches(step.record, chain)) continue;
      const auto& left = world_.at_primary();
      const auto stands_in = [&](const TlsaRecord& other) {
        const auto since = world_.everywhere_since(other);
        return matches(other, chain) && since;
      };
      const bool is_exception =
          !is_wanted_combination && left && std::ranges::any_of(left->records, stands_in);
      if (!is_exception) breach_ = "I2: deleted " + step.record.text() + ", which is served";
    }
  }
}

void Agent::decide() {
  observe_and_plan();
  phase_ = Phase::look;
  if (policy_.unpublish || !plan_.readiness.at(0).ready) return;
  ledger_ = release(ledger_, desired_, seen_.zones, {owner()}, wall());
  phase_ = Phase::deploy;
  if (!installs_) deploy();  // the word and the deed are one: `ready && install && reload`
}

void Agent::deploy() {
  world_.install(wish_.current());
  phase_ = Phase::confirm;
  if (!installs_) confirm();
}

void Agent::confirm() {
  ledger_ = deployed(ledger_, desired_, seen_.zones, {owner()}, wall());
  phase_ = Phase::look;
}

}  // namespace tlsa_update::model
