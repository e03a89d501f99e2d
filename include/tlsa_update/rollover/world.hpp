// All that a rollover may ask of the world outside, or change in it. The driver (pass, rollout, rollover)
// knows nothing else: NetworkWorld talks to servers, services and files, DryWorld only looks, and tests write
// others.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/plan.hpp"
#include "tlsa_update/deployment/deployment.hpp"
#include "tlsa_update/rollover/facts.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

// The files of one group of services, read and checked, and not installed yet.
class Installation {
 public:
  Installation() = default;
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  virtual ~Installation() = default;

  // A target differs from its source, or a reload is due.
  [[nodiscard]] virtual bool is_needed() const = 0;
  [[nodiscard]] virtual std::vector<std::string> differing() const = 0;  // targets
  [[nodiscard]] virtual std::vector<Chain> replaced() const = 0;         // of servers, in those targets now

  // From before the first file is new the reload is due, of each service. Errors: unreadable (no target was
  // changed), unsafe, not_yet (a signal came: no reload should follow), differences (a dry run).
  [[nodiscard]] virtual Result<void> install() = 0;

  // The old files, until their sources are renewed. Errors: those of deployment::Deployment::put_back.
  [[nodiscard]] virtual Result<void> put_back() = 0;
};

enum class Reach {
  everywhere,  // wherever a client may go, before something may break: --address, A and AAAA at the
               // authoritative servers, and those of the resolver; and again where a handshake showed no
               // chain
  usual,       // at --address, else where the resolver says
  nearby,      // where that takes no time: addresses that are configured, or are this machine's own
};

class World {
 public:
  using Milliseconds = std::chrono::milliseconds;

  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  // What is wanted now: files are read, and MX and SRV RRsets asked for. Errors: a NAME that is none, a trust
  // anchor that is of no use, or no service left.
  [[nodiscard]] virtual Result<Wants> wants(Others others) = 0;

  // Error usage: a name whose primary has no TSIG key (RFC 3007 section 2: no UPDATE goes out unsigned).
  [[nodiscard]] virtual Result<void> check_keys(const Wants& wants) = 0;

  [[nodiscard]] virtual Facts look(const Wants& wants, Depth depth) = 0;

  // The live services of these names (as in Desired::asked), against the RRsets of `facts`.
  [[nodiscard]] virtual std::vector<ServiceEvidence> probe(const Wants& wants, const Facts& facts,
                                                           const std::set<Name>& asked, Reach reach) = 0;

  // TLSA RRsets at all names of these hosts that can be learnt of; asked for just before a deployment.
  [[nodiscard]] virtual std::vector<std::pair<Name, Rrset>> records_of(const Facts& facts,
                                                                       const std::set<Name>& hosts) = 0;

  // Sends what `plan` changes, and brings `facts`, which it was made from, up to date with what was read
  // back.
  [[nodiscard]] virtual Acted apply(const Plan& plan, Facts& facts) = 0;

  // What clients make of chains now.
  [[nodiscard]] virtual std::shared_ptr<const ChainJudge> judge() = 0;

  // Errors: those of deployment::Deployment::prepare.
  [[nodiscard]] virtual Result<std::unique_ptr<Installation>> prepare(
      const std::vector<deployment::ServiceFiles>& services) = 0;
  // A killed run left an installation half done. It is completed whatever is ready now: a certificate must
  // not stay beside the key of another.
  [[nodiscard]] virtual bool has_unfinished_installation() = 0;
  [[nodiscard]] virtual Result<void> finish_installation() = 0;
  [[nodiscard]] virtual Result<void> reload(const std::string& command) = 0;
  [[nodiscard]] virtual bool is_reload_due(const std::string& service) = 0;
  virtual void conclude_reload(const std::string& service) = 0;
  // Of the certificates that its files replaced since its last reload was concluded: SHA-256, in hex.
  [[nodiscard]] virtual std::set<std::string> replaced_certificates(const std::string& service) = 0;

  // Is a configuration that the ledger tells of still there? What cannot be told is.
  [[nodiscard]] virtual bool has_configuration(const std::string& path) { return !path.empty(); }

  // The wall clock down to the full second, for plans: what is due by it is due.
  [[nodiscard]] virtual Time now() = 0;
  // The wall clock up to the full second, for the ledger: what was seen in the middle of a second is
  // remembered as seen at its end, so that no wait is shorter than it says. Not confirmed: the caller knows
  // whether a signed answer confirmed the clock.
  [[nodiscard]] virtual ClockReading clock() = 0;
  // Of a clock that nobody sets; from when on does not matter.
  [[nodiscard]] virtual Milliseconds stopwatch() = 0;
  // A time between the two, chosen at random. false: a signal came meanwhile, and the run should end.
  virtual bool pause(Milliseconds least, Milliseconds most) = 0;
};

}  // namespace tlsa_update::rollover
