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

Service live_service(const Name& asked) {
  static const Service mail{Name::parse("mail.example.com").value(), 25, Protocol::tcp};
  static const Service web{Name::parse("web.example.com").value(), 25, Protocol::tcp};
  return asked == owner() ? mail : web;
}

// Are these the current ones that were given?
bool are_of(const std::vector<GivenCredential>& given, const Keys& keys) {
  std::set<const Credential*> wanted, there;
  for (const auto& one : given) {
    if (one.role == Role::current) wanted.insert(one.credential.get());
  }
  for (const auto& key : keys) there.insert(credential_of(key).get());
  return wanted == there;
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

Desired Wish::desired(const Name& asked) const {
  std::vector<GivenCredential> given;
  for (const auto& key : current()) given.push_back({credential_of(key), Role::current});
  if (has_next) given.push_back({credential_of({generation + 1, KeyType::rsa}), Role::next});
  auto desired = desire(asked, given, combinations, TaChoice::issuer).value();
  desired.ttl = ttl;
  desired.longest_ttl = longest_ttl;
  desired.keep = keep;
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

ModelWorld::ModelWorld(Truth& truth, Fault fault, bool installs, Surroundings around, Truth* second)
    : truth_(truth), second_(second), fault_(std::move(fault)), around_(around), installs_(installs) {}

std::vector<ModelWorld::Kept> ModelWorld::keep() const {
  Kept mail{"mail", owner(), owner(), &truth_, 0, std::nullopt};
  Kept web{"web", second_name(), second_name(), second_, 1, std::nullopt};
  switch (around_.names) {
    case Names::alias:
      mail.address = 0;
      web.owner = owner();
      web.truth = &truth_;
      web.address = 1;
      return {mail, web};
    case Names::repointed:
      mail.owner = second_name();
      mail.truth = second_;
      [[fallthrough]];
    case Names::shared_files:
      return {mail, web};
    default:
      mail.address = around_.machine;
      return {mail};
  }
}

const Wish& ModelWorld::wish_of(const Kept& kept) const {
  return around_.names == Names::alias && kept.settings == 1 ? second_wish_ : wish_;
}

const ModelWorld::Kept& ModelWorld::at(const Name& owner) const {
  return *std::ranges::find(kept_, owner, &Kept::owner);
}

// One connection: a client that can verify only this kind of key, or any.
Presented ModelWorld::shake_hands(const Truth& truth, std::size_t machine,
                                  std::optional<KeyType> kind) const {
  Presented made;
  made.address = "192.0.2." + std::to_string(around_.is_balanced ? 1 : machine + 1);
  made.key_type = kind.value_or(KeyType::other);
  const auto& keys = truth.served(machine);
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

std::vector<ServiceEvidence> ModelWorld::look_at_services(rollover::Reach reach) {
  std::vector<ServiceEvidence> all;
  for (const auto& kept : kept_) all.push_back(look_at_service(kept, reach));
  return all;
}

ServiceEvidence ModelWorld::look_at_service(const Kept& kept, rollover::Reach reach) {
  const bool is_close = reach == rollover::Reach::everywhere;
  ServiceEvidence proof;
  proof.service = live_service(kept.asked);
  proof.addresses_known = true;
  const bool is_own = around_.has_own_address && !(is_close && fault_.asks_dns_for_addresses);
  const bool is_alone = is_own || around_.is_balanced;
  const std::size_t addresses = is_alone ? 1 : kept.truth->addresses() - (around_.is_hidden ? 1 : 0);
  const auto behind = [&](std::size_t address) {
    if (!around_.is_balanced) return address;
    return (around_.is_sticky ? turn_ : turn_++) % kept.truth->addresses();
  };
  const bool is_at_one = around_.names == Names::alias;
  for (std::size_t i = 0; i < addresses; ++i) {
    if (is_at_one && kept.address != i) continue;
    for (const auto type : {KeyType::rsa, KeyType::ecdsa}) {
      if (type == KeyType::rsa || !around_.is_half_asked)
        proof.presented.push_back(shake_hands(*kept.truth, behind(i), type));
    }
  }
  const bool is_sampled = is_close && fault_.asks_again && around_.is_balanced && !proof.half_seen().empty();
  const auto samples = is_sampled ? 2 + turn_ % 4 : 0;
  for (std::size_t i = 0; i < samples; ++i)
    proof.presented.push_back(shake_hands(*kept.truth, behind(0), std::nullopt));
  if (around_.is_sticky) ++turn_;
  return proof;
}

ZoneView ModelWorld::read() const {
  ZoneView zone;
  zone.apex = Name::parse("example.com").value();
  zone.negative_ttl = negative_ttl;
  zone.is_signed = true;
  for (const auto& kept : kept_) zone.owners.push_back(read(kept));
  const auto servers = around_.is_moved ? 1 : truth_.servers() - (around_.is_retired ? 1 : 0);
  for (std::size_t i = 0; i < servers; ++i) zone.servers.push_back(read_server(i, servers));
  return zone;
}

OwnerView ModelWorld::read(const Kept& kept) const {
  OwnerView view;
  view.asked = kept.asked;
  view.owner = kept.owner;
  view.rrset = kept.truth->at_primary();
  view.resolved = resolved(kept);
  // Its owner has agreed that records of the name's own hide it: no hazard.
  view.wildcard_answer = kept.truth->wildcard_at(0);
  if (view.rrset && kept.truth->wildcard())
    view.uncovered = Uncovered{Name::parse("*._tcp.mail.example.com").value(), kept.truth->wildcard()};
  return view;
}

ServerView ModelWorld::read_server(std::size_t number, std::size_t count) const {
  ServerView server;
  server.address = "192.0.2.5" + std::to_string(number);
  server.reachable = (weather_.dead_servers >> number & 1) == 0;
  const bool is_signed = (weather_.unsigned_servers >> number & 1) == 0;
  std::set<Name> read;
  for (const auto& kept : kept_) {
    if (!server.reachable || !read.insert(kept.owner).second) continue;
    server.rrsets.push_back({kept.owner, kept.truth->at_server(number), is_signed,
                             is_signed ? std::nullopt : std::optional(false)});
    server.rrsets.back().wildcard_answer = kept.truth->wildcard_at(number);
  }
  if (around_.is_forgotten && number + 1 == count && number > 0) {
    server.is_named_by_primary = false;
    server.is_named_by_world = true;
  }
  return server;
}

// Some cache's answer; or none, where there is no other hint that the world has moved.
std::optional<ResolvedRrset> ModelWorld::resolved(const Kept& kept) const {
  const auto known = kept.truth->known_to_clients();
  if (around_.is_moved) return ResolvedRrset{"192.0.2.53@53", worst_for(known, wish_.current())->rrset};
  if (!weather_.cache) return std::nullopt;
  return ResolvedRrset{"192.0.2.53@53", known[*weather_.cache % known.size()]->rrset};
}

void ModelWorld::wish_for(const Wish& wish, const Weather& weather) {
  wish_ = wish;
  weather_ = weather;
  request_ = {};
  kept_ = keep();
  for (const auto& kept : kept_) {
    auto& service = request_.services.emplace_back();
    service.label = kept.label;
    service.ttl = wish.ttl;
    service.reload = "reload";
    const bool has_own_files = around_.names == Names::alias && kept.settings == 1;
    if (installs_) service.installs.push_back({"/from", has_own_files ? "/web" : "/to", {}, {}, {}});
  }
  request_.wait_factor = wish.wait_factor;
  request_.margin = wish.margin;
  request_.settle = Seconds{0};
  request_.grace = wish.grace;
  request_.forget_after = Seconds{1000};
  request_.unpublish = wish.unpublish;
  // Who adopts a record that is about to go live is wrong, not the planner.
  request_.assume_deployed = wish.assume_deployed && truth_.is_taken_up();
  request_.adopt_all = wish.adopt_all && truth_.is_taken_up();
  for (const auto& kept : kept_) {
    const auto& there = kept.truth->at_primary();
    if (!wish.adopt_each || !there) continue;
    for (const auto& record : there->records) {
      if (std::ranges::find(wish.of_others, record) == wish.of_others.end())
        request_.adopt.push_back({record, kept.owner});
    }
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
  for (const auto& kept : kept_) {
    auto& service = wants.services.emplace_back();
    service.settings = &request_.services[kept.settings];
    service.desired = wish_of(kept).desired(kept.asked);
    const auto current = wish_of(kept).current();
    for (const auto& key : kept.truth->installed(kept.address.value_or(0))) {
      const bool is_given = std::ranges::find(current, key) != current.end();
      if (installs_ && !is_given) service.desired.installed.push_back(credential_of(key));
    }
    service.credentials = service.desired.credentials;
    service.owners.push_back({kept.asked, live_service(kept.asked), std::nullopt, service.settings});
    wants.desired.push_back(service.desired);
  }
  return wants;
}

rollover::Facts ModelWorld::look(const rollover::Wants& /*wants*/, rollover::Depth /*depth*/) {
  before_each_call();
  rollover::Facts facts;
  facts.zones = {read()};
  facts.evidence = look_at_services(rollover::Reach::usual);
  // An answer signed with TSIG would not be believed by a clock that is further off.
  facts.is_signed_by_primaries = std::chrono::abs(memory_.wall_error) <= clock_tolerance;
  fault_.squint(facts);
  seen_ = facts;
  note_ours();
  return facts;
}

std::vector<ServiceEvidence> ModelWorld::probe(const rollover::Wants& /*wants*/,
                                               const rollover::Facts& /*facts*/, const std::set<Name>& asked,
                                               rollover::Reach reach) {
  before_each_call();
  const Time began = truth_.now();
  rollover::Facts facts;
  facts.zones = {read()};
  facts.evidence = look_at_services(reach);
  fault_.squint(facts);
  std::erase_if(facts.evidence, [&](const ServiceEvidence& evidence) {
    const auto owner = evidence.service.owner();
    return owner && !asked.contains(*owner);
  });
  // Meanwhile the machine may stand still: what was met first is old when the last is met.
  if (reach == rollover::Reach::everywhere) before_each_call();
  if (!fault_.times_its_looks) unnoticed_ += truth_.now() - began;
  return facts.evidence;
}

// The truth about I4: what was found published while it was wanted, and what was adopted.
void ModelWorld::note_ours() {
  for (const auto& view : seen_.zones[0].owners) {
    if (!view.rrset) continue;
    TlsaRecords wanted;
    for (const auto& kept : kept_) {
      if (kept.owner == view.owner) std::ranges::copy(wish_of(kept).records(), std::back_inserter(wanted));
    }
    for (const auto& record : view.rrset->records) {
      const bool is_wanted = std::ranges::find(wanted, record) != wanted.end();
      const bool is_others = std::ranges::find(wish_.of_others, record) != wish_.of_others.end();
      if (is_wanted || wish_.adopt_all || (wish_.adopt_each && !is_others)) memory_.ours.insert(record);
    }
  }
}

rollover::Acted ModelWorld::apply(const Plan& plan, rollover::Facts& facts) {
  is_acting_ = true;
  before_each_call();
  is_acting_ = false;
  rollover::Acted acted;
  auto wrong = plan;
  fault_.spoil(wrong);
  for (const auto& rrset : wrong.zones.at(0).rrsets) apply(rrset, facts, acted);
  return acted;
}

void ModelWorld::apply(const RrsetPlan& rrset, rollover::Facts& facts, rollover::Acted& acted) {
  auto& truth = *at(rrset.owner).truth;
  for (const auto& view : seen_.zones[0].owners) {
    if (view.owner == rrset.owner && view.rrset != rrset.observed)
      breach_ = "I5: the prerequisite is not what was observed";
  }
  if (!rrset.changes()) return;
  if (weather_.delivery == Delivery::late) late_ = rrset;
  const bool arrives = weather_.delivery <= Delivery::unanswered;
  if (arrives && !truth.apply(rrset)) {
    acted.moved.push_back(rrset.owner);
    return;
  }
  if (weather_.delivery != Delivery::applied) acted.unanswered.insert(rrset.owner);
  if (weather_.delivery != Delivery::applied)
    acted.troubles.push_back({ErrorCode::no_answer, "no answer", rrset.owner.text(), {}});
  if (!arrives) return;
  note_added(rrset);
  check_removals(rrset, truth);
  if (weather_.delivery != Delivery::applied) return;
  acted.changed = true;
  for (auto& view : facts.zones[0].owners) {
    if (view.owner == rrset.owner) view.rrset = truth.at_primary();
  }
}

void ModelWorld::note_added(const RrsetPlan& rrset) {
  for (const auto& step : rrset.steps) {
    if (step.action == Action::add) memory_.ours.insert(step.record);
  }
}

// I2 and I4, by the truth of the world.
void ModelWorld::check_removals(const RrsetPlan& rrset, const Truth& truth) {
  if (wish_.unpublish) return;
  for (const auto& step : rrset.steps) {
    if (step.action != Action::remove) continue;
    if (std::ranges::find(wish_.keep, step.record) != wish_.keep.end())
      breach_ = "deleted what --keep protects: " + step.record.text();
    if (memory_.theirs.contains(step.record)) breach_ = "deleted what others want: " + step.record.text();
    if (!memory_.ours.contains(step.record)) breach_ = "I4: deleted a foreign record " + step.record.text();
    const bool is_wanted_combination =
        std::ranges::find(wish_.combinations, step.record.parameters) != wish_.combinations.end();
    for (const auto& chain : truth.served_chains()) {
      if (!matches(step.record, chain)) continue;
      const auto& left = truth.at_primary();
      const auto stands_in = [&](const TlsaRecord& other) {
        return is_accepted(other, chain) && truth.everywhere_since(other);
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
  ModelInstallation(ModelWorld& world, std::vector<std::string> services, std::optional<std::size_t> address,
                    Keys keys)
      : world_(world), services_(std::move(services)), address_(address), keys_(std::move(keys)) {}

  [[nodiscard]] bool is_needed() const override {
    return !differing().empty() || std::ranges::any_of(services_, [&](const std::string& service) {
      return world_.is_reload_due(service);
    });
  }
  [[nodiscard]] std::vector<std::string> differing() const override {
    return there() == keys_ ? std::vector<std::string>{} : std::vector<std::string>{"/to"};
  }
  [[nodiscard]] Result<void> install() override {
    world_.before_each_call();
    if (differing().empty()) return {};
    if (world_.weather_.unsigned_servers != 0)
      world_.breach_ = "I8: deployed although a server has no valid signature";
    before_ = there();
    for (const auto& service : services_) {
      auto& replaced = world_.memory_.due_reloads[service];
      for (const auto& key : before_)
        replaced.insert(to_hex(credential_of(key)->chain.front().certificate.sha2_256));
    }
    put(keys_);
    return {};
  }
  [[nodiscard]] std::vector<Chain> replaced() const override { return {}; }  // of a host without other names
  [[nodiscard]] Result<void> put_back() override {
    world_.before_each_call();
    put(before_);
    return {};
  }

 private:
  [[nodiscard]] const Keys& there() const { return world_.truth_.installed(address_.value_or(0)); }

  // Whoever reads the same files at the second name has them as well.
  void put(const Keys& keys) {
    if (address_) return world_.truth_.install_at(*address_, keys);
    world_.truth_.install(keys);
    if (world_.second_ != nullptr) world_.second_->install(keys);
  }

  ModelWorld& world_;
  std::vector<std::string> services_;
  std::optional<std::size_t> address_;
  Keys keys_;
  Keys before_;
};

Result<std::unique_ptr<rollover::Installation>> ModelWorld::prepare(
    const std::vector<deployment::ServiceFiles>& services) {
  before_each_call();
  std::vector<std::string> labels;
  for (const auto& service : services) labels.push_back(service.service);
  const auto& kept = *std::ranges::find(kept_, labels.front(), &Kept::label);
  const auto keys = wish_of(kept).current();
  if (fault_.compares_files && !are_of(services.front().credentials, keys))
    return fail(ErrorCode::unsafe, "the files are those of another certificate than was planned for",
                "/from");
  return std::make_unique<ModelInstallation>(*this, std::move(labels), kept.address, keys);
}

Result<void> ModelWorld::reload(const std::string& /*command*/) {
  before_each_call();
  if (weather_.is_reload_broken) return fail(ErrorCode::unsafe, "the reload failed", "reload");
  return {};
}

void ModelWorld::conclude_reload(const std::string& service) {
  before_each_call();
  memory_.due_reloads.erase(service);
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
  if (second_ != nullptr) second_->pass(Seconds{1});
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
