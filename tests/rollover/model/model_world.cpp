#include "rollover/model/model_world.hpp"

#include <algorithm>

namespace tlsa_update::model {
namespace {

// Of the versions that clients may know the one that serves these keys worst: nobody's cache is luckier than
// that of the resolver.
const Version* worst_for(const std::vector<const Version*>& known, const Keys& keys) {
  const auto misses = [&](const Version* version) {
    if (!version->rrset) return std::size_t{0};
    std::size_t missed = 0;
    for (const auto& record : version->rrset->records) {
      missed += static_cast<std::size_t>(std::ranges::count_if(keys, [&](const Key& key) {
        return std::ranges::none_of(version->rrset->records, [&](const TlsaRecord& other) {
          return other.parameters == record.parameters && is_accepted(other, credential_of(key)->chain);
        });
      }));
    }
    return missed;
  };
  return *std::ranges::max_element(known, {}, misses);
}

}  // namespace

Keys Wish::current() const {
  Keys keys{{generation, KeyType::rsa, !is_misissued}};
  if (is_dual) keys.push_back({generation, KeyType::ecdsa, !is_misissued});
  return keys;
}

void Wish::want(const Keys& keys) {
  generation = keys.front().generation;
  is_dual = keys.size() > 1;
}

Desired Wish::desired() const {
  std::vector<GivenCredential> given;
  for (const auto& key : current()) given.push_back({credential_of(key), Role::current});
  if (has_next) given.push_back({credential_of({generation + 1, KeyType::rsa}), Role::next});
  auto desired = desire(owner(), given, combinations, TaChoice::issuer).value();
  desired.ttl = ttl;
  desired.longest_ttl = longest_ttl;
  return desired;
}

TlsaRecords Wish::records() const {
  TlsaRecords all;
  for (const auto& want : desired().records) all.push_back(want.record);
  std::ranges::sort(all);
  const auto duplicates = std::ranges::unique(all);
  all.erase(duplicates.begin(), duplicates.end());
  return all;
}

ModelWorld::ModelWorld(Truth& truth, Fault fault, bool installs, Surroundings around)
    : truth_(truth), fault_(std::move(fault)), around_(around), installs_(installs) {}

// One connection: a client that can verify only this kind of key, or any.
Presented ModelWorld::shake_hands(std::size_t machine, std::optional<KeyType> kind) const {
  Presented made;
  made.address = "192.0.2." + std::to_string(around_.is_balanced ? 1 : machine + 1);
  made.key_type = kind.value_or(KeyType::other);
  const auto& keys = truth_.served(machine);
  const auto key = kind ? std::ranges::find(keys, *kind, &Key::type) : keys.begin();
  if ((weather_.dead_addresses >> machine & 1) != 0) {
    made.outcome = ProbeOutcome::unreachable;
  } else if (key == keys.end()) {
    made.outcome = ProbeOutcome::not_offered;
  } else {
    made.outcome = ProbeOutcome::served;
    made.chain = credential_of(*key)->chain;
  }
  return made;
}

ServiceEvidence ModelWorld::look_at_service(rollover::Reach reach) {
  const bool is_close = reach == rollover::Reach::everywhere;
  ServiceEvidence proof;
  proof.service = {Name::parse("mail.example.com").value(), 25, Protocol::tcp};
  proof.addresses_known = true;
  const bool is_own = around_.has_own_address && !(is_close && fault_.asks_dns_for_addresses);
  const auto addresses = is_own || around_.is_balanced ? 1 : truth_.addresses();
  const auto behind = [&](std::size_t address) {
    return around_.is_balanced ? turn_++ % truth_.addresses() : address;
  };
  for (std::size_t i = 0; i < addresses; ++i) {
    for (const auto type : {KeyType::rsa, KeyType::ecdsa})
      proof.presented.push_back(shake_hands(behind(i), type));
  }
  if (!is_close || !fault_.asks_again || !around_.is_balanced || proof.half_seen().empty()) return proof;
  const auto samples = 2 + turn_ % 4;
  for (std::size_t i = 0; i < samples; ++i) proof.presented.push_back(shake_hands(behind(0), std::nullopt));
  return proof;
}

ZoneView ModelWorld::read() const {
  ZoneView zone;
  zone.apex = Name::parse("example.com").value();
  zone.negative_ttl = negative_ttl;
  zone.is_signed = true;
  OwnerView view;
  view.asked = view.owner = owner();
  view.rrset = truth_.at_primary();
  view.resolved = resolved();
  // Its owner has agreed that records of the name's own hide it: no hazard.
  view.wildcard_answer = truth_.wildcard_at(0);
  if (view.rrset && truth_.wildcard())
    view.uncovered = Uncovered{Name::parse("*._tcp.mail.example.com").value(), truth_.wildcard()};
  zone.owners.push_back(view);
  const auto servers = around_.is_moved ? 1 : truth_.servers();
  for (std::size_t i = 0; i < servers; ++i) {
    ServerView server;
    server.address = "192.0.2.5" + std::to_string(i);
    server.reachable = (weather_.dead_servers >> i & 1) == 0;
    if (server.reachable) {
      server.rrsets.push_back({owner(), truth_.at_server(i), true, std::nullopt});
      server.rrsets.back().wildcard_answer = truth_.wildcard_at(i);
    }
    if (around_.is_forgotten && i + 1 == servers && i > 0) {
      server.is_named_by_primary = false;
      server.is_named_by_world = true;
    }
    zone.servers.push_back(server);
  }
  return zone;
}

// Some cache's answer; or none, where there is no other hint that the world has moved.
std::optional<ResolvedRrset> ModelWorld::resolved() const {
  const auto known = truth_.known_to_clients();
  if (around_.is_moved) return ResolvedRrset{"192.0.2.53@53", worst_for(known, wish_.current())->rrset};
  if (!weather_.cache) return std::nullopt;
  return ResolvedRrset{"192.0.2.53@53", known[*weather_.cache % known.size()]->rrset};
}

void ModelWorld::wish_for(const Wish& wish, const Weather& weather) {
  wish_ = wish;
  weather_ = weather;
  request_ = {};
  auto& service = request_.services.emplace_back();
  service.label = "mail";
  service.ttl = wish.ttl;
  service.reload = "reload";
  if (installs_) service.installs.push_back({"/from", "/to", {}, {}, {}});
  request_.margin = Seconds{0};
  request_.settle = Seconds{0};
  request_.grace = wish.grace;
  request_.forget_after = Seconds{1000};
  request_.unpublish = wish.unpublish;
  // Who adopts a record that is about to go live is wrong, not the planner.
  request_.assume_deployed = wish.assume_deployed;
  request_.adopt_all = wish.adopt_all && truth_.is_taken_up();
  if (wish.adopt_each && truth_.at_primary()) {
    for (const auto& record : truth_.at_primary()->records) request_.adopt.push_back({record, owner()});
  }
  fault_.tune(request_);
}

void ModelWorld::reboot() {
  memory_.booted = truth_.now();
  ++memory_.boots;
}

// It has been up for long, and its clock is its own.
void ModelWorld::move_to_another_machine(Seconds wall_error) {
  memory_.booted = testing::issued;
  ++memory_.boots;
  ++memory_.machine;
  memory_.wall_error = wall_error;
}

void ModelWorld::claim(const TlsaRecord& record) {
  memory_.ours.insert(record);
  memory_.theirs.insert(record);
}

Result<rollover::Wants> ModelWorld::wants(rollover::Others /*others*/) {
  before_each_call();
  rollover::Wants wants;
  auto& service = wants.services.emplace_back();
  service.settings = &request_.services.front();
  service.desired = wish_.desired();
  for (const auto& key : truth_.installed()) {
    const auto current = wish_.current();
    const bool is_given = std::ranges::find(current, key) != current.end();
    if (installs_ && !is_given) service.desired.installed.push_back(credential_of(key));
  }
  service.credentials = service.desired.credentials;
  service.owners.push_back({owner(), Service{Name::parse("mail.example.com").value(), 25, Protocol::tcp},
                            std::nullopt, service.settings});
  wants.desired = {service.desired};
  return wants;
}

rollover::Facts ModelWorld::look(const rollover::Wants& /*wants*/, rollover::Depth /*depth*/) {
  before_each_call();
  rollover::Facts facts;
  facts.zones = {read()};
  facts.evidence = {look_at_service(rollover::Reach::usual)};
  // An answer signed with TSIG would not be believed by a clock that is further off.
  facts.is_signed_by_primaries = std::chrono::abs(memory_.wall_error) <= clock_tolerance;
  fault_.squint(facts);
  seen_ = facts;
  note_ours();
  return facts;
}

std::vector<ServiceEvidence> ModelWorld::probe(const rollover::Wants& /*wants*/,
                                               const rollover::Facts& /*facts*/,
                                               const std::set<Name>& /*asked*/, rollover::Reach reach) {
  before_each_call();
  const Time began = truth_.now();
  rollover::Facts facts;
  facts.zones = {read()};
  facts.evidence = {look_at_service(reach)};
  fault_.squint(facts);
  // Meanwhile the machine may stand still: what was met first is old when the last is met.
  if (reach == rollover::Reach::everywhere) before_each_call();
  if (!fault_.times_its_looks) unnoticed_ += truth_.now() - began;
  return facts.evidence;
}

// The truth about I4: what was found published while it was wanted, and what was adopted.
void ModelWorld::note_ours() {
  const auto& rrset = seen_.zones[0].owners[0].rrset;
  if (!rrset) return;
  const auto desired = wish_.desired();
  for (const auto& record : rrset->records) {
    const bool is_wanted =
        std::ranges::any_of(desired.records, [&](const Wanted& want) { return want.record == record; });
    if (is_wanted || request_.adopt_all || wish_.adopt_each) memory_.ours.insert(record);
  }
}

rollover::Acted ModelWorld::apply(const Plan& plan, rollover::Facts& facts) {
  is_acting_ = true;
  before_each_call();
  is_acting_ = false;
  rollover::Acted acted;
  auto wrong = plan;
  fault_.spoil(wrong);
  const auto& rrset = wrong.zones.at(0).rrsets.at(0);
  if (rrset.observed != seen_.zones[0].owners[0].rrset)
    breach_ = "I5: the prerequisite is not what was observed";
  if (!rrset.changes()) return acted;
  if (!truth_.apply(rrset)) {
    acted.moved = {owner()};
    return acted;
  }
  acted.changed = true;
  facts.zones[0].owners[0].rrset = truth_.at_primary();
  for (const auto& step : rrset.steps) {
    if (step.action == Action::add) memory_.ours.insert(step.record);
  }
  check_removals(rrset);
  return acted;
}

// I2 and I4, by the truth of the world.
void ModelWorld::check_removals(const RrsetPlan& rrset) {
  if (wish_.unpublish) return;
  for (const auto& step : rrset.steps) {
    if (step.action != Action::remove) continue;
    if (memory_.theirs.contains(step.record)) breach_ = "deleted what others want: " + step.record.text();
    if (!memory_.ours.contains(step.record)) breach_ = "I4: deleted a foreign record " + step.record.text();
    const bool is_wanted_combination =
        std::ranges::find(wish_.combinations, step.record.parameters) != wish_.combinations.end();
    for (const auto& chain : truth_.served_chains()) {
      if (!matches(step.record, chain)) continue;
      const auto& left = truth_.at_primary();
      const auto stands_in = [&](const TlsaRecord& other) {
        return is_accepted(other, chain) && truth_.everywhere_since(other);
      };
      const bool is_exception =
          !is_wanted_combination && left && std::ranges::any_of(left->records, stands_in);
      if (!is_exception) breach_ = "I2: deleted " + step.record.text() + ", which is served";
    }
  }
}

// The files are those of the keys that were wanted when they were read.
class ModelInstallation final : public rollover::Installation {
 public:
  ModelInstallation(ModelWorld& world, Keys keys) : world_(world), keys_(std::move(keys)) {}

