#include "host_records.hpp"

#include <algorithm>
#include <array>

#include "tlsa_update/core/service.hpp"

namespace tlsa_update::rollover {
namespace {

using HostRecords = std::vector<std::pair<Name, Rrset>>;

// Of protocols that have DANE clients, or a certificate that they commonly share with those.
constexpr std::array<std::uint16_t, 18> usual_ports{21,  25,  110, 143, 389,  443,  465,  587,  636,
                                                    853, 990, 993, 995, 4190, 5222, 5223, 5269, 5432};

// "_25._tcp.HOST": below the host by two labels.
bool is_of(const Name& owner, const std::set<Name>& hosts) {
  return owner.label_count() > 2 && hosts.contains(owner.parent().parent());
}

boost::asio::awaitable<HostRecords> ask_usual_ports(dns::Exchange& primary, std::vector<Name> hosts) {
  std::vector<Name> owners;
  for (const auto& host : hosts) {
    for (const auto port : usual_ports) {
      if (auto owner = Service{host, port, Protocol::tcp}.owner()) owners.push_back(std::move(*owner));
    }
  }
  dns::ReadOptions options;
  options.mode = dns::ReadMode::query;
  const auto same = [&primary](Name) -> boost::asio::awaitable<Result<dns::Exchange*>> {
    co_return &primary;
  };
  const auto read = co_await dns::read_owners(same, std::move(owners), std::move(options));
  HostRecords records;
  for (const auto& zone : read.zones) {
    for (const auto& view : zone.view.owners) {
      if (view.rrset) records.emplace_back(view.owner, *view.rrset);
    }
  }
  co_return records;
}

boost::asio::awaitable<HostRecords> read_zone(dns::Exchange& primary, Name apex, std::set<Name> hosts,
                                              bool may_transfer) {
  std::vector<Name> inside;
  std::ranges::copy_if(hosts, std::back_inserter(inside),
                       [&](const Name& host) { return host.is_at_or_below(apex); });
  HostRecords records;
  if (inside.empty()) co_return records;
  if (may_transfer) {
    const auto transferred = co_await dns::transfer_zone(primary, apex);
    if (transferred) {
      for (const auto& [owner, rrset] : transferred->tlsa) {
        if (is_of(owner, hosts)) records.emplace_back(owner, rrset);
      }
      co_return records;
    }
  }
  co_return co_await ask_usual_ports(primary, std::move(inside));
}

}  // namespace

HostRecords read_hosts(Session& session, const std::vector<ZoneView>& zones, const Sources& sources,
                       const std::set<Name>& hosts) {
  const bool may_transfer = session.request().read != dns::ReadMode::query;
  std::vector<boost::asio::awaitable<HostRecords>> jobs;
  for (std::size_t i = 0; i < zones.size(); ++i)
    jobs.push_back(read_zone(*sources.zones[i].primary, zones[i].apex, hosts, may_transfer));
  HostRecords all;
  for (auto& records : session.run_all(std::move(jobs))) std::ranges::move(records, std::back_inserter(all));
  return all;
}

}  // namespace tlsa_update::rollover
