// A small world for tests of the driver: names in zones of several primaries, services that take up their
// files when they are reloaded, and a ledger in memory. What goes wrong, and when, a test says beforehand;
// what was done it reads afterwards. Every look costs a second.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/planner_scene.hpp"
#include "tlsa_update/core/ledger_store.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::test {

// One TLSA owner, the service behind it, and the zone that it is in.
struct Site {
  Name owner;
  Service service;
  Name zone;
  std::optional<Rrset> rrset;
  std::string served;  // the letter of the chain that is presented; empty: nobody answers
};

class ScriptedWorld final : public rollover::World {
 public:
  ScriptedWorld() {
    request.services.reserve(8);  // its settings are pointed to
    request.others.reserve(8);
    request.margin = Seconds{0};
    request.grace = Seconds{0};
    request.settle = Seconds{0};
  }

  // A service of these hosts at port 25, each in a zone of its own name, which all serve the chain `letter`
  // and have its record. With a target it is installed by us, else by somebody else.
  rollover::ServiceSettings& serve(const std::string& label, const std::vector<std::string>& hosts,
                                   const std::string& letter, const std::string& target = {}) {
    auto& settings = request.services.emplace_back();
    settings.label = label;
    settings.reload = "reload " + label;
    if (!target.empty()) settings.installs.push_back({"/renewed", target, {}, {}, {}});
    files[target] = letter;
    credentials[label] = letter;
    for (const auto& host : hosts) {
      const Service service{testing::name(host), 25, Protocol::tcp};
      sites[service.owner().value()] = {service.owner().value(), service, service.host.parent(),
                                        Rrset{60, {testing::record("3 1 1", letter)}}, letter};
      names_[label].push_back(service.owner().value());
    }
    return settings;
  }

  [[nodiscard]] Site& site(const std::string& host) {
    return sites.at(Service{testing::name(host), 25, Protocol::tcp}.owner().value());
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    return static_cast<std::size_t>(std::ranges::count(calls, call));
  }

  // What the test is about.
  rollover::Request request;
  std::map<Name, Site> sites;
  std::map<std::string, std::string> credentials;  // by the service's label: the letter on disk
  std::map<std::string, std::string> files;        // by target: the letter that lies there
  std::set<std::string> due;                       // services whose reload is due
  std::set<std::string> replaced;                  // certificates, since the last reload that took
  std::map<Name, Rrset> other_records;             // at names that nobody configured
  Time time = testing::noon;
  Seconds tick{0};  // that passes at each reading of the clock
  std::function<void(ScriptedWorld&)>
      meanwhile;  // once, at the next reading: between a look and what follows
  std::function<void(ScriptedWorld&)> while_looking;  // once, when a close look has met the services

  // What goes wrong.
  int races = 0;                        // lost before an UPDATE takes
  bool signal_comes = false;            // while the driver pauses
  bool signal_before_update = false;    // some changes are then not sent
  std::map<Name, Error> refused_zones;  // by apex: the UPDATE is refused
  std::map<Name, Error> silent_zones;   // by apex: the primary cannot be read
  std::optional<Error> broken_files;    // of the deployment
  std::optional<Error> failing_reload;
  std::optional<Error> unfinished;      // what ending a begun installation comes to
  bool is_deaf = false;                 // services read nothing again
  bool ends_when_reload_fails = false;  // the service
  std::string unfit;                    // the letter of a chain with which no service starts
  std::function<void()> at_pause = [] {};

  std::vector<std::string> calls;  // "look", "apply", "install /etc/mail.pem", "reload mail", "pause"

  [[nodiscard]] Result<rollover::Wants> wants(rollover::Others /*others*/) override {
    rollover::Wants wants;
    for (const auto& settings : request.services) {
      auto& service = wants.services.emplace_back();
      service.settings = &settings;
      service.credentials = {{testing::given(credentials.at(settings.label)), Role::current}};
      service.desired =
          desire({}, service.credentials, {testing::parameters("3 1 1")}, TaChoice::issuer).value();
      for (const auto& owner : names_.at(settings.label)) {
        service.owners.push_back({owner, sites.at(owner).service, std::nullopt, &settings});
        auto desired = service.desired;
        desired.asked = owner;
        desired.longest_ttl = 60;
        wants.desired.push_back(std::move(desired));
      }
    }
    std::ranges::sort(wants.desired, {}, &Desired::asked);
    return wants;
  }
  [[nodiscard]] Result<void> check_keys(const rollover::Wants& /*wants*/) override { return {}; }

  [[nodiscard]] rollover::Facts look(const rollover::Wants& wants, rollover::Depth depth) override {
    calls.emplace_back("look");
    time += Seconds{1};
    rollover::Facts facts;
    facts.is_signed_by_primaries = true;
    std::set<Name> asked;
    for (const auto& desired : wants.desired) {
      const auto& site = sites.at(desired.asked);
      asked.insert(site.owner);
      if (const auto silent = silent_zones.find(site.zone); silent != silent_zones.end()) {
        facts.troubles.push_back(silent->second);
      } else {
        add_to(view_of(facts, site.zone), site);
      }
    }
    if (depth == rollover::Depth::live) facts.evidence = probe(wants, facts, asked, rollover::Reach::usual);
    return facts;
  }

