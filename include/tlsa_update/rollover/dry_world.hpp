// A world to look at: changes are reported and not made.
#pragma once

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::rollover {

class DryWorld final : public World {
 public:
  DryWorld(World& world, Events& events) : world_(world), events_(events) {}

  [[nodiscard]] Result<Wants> wants(Others others) override { return world_.wants(others); }
  [[nodiscard]] Result<void> check_keys(const Wants& /*wants*/) override { return {}; }
  [[nodiscard]] Facts look(const Wants& wants, Depth depth) override { return world_.look(wants, depth); }
  [[nodiscard]] std::vector<ServiceEvidence> probe(const Wants& wants, const Facts& facts,
                                                   const std::set<Name>& asked, Reach reach) override {
    return world_.probe(wants, facts, asked, reach);
  }
  [[nodiscard]] std::vector<std::pair<Name, Rrset>> records_of(const Facts& facts,
                                                               const std::set<Name>& hosts) override {
    return world_.records_of(facts, hosts);
  }
  [[nodiscard]] std::shared_ptr<const ChainJudge> judge() override { return world_.judge(); }
  [[nodiscard]] Acted apply(const Plan& plan, Facts& facts) override;
  [[nodiscard]] Result<std::unique_ptr<Installation>> prepare(
      const std::vector<deployment::ServiceFiles>& services) override;
  [[nodiscard]] bool has_unfinished_installation() override { return false; }
  [[nodiscard]] Result<void> finish_installation() override { return {}; }
  [[nodiscard]] Result<void> reload(const std::string& /*command*/) override { return {}; }
  [[nodiscard]] bool is_reload_due(const std::string& service) override {
    return world_.is_reload_due(service);
  }
  void conclude_reload(const std::string& /*service*/) override {}
  [[nodiscard]] std::set<std::string> replaced_certificates(const std::string& service) override {
    return world_.replaced_certificates(service);
  }
  [[nodiscard]] bool has_configuration(const std::string& path) override {
    return world_.has_configuration(path);
  }
  [[nodiscard]] Time now() override { return world_.now(); }
  [[nodiscard]] ClockReading clock() override { return world_.clock(); }
  [[nodiscard]] Milliseconds stopwatch() override { return world_.stopwatch(); }
  bool pause(Milliseconds least, Milliseconds most) override { return world_.pause(least, most); }

 private:
  World& world_;
  Events& events_;
};

}  // namespace tlsa_update::rollover
