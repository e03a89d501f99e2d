// The real world: name servers, live services, files and the wall clock.
#pragma once

#include <memory>

#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/world.hpp"

namespace tlsa_update::rollover {

struct Sources;

class NetworkWorld final : public World {
 public:
  explicit NetworkWorld(Session& session);
  ~NetworkWorld() override;

  [[nodiscard]] Result<Wants> wants(Others others) override;
  [[nodiscard]] Result<void> check_keys(const Wants& wants) override;
  [[nodiscard]] Facts look(const Wants& wants, Depth depth) override;
  [[nodiscard]] std::vector<ServiceEvidence> probe(const Wants& wants, const Facts& facts,
                                                   const std::set<Name>& asked, Reach reach) override;
  [[nodiscard]] std::vector<std::pair<Name, Rrset>> records_of(const Facts& facts,
                                                               const std::set<Name>& hosts) override;
  [[nodiscard]] std::shared_ptr<const ChainJudge> judge() override;
  [[nodiscard]] Acted apply(const Plan& plan, Facts& facts) override;
  [[nodiscard]] Result<std::unique_ptr<Installation>> prepare(
      const std::vector<deployment::ServiceFiles>& services) override;
  [[nodiscard]] bool has_unfinished_installation() override;
  [[nodiscard]] Result<void> finish_installation() override;
  [[nodiscard]] Result<void> reload(const std::string& command) override;
  [[nodiscard]] bool is_reload_due(const std::string& service) override;
  void conclude_reload(const std::string& service) override;
  [[nodiscard]] std::set<std::string> replaced_certificates(const std::string& service) override;
  [[nodiscard]] bool has_configuration(const std::string& path) override;
  [[nodiscard]] Time now() override;
  [[nodiscard]] ClockReading clock() override;
  [[nodiscard]] Milliseconds stopwatch() override;
  bool pause(Milliseconds least, Milliseconds most) override;

  // The zones of the last look, each with its primary: for doctor, which asks there again.
  [[nodiscard]] std::vector<dns::ReadZone> zones_with_primaries(const Facts& facts) const;

 private:
  Session& session_;
  std::unique_ptr<Sources> sources_;  // of the last look
  bool is_first_look_ = true;         // warnings on what was probably meant otherwise are given once
};

}  // namespace tlsa_update::rollover
