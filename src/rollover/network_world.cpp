#include "tlsa_update/rollover/network_world.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>

#include "changes.hpp"
#include "host_records.hpp"
#include "live_services.hpp"
#include "look.hpp"
#include "misgivings.hpp"
#include "tlsa_update/deployment/child.hpp"
#include "tlsa_update/deployment/deployment.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/deployment/replacement.hpp"
#include "tlsa_update/rollover/gathering.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/state/ledger_file.hpp"
#include "tlsa_update/x509/dane.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr std::chrono::seconds reload_timeout{120};  // a mail server that reloads longer hangs

class FileInstallation final : public Installation {
 public:
  FileInstallation(deployment::Deployment files, Events& events)
      : files_(std::move(files)), events_(events) {}

  [[nodiscard]] bool is_needed() const override { return files_.is_needed(); }
  [[nodiscard]] std::vector<std::string> differing() const override { return files_.differing(); }
  [[nodiscard]] std::vector<Chain> replaced() const override { return files_.replaced(); }
  [[nodiscard]] Result<void> install() override { return files_.install(events_); }
  [[nodiscard]] Result<void> put_back() override { return files_.put_back(events_); }

 private:
  deployment::Deployment files_;
  Events& events_;
};

deployment::Surroundings surroundings_of(const Request& request) {
  deployment::Surroundings surroundings{request.state_directory, {}, request.force};
  for (const auto* services : {&request.services, &request.others}) {
    for (const auto& service : *services)
      surroundings.configured.push_back({name_of(service), service.installs, {}, {}, {}});
  }
  return surroundings;
}

// Which machine this is: machine-id(5), which itself is confidential, as it suggests.
std::string identity_of_machine() {
  constexpr std::string_view purpose = "tlsa-update ledger";
  const auto id = state::read_file("/etc/machine-id", 64);
  if (!id || id->empty()) return {};
  std::array<std::uint8_t, 32> digest{};
  unsigned size = digest.size();
  const auto* const text = reinterpret_cast<const std::uint8_t*>(purpose.data());
  if (::HMAC(::EVP_sha256(), id->data(), static_cast<int>(id->size()), text, purpose.size(), digest.data(),
             &size) == nullptr)
    return {};
  return to_hex({digest.data(), digest.size() / 2});
}

}  // namespace

NetworkWorld::NetworkWorld(Session& session) : session_(session), sources_(std::make_unique<Sources>()) {}
NetworkWorld::~NetworkWorld() = default;

Result<Wants> NetworkWorld::wants(Others others) {
  return session_.run(gather_sound_wants(session_, others));
}

Result<void> NetworkWorld::check_keys(const Wants& wants) { return rollover::check_keys(session_, wants); }

Facts NetworkWorld::look(const Wants& wants, Depth depth) {
  auto facts = rollover::look(session_, wants, depth, *sources_);
  if (std::exchange(is_first_look_, false)) warn_of_mistakes(session_, wants, facts, *sources_);
  return facts;
}

std::vector<ServiceEvidence> NetworkWorld::probe(const Wants& wants, const Facts& facts,
                                                 const std::set<Name>& asked, Reach reach) {
  if (reach == Reach::usual) return probe_services(session_, wants, facts, asked, *sources_);
  if (reach == Reach::everywhere) return probe_everywhere(session_, wants, facts.zones, asked, *sources_);
  return probe_nearby(session_, wants, facts.zones, asked, *sources_);
}

std::vector<std::pair<Name, Rrset>> NetworkWorld::records_of(const Facts& facts,
                                                             const std::set<Name>& hosts) {
  return read_hosts(session_, facts.zones, *sources_, hosts);
}

Acted NetworkWorld::apply(const Plan& plan, Facts& facts) {
  return send_changes(session_, plan, facts.zones, *sources_);
}

Result<std::unique_ptr<Installation>> NetworkWorld::prepare(
    const std::vector<deployment::ServiceFiles>& services) {
  auto files = deployment::Deployment::prepare(services, surroundings_of(session_.request()));
  if (!files) return tl::unexpected(files.error());
  return std::make_unique<FileInstallation>(std::move(*files), session_.events());
}

bool NetworkWorld::has_unfinished_installation() {
  return deployment::is_replacement_begun(session_.request().state_directory);
}

Result<void> NetworkWorld::finish_installation() {
  const auto& request = session_.request();
  std::set<std::string> targets;
  for (const auto* services : {&request.services, &request.others}) {
    for (const auto& service : *services) {
      for (const auto& install : service.installs) targets.insert(install.to);
    }
  }
  return deployment::finish_replacement(request.state_directory, targets, session_.events());
}

Result<void> NetworkWorld::reload(const std::string& command) {
  return deployment::run_command(command, reload_timeout, session_.events());
}

bool NetworkWorld::is_reload_due(const std::string& service) {
  return surroundings_of(session_.request()).marks().is_due(service);
}

void NetworkWorld::conclude_reload(const std::string& service) {
  surroundings_of(session_.request()).marks().conclude(service);
}

std::set<std::string> NetworkWorld::replaced_certificates(const std::string& service) {
  return surroundings_of(session_.request()).marks().replaced(service);
}

bool NetworkWorld::has_configuration(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0 || errno != ENOENT;
}

std::shared_ptr<const ChainJudge> NetworkWorld::judge() { return x509::chain_judge(wall_clock()); }

Time NetworkWorld::now() { return wall_clock(); }

ClockReading NetworkWorld::clock() {
  ClockReading reading;
  reading.wall = std::chrono::ceil<Seconds>(std::chrono::system_clock::now());
  timespec uptime{};
  if (::clock_gettime(CLOCK_BOOTTIME, &uptime) == 0) reading.uptime = Seconds(uptime.tv_sec);
  const auto boot = state::read_file("/proc/sys/kernel/random/boot_id", 64);
  if (boot) reading.boot_id.assign(boot->begin(), std::find(boot->begin(), boot->end(), '\n'));
  reading.machine = identity_of_machine();
  return reading;
}

// A machine that is suspended grows no younger.
World::Milliseconds NetworkWorld::stopwatch() {
  timespec now{};
  if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0)
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                  std::chrono::nanoseconds(now.tv_nsec));
}

bool NetworkWorld::pause(Milliseconds least, Milliseconds most) {
  std::random_device random;
  std::uniform_int_distribution<Milliseconds::rep> between(least.count(), std::max(least, most).count());
  const deployment::EndSignals signals;
  return !signals.came_within(Milliseconds(between(random)));
}

std::vector<dns::ReadZone> NetworkWorld::zones_with_primaries(const Facts& facts) const {
  std::vector<dns::ReadZone> zones;
  for (std::size_t i = 0; i < facts.zones.size(); ++i) {
    const auto& source = sources_->zones[i];
    zones.push_back({facts.zones[i], source.primary, source.transferred_records});
  }
  return zones;
}

}  // namespace tlsa_update::rollover