  [[nodiscard]] bool is_needed() const override {
    return !differing().empty() || world_.memory_.is_reload_due;
  }
  [[nodiscard]] std::vector<std::string> differing() const override {
    return world_.truth_.installed() == keys_ ? std::vector<std::string>{} : std::vector<std::string>{"/to"};
  }
  [[nodiscard]] Result<void> install() override {
    world_.before_each_call();
    if (differing().empty()) return {};
    world_.memory_.is_reload_due = true;
    before_ = world_.truth_.installed();
    for (const auto& key : before_)
      world_.memory_.replaced.insert(to_hex(credential_of(key)->chain.front().certificate.sha2_256));
    world_.truth_.install(keys_);
    return {};
  }
  [[nodiscard]] std::vector<Chain> replaced() const override { return {}; }  // of a host without other names
  [[nodiscard]] Result<void> put_back() override {
    world_.before_each_call();
    world_.truth_.install(before_);
    return {};
  }

 private:
  ModelWorld& world_;
  Keys keys_;
  Keys before_;
};

Result<std::unique_ptr<rollover::Installation>> ModelWorld::prepare(
    const std::vector<deployment::ServiceFiles>& /*services*/) {
  before_each_call();
  return std::make_unique<ModelInstallation>(*this, wish_.current());
}

Result<void> ModelWorld::reload(const std::string& /*command*/) {
  before_each_call();
  return {};
}

void ModelWorld::conclude_reload(const std::string& /*service*/) {
  before_each_call();
  memory_.is_reload_due = false;
  memory_.replaced.clear();
}

class ModelJudge final : public ChainJudge {
 public:
  [[nodiscard]] std::optional<std::string> refusal(const Chain& chain, const TlsaRecord& /*record*/,
                                                   const std::vector<Name>& /*names*/) const override {
    return is_fit(chain) ? std::nullopt : std::optional<std::string>("hostname mismatch");
  }
};

std::shared_ptr<const ChainJudge> ModelWorld::judge() {
  if (fault_.takes_digests_for_chains) return nullptr;
  return std::make_shared<const ModelJudge>();
}

ClockReading ModelWorld::clock() {
  ClockReading reading{wall(), std::to_string(memory_.boots), truth_.now() - memory_.booted, false,
                       "machine " + std::to_string(memory_.machine)};
  fault_.tell_time(reading);
  return reading;
}

bool ModelWorld::pause(Milliseconds /*least*/, Milliseconds /*most*/) {
  before_each_call();
  truth_.pass(Seconds{1});
  return true;
}

void ModelLedger::claim(const TlsaRecord& record) {
  auto& entry = ledger_.owners[owner()].at(record);
  entry.owned = true;
  entry.wanters = {{{"/etc/other.conf", "web"}}};
}

Result<Ledger> ModelLedger::change(const std::function<void(Ledger&)>& edit) {
  world_.before_each_call();
  auto changed = ledger_;
  world_.fault().recall(changed, world_.facts());
  edit(changed);
  world_.fault().recall(changed, world_.facts());
  ledger_ = std::move(changed);
  return ledger_;
}

}  // namespace tlsa_update::model
