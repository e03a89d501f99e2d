// What is so, as far as a command needs to look: the primary, then every authoritative server, then the live
// service. Gathers, judges nothing.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <optional>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

enum class Depth {
  primary,  // publish
  servers,  // every authoritative server as well
  live,     // and every endpoint
};

struct Facts {
  std::vector<dns::ReadZone> read;
  std::map<Name, std::vector<boost::asio::ip::address>> hosts;  // as dns::ReadResult::hosts
  std::vector<ServiceEvidence> evidence;  // with Depth::live, or of what was looked at besides
  std::optional<dns::Dnssec> dnssec;      // only with Depth::live
  std::optional<Error> no_verdict;        // why it is not known of all, where it should be
  std::vector<Error> troubles;            // names that could not be read; not logged yet

  [[nodiscard]] std::vector<ZoneView> views() const;
};

[[nodiscard]] Facts look(Session& session, const Wants& wants, Depth depth);

// Not confirmed: that is for who knows what was answered meanwhile.
[[nodiscard]] ClockReading read_clock();
[[nodiscard]] Policy policy_of(const Request& settings);

}  // namespace tlsa_update::rollover