  [[nodiscard]] std::vector<ServiceEvidence> probe(const rollover::Wants& /*wants*/,
                                                   const rollover::Facts& /*facts*/,
                                                   const std::set<Name>& asked,
                                                   rollover::Reach reach) override {
    std::vector<ServiceEvidence> all;
    for (const auto& owner : asked) {
      const auto& site = sites.at(owner);
      ServiceEvidence evidence;
      evidence.service = site.service;
      evidence.addresses_known = true;
      evidence.has_records = site.rrset.has_value();
      for (const auto type : {KeyType::rsa, KeyType::ecdsa}) {
        Presented one;
        one.address = "192.0.2.25";
        one.key_type = type;
        if (!site.served.empty()) one.outcome = ProbeOutcome::not_offered;
        if (!site.served.empty() && type == KeyType::rsa) {
          one.outcome = ProbeOutcome::served;
          one.chain = testing::given(site.served)->chain;
        }
        evidence.presented.push_back(std::move(one));
      }
      all.push_back(std::move(evidence));
    }
    if (reach != rollover::Reach::everywhere) return all;
    if (const auto happens = std::exchange(while_looking, nullptr)) happens(*this);
    return all;
  }

  [[nodiscard]] rollover::Acted apply(const Plan& plan, rollover::Facts& facts) override {
    rollover::Acted acted;
    if (!plan.changes()) return acted;
    calls.emplace_back("apply");
    for (const auto& zone : plan.zones) {
      for (const auto& change : zone.rrsets) {
        if (change.changes()) apply(zone.zone, change, acted);
      }
    }
    for (auto& zone : facts.zones) {
      for (auto& owner : zone.owners) owner.rrset = sites.at(owner.asked).rrset;
    }
    return acted;
  }

  class Files final : public rollover::Installation {
   public:
    Files(ScriptedWorld& world, std::map<std::string, std::string> wanted, std::set<std::string> services)
        : world_(world), wanted_(std::move(wanted)), services_(std::move(services)) {}
    [[nodiscard]] bool is_needed() const override {
      return !differing().empty() || std::ranges::any_of(services_, [&](const std::string& service) {
        return world_.due.contains(service);
      });
    }
    [[nodiscard]] std::vector<std::string> differing() const override {
      std::vector<std::string> targets;
      for (const auto& [target, letter] : wanted_) {
        if (world_.files[target] != letter) targets.push_back(target);
      }
      return targets;
    }
    [[nodiscard]] std::vector<Chain> replaced() const override {
      std::vector<Chain> chains;
      for (const auto& target : differing()) {
        if (!world_.files[target].empty()) chains.push_back(testing::given(world_.files[target])->chain);
      }
      return chains;
    }
    [[nodiscard]] Result<void> install() override {
      const auto targets = differing();
      for (const auto& chain : replaced()) world_.replaced.insert(to_hex(chain.front().certificate.sha2_256));
      before_ = world_.files;
      for (const auto& target : targets) world_.calls.push_back("install " + target);
      if (!targets.empty()) world_.due.insert(services_.begin(), services_.end());
      for (const auto& [target, letter] : wanted_) world_.files[target] = letter;
      return {};
    }
    [[nodiscard]] Result<void> put_back() override {
      world_.calls.emplace_back("put back");
      world_.files = before_;
      return {};
    }

   private:
    ScriptedWorld& world_;
    std::map<std::string, std::string> wanted_;
    std::set<std::string> services_;
    std::map<std::string, std::string> before_;
  };

  [[nodiscard]] Result<std::unique_ptr<rollover::Installation>> prepare(
      const std::vector<deployment::ServiceFiles>& services) override {
    if (broken_files) return tl::unexpected(*broken_files);
    std::map<std::string, std::string> wanted;
    std::set<std::string> labels;
    for (const auto& service : services) {
      labels.insert(service.service);
      for (const auto& install : service.installs) wanted[install.to] = credentials.at(service.service);
    }
    return std::make_unique<Files>(*this, std::move(wanted), std::move(labels));
  }
  [[nodiscard]] bool has_unfinished_installation() override { return unfinished.has_value(); }
  [[nodiscard]] Result<void> finish_installation() override {
    calls.emplace_back("finish");
    return tl::unexpected(*unfinished);
  }
  [[nodiscard]] Result<void> reload(const std::string& command) override {
    calls.push_back(command);
    if (failing_reload) {
      for (auto& [owner, site] : sites) {
        if (ends_when_reload_fails) site.served.clear();
      }
      return tl::unexpected(*failing_reload);
    }
    for (const auto& settings : request.services) {
      if (is_deaf || settings.reload != command) continue;
      const auto letter = files.at(settings.installs.front().to);
      for (const auto& owner : names_.at(settings.label))
        sites.at(owner).served = letter == unfit ? std::string{} : letter;
    }
    return {};
  }
  [[nodiscard]] bool is_reload_due(const std::string& service) override { return due.contains(service); }
  void conclude_reload(const std::string& service) override {
    due.erase(service);
    replaced.clear();
  }
  [[nodiscard]] std::shared_ptr<const ChainJudge> judge() override { return nullptr; }

