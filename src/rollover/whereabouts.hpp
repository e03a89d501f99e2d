// Where clients find services: addresses, by whoever may know them.
#pragma once

#include <vector>

#include "look.hpp"
#include "tlsa_update/probe/endpoint.hpp"

namespace tlsa_update::rollover {

// One service to probe, and the RRset that its chains are held against.
struct Probe {
  const AskedOwner* asked = nullptr;
  probe::ProbeRequest request;
  bool addresses_known = true;
};

// All of these fill in the addresses, and leave out those that are known already.
void add_at(probe::ProbeRequest& request, const std::vector<boost::asio::ip::address>& addresses);

// By --address, else by the resolver; if that does not answer, as find_everywhere() asks the servers.
void find_as_resolved(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                      const Sources& sources);

// W7: no source may hide an address that another one knows. By --address, the authoritative servers of
// `zones` (the primary, where no others were asked), and the resolver.
void find_everywhere(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                     const Sources& sources);

// Those that --address tells, or that the primary gives the host and are this machine's own.
void find_nearby(Session& session, std::vector<Probe>& probes, const std::vector<ZoneView>& zones,
                 const Sources& sources);

}  // namespace tlsa_update::rollover
