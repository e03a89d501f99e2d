// A look at the primary, then at every authoritative server, then at the live service, by the network.
// Gathers, judges nothing.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <vector>

#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/rollover/facts.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

// Where the zones of a look were read, for whoever asks there again or sends changes.
struct Sources {
  struct Zone {
    dns::Exchange* primary = nullptr;     // the session's
    std::size_t transferred_records = 0;  // 0: asked by query
  };
  std::vector<Zone> zones;                                      // as Facts::zones
  std::map<Name, std::vector<boost::asio::ip::address>> hosts;  // as dns::ReadResult::hosts
};

[[nodiscard]] Facts look(Session& session, const Wants& wants, Depth depth, Sources& sources);

}  // namespace tlsa_update::rollover