  [[nodiscard]] std::set<std::string> replaced_certificates(const std::string& /*service*/) override {
    return replaced;
  }
  [[nodiscard]] std::vector<std::pair<Name, Rrset>> records_of(const rollover::Facts& /*facts*/,
                                                               const std::set<Name>& hosts) override {
    std::vector<std::pair<Name, Rrset>> found;
    for (const auto& [owner, rrset] : other_records) {
      if (hosts.contains(owner.parent().parent())) found.emplace_back(owner, rrset);
    }
    return found;
  }

  [[nodiscard]] Time now() override { return time; }
  [[nodiscard]] ClockReading clock() override {
    time += tick;
    if (const auto happens = std::exchange(meanwhile, nullptr)) happens(*this);
    return {time, "boot", time - testing::issued, false};
  }
  [[nodiscard]] Milliseconds stopwatch() override { return time.time_since_epoch(); }
  bool pause(Milliseconds /*least*/, Milliseconds /*most*/) override {
    calls.emplace_back("pause");
    at_pause();
    return !signal_comes;
  }

 private:
  static ZoneView& view_of(rollover::Facts& facts, const Name& apex) {
    for (auto& zone : facts.zones) {
      if (zone.apex == apex) return zone;
    }
    auto& zone = facts.zones.emplace_back();
    zone.apex = apex;
    zone.server = "primary of " + apex.text();
    zone.negative_ttl = 60;
    zone.is_signed = true;
    zone.servers.emplace_back().address = "192.0.2.53@53";
    zone.servers.back().reachable = true;
    return zone;
  }

  static void add_to(ZoneView& zone, const Site& site) {
    OwnerView view;
    view.asked = view.owner = site.owner;
    view.rrset = site.rrset;
    zone.owners.push_back(std::move(view));
    zone.servers.front().rrsets.push_back({site.owner, site.rrset, true, std::nullopt});
  }

  void apply(const Name& zone, const RrsetPlan& change, rollover::Acted& acted) {
    auto& rrset = sites.at(change.asked).rrset;
    if (signal_before_update) {
      ++acted.not_sent;
    } else if (const auto refused = refused_zones.find(zone); refused != refused_zones.end()) {
      acted.troubles.push_back(refused->second);
    } else if (races > 0) {
      --races;  // somebody else adds a record of their own first
      if (!rrset) rrset = Rrset{60, {}};
      rrset->records.push_back(testing::record("3 1 1", "theirs" + std::to_string(races)));
      std::ranges::sort(rrset->records);
      acted.moved.push_back(change.asked);
    } else if (change.observed != rrset) {
      acted.moved.push_back(change.asked);
    } else {
      acted.changed = true;
      take(change, rrset, acted);
    }
  }

  static void take(const RrsetPlan& change, std::optional<Rrset>& rrset, rollover::Acted& acted) {
    auto left = rrset.value_or(Rrset{change.ttl, {}});
    left.ttl = change.ttl;
    for (const auto& step : change.steps) {
      if (step.action == Action::remove) std::erase(left.records, step.record);
      if (step.action == Action::add) left.records.push_back(step.record);
      if (step.action == Action::remove)
        acted.removed.emplace(std::pair{change.owner, step.record}, step.reason);
      if (step.action == Action::add) acted.added.emplace(std::pair{change.owner, step.record}, step.reason);
    }
    std::ranges::sort(left.records);
    rrset = left.records.empty() ? std::nullopt : std::optional(left);
  }

  std::map<std::string, std::vector<Name>> names_;  // by the service's label
};

// A ledger in memory, which a full disk may keep from being written.
class MemoryLedger final : public LedgerStore {
 public:
  [[nodiscard]] Result<Ledger> change(const std::function<void(Ledger&)>& edit) override {
    if (disk_is_full)
      return fail(ErrorCode::unreadable, "cannot be written: No space left on device", "ledger");
    edit(ledger);
    return ledger;
  }
  [[nodiscard]] Ledger peek() override { return ledger; }
  [[nodiscard]] Result<void> hold() override {
    if (is_held) return fail(ErrorCode::not_yet, "another tlsa-update is at work");
    return {};
  }

  Ledger ledger;
  bool disk_is_full = false;
  bool is_held = false;  // by another run
};

}  // namespace tlsa_update::test
