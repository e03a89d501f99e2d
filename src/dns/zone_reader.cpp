#include "tlsa_update/dns/zone_reader.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <tuple>

#include "gather.hpp"
#include "tlsa_update/core/count.hpp"
#include "uncovered.hpp"
#include "walk.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;

constexpr std::size_t owners_at_once = 1000;  // enough to fill a connection across a slow path
constexpr std::size_t transfers_at_once = 4;

// Names that are presumed to lie in one zone of one primary.
struct Presumed {
  Exchange* primary = nullptr;
  Name zone;
  std::vector<Name> names;
};

// Reads one set of names; the result grows here as answers come, in any order, and is sorted at the end.
class ZoneReading {
 public:
  ZoneReading(const PrimaryFor& primary_for, const ReadOptions& options)
      : primary_for_(primary_for), options_(options) {}

  awaitable<ReadResult> run(std::vector<Name> asked) {
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    const bool by_axfr = options_.mode == ReadMode::axfr ||
                         (options_.mode == ReadMode::automatic && asked.size() > auto_query_limit);
    if (by_axfr) asked = co_await read_by_transfer(std::move(asked));
    const auto read = [&](std::size_t i) { return read_by_query(asked[i]); };
    co_await gather(asked.size(), owners_at_once, read);
    co_await complete_zones();
    if (options_.uncovers) co_await look_under_owners();
    co_return sorted();
  }

 private:
  // What is left to be asked about.
  awaitable<std::vector<Name>> read_by_transfer(std::vector<Name> asked) {
    std::vector<Name> left;
    const auto groups = co_await presume_zones(std::move(asked), left);
    const auto transfer = [&](std::size_t i) -> awaitable<void> {
      const bool is_worth_it = options_.mode == ReadMode::axfr || groups[i].names.size() > auto_query_limit;
      if (is_worth_it) {
        co_await read_group(groups[i], left);
      } else {
        left.insert(left.end(), groups[i].names.begin(), groups[i].names.end());
      }
    };
    co_await gather(groups.size(), transfers_at_once, transfer);
    co_return left;
  }

  // Groups names by zone with as few questions as can be: of all hosts with one parent, one is looked for,
  // and where its zone holds that parent the others are presumed to be there too. The transfer tells which
  // are not.
  awaitable<std::vector<Presumed>> presume_zones(std::vector<Name> asked, std::vector<Name>& left) {
    std::map<std::pair<Exchange*, Name>, std::vector<Name>> siblings;
    for (auto& name : asked) {
      const auto primary = co_await primary_for_(name);
      if (primary) {
        siblings[{*primary, options_.zone ? *options_.zone : host_of(name).parent()}].push_back(name);
      } else {
        left.push_back(name);  // fails again, by name
      }
    }
    std::vector<std::vector<Name>> families;
    families.reserve(siblings.size());
    for (auto& [place, names] : siblings) families.push_back(std::move(names));
    Groups groups;
    std::vector<Name> strays;
    const auto presume = [&](std::size_t i) { return presume_family(families[i], groups, strays); };
    co_await gather(families.size(), owners_at_once, presume);
    const auto place = [&](std::size_t i) { return place_stray(strays[i], groups, left); };
    co_await gather(strays.size(), owners_at_once, place);
    std::vector<Presumed> result;
    for (auto& [key, names] : groups) result.push_back({key.first, key.second, std::move(names)});
    co_return result;
  }

  using Groups = std::map<std::pair<Exchange*, Name>, std::vector<Name>>;

  awaitable<void> presume_family(const std::vector<Name>& names, Groups& groups, std::vector<Name>& strays) {
    const auto found = co_await walk(inquiry_, primary_for_, names.front(), options_.zone);
    for (const auto& name : names) {
      if (found && found->location.aliases.empty() && name.is_at_or_below(found->location.zone)) {
        groups[{found->location.primary, found->location.zone}].push_back(name);
      } else {
        strays.push_back(name);
      }
    }
  }

  awaitable<void> place_stray(const Name& name, Groups& groups, std::vector<Name>& left) {
    const auto found = co_await walk(inquiry_, primary_for_, name, options_.zone);
    if (found && found->location.aliases.empty()) {
      groups[{found->location.primary, found->location.zone}].push_back(name);
    } else {
      left.push_back(name);  // an alias, or a failure that is known by now
    }
  }

  awaitable<void> read_group(const Presumed& group, std::vector<Name>& left) {
    auto transferred =
        co_await transfer_zone(*group.primary, group.zone, interesting_names(group.names, group.zone));
    if (!transferred && options_.mode == ReadMode::axfr) {
      for (const auto& name : group.names) result_.failures.emplace_back(name, transferred.error());
      co_return;
    }
    if (!transferred) {
      result_.notes.push_back("no AXFR of " + group.zone.text() + " (" + transferred.error().text() +
                              "): asked by query instead");
      left.insert(left.end(), group.names.begin(), group.names.end());
      co_return;
    }
    auto& zone = zone_at(group.primary, group.zone);
    zone.facts = ZoneFacts{.serial = transferred->serial,
                           .negative_ttl = std::min(transferred->soa_ttl, transferred->soa_minimum),
                           .is_signed = transferred->is_signed};
    zone.transferred_records = transferred->records;
    std::ranges::move(notes_on(*transferred), std::back_inserter(result_.notes));
    result_.hosts.merge(transferred->addresses);
    for (const auto& name : group.names) {
      if (const auto facts = facts_of(*transferred, name)) {
        zone.owners.push_back(view_of(*facts));
      } else {
        left.push_back(name);
      }
    }
  }

  awaitable<void> read_by_query(const Name& name) {
    const auto found = co_await walk(inquiry_, primary_for_, name, options_.zone);
    if (found) {
      result_.notes.insert(result_.notes.end(), found->notes.begin(), found->notes.end());
      zone_at(found->location.primary, found->location.zone).owners.push_back(view_of(found->facts));
    } else {
      result_.failures.emplace_back(name, found.error());
    }
  }

  // SOA and DNSKEY of the zones that were not transferred.
  awaitable<void> complete_zones() {
    std::vector<Pending*> missing;
    for (auto& [place, zone] : zones_) {
      if (!zone.facts && !zone.owners.empty()) missing.push_back(&zone);
    }
    const auto complete = [&](std::size_t i) -> awaitable<void> {
      auto& zone = *missing[i];
      const auto facts = co_await inquiry_.zone(*zone.primary, zone.apex);
      if (facts) {
        zone.facts = *facts;
      } else {
        for (const auto& owner : zone.owners) result_.failures.emplace_back(owner.asked, facts.error());
      }
    };
    co_await gather(missing.size(), owners_at_once, complete);
  }

  awaitable<void> look_under_owners() {
    std::vector<std::pair<const Pending*, OwnerView*>> owners;
    for (auto& [place, zone] : zones_) {
      for (auto& view : zone.owners) {
        if (view.rrset) owners.emplace_back(&zone, &view);
      }
    }
    const auto look = [&](std::size_t i) -> awaitable<void> {
      const auto& [zone, view] = owners[i];
      view->uncovered = co_await uncovered_at(inquiry_, *zone->primary, view->owner, zone->apex);
    };
    co_await gather(owners.size(), owners_at_once, look);
  }

  ReadResult sorted() {
    for (auto& [place, pending] : zones_) {
      if (!pending.facts || pending.owners.empty()) continue;
      ReadZone zone{.view = {.apex = pending.apex,
                             .server = pending.primary->address(),
                             .serial = pending.facts->serial,
                             .negative_ttl = pending.facts->negative_ttl,
                             .is_signed = pending.facts->is_signed,
                             .owners = std::move(pending.owners),
                             .servers = {}},
                    .primary = pending.primary,
                    .transferred_records = pending.transferred_records};
      std::sort(zone.view.owners.begin(), zone.view.owners.end(), [](const auto& a, const auto& b) {
        return std::tie(a.owner, a.asked) < std::tie(b.owner, b.asked);
      });
      result_.zones.push_back(std::move(zone));
    }
    std::sort(result_.zones.begin(), result_.zones.end(), [](const auto& a, const auto& b) {
      return std::tie(a.view.apex, a.view.server) < std::tie(b.view.apex, b.view.server);
    });
    std::sort(result_.failures.begin(), result_.failures.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::sort(result_.notes.begin(), result_.notes.end());
    result_.hosts.insert(inquiry_.noted().begin(), inquiry_.noted().end());
    return std::move(result_);
  }

  struct Pending {
    Exchange* primary = nullptr;
    Name apex;
    std::optional<ZoneFacts> facts;
    std::vector<OwnerView> owners;
    std::size_t transferred_records = 0;
  };

  Pending& zone_at(Exchange* primary, const Name& apex) {
    auto& pending = zones_[{apex, primary}];
    pending.primary = primary;
    pending.apex = apex;
    return pending;
  }

  const PrimaryFor& primary_for_;
  const ReadOptions& options_;
  Inquiry inquiry_;
  std::map<std::pair<Name, Exchange*>, Pending> zones_;
  ReadResult result_;
};

}  // namespace

std::vector<std::string> notes_on(const TransferredZone& zone) {
  std::vector<std::string> notes;
  const std::string transfer = "AXFR of " + zone.apex.text() + ": ";
  if (zone.out_of_zone > 0)
    notes.push_back(transfer +
                    count(zone.out_of_zone, "record of another zone was", "records of other zones were") +
                    " ignored");
  if (zone.soa_ttls_differ)
    notes.push_back(transfer + "the closing SOA has another TTL than the opening one");
  return notes;
}

Result<ReadMode> parse_read_mode(std::string_view text) {
  if (text == "query") return ReadMode::query;
  if (text == "axfr") return ReadMode::axfr;
  if (text == "auto") return ReadMode::automatic;
  return fail(ErrorCode::usage, "no way to read a zone: \"" + printable(text) + "\"", "--read",
              "use query, axfr or auto");
}

awaitable<Result<TransferredZone>> transfer_zone(Exchange& primary, Name zone, std::set<Name> interesting) {
  const auto& options = primary.options();
  std::optional<AxfrStream> stream;
  const auto begin = [&](std::uint16_t id, Bytes request_mac) {
    stream.emplace(zone, id, options.key_of_transfers(), std::move(request_mac), interesting);
    if (!options.transfer_key && primary.has_verified()) stream->note_key_known();
  };
  const auto message = [&](ByteView wire) { return stream->next(wire, options.clock()); };
  const auto ended = co_await primary.transfer(zone, begin, message);
  if (!ended) co_return tl::unexpected(ended.error());
  co_return stream->result();
}

awaitable<Result<std::vector<boost::asio::ip::address>>> addresses_at(Exchange& primary, Name host,
                                                                      std::uint16_t family) {
  const auto message = co_await primary.query({std::move(host), family});
  if (!message) co_return tl::unexpected(message.error());
  co_return addresses_in(*message);
}

awaitable<Result<std::vector<Name>>> mail_hosts_at(Exchange& primary, Name domain) {
  const auto message = co_await primary.query({std::move(domain), type::mx});
  if (!message) co_return tl::unexpected(message.error());
  std::vector<std::pair<std::uint16_t, Name>> hosts;
  for (const auto& record : message->answer) {
    if (record.type != type::mx) continue;
    WireReader rdata(record.rdata);
    const auto preference = rdata.u16();
    const Name host = rdata.name();
    if (rdata.ok() && !host.is_root()) hosts.emplace_back(preference, host);
  }
  std::ranges::sort(hosts);
  std::vector<Name> names;
  for (auto& [preference, host] : hosts) names.push_back(std::move(host));
  co_return names;
}

awaitable<ReadResult> read_owners(PrimaryFor primary_for, std::vector<Name> asked, ReadOptions options) {
  ZoneReading reading(primary_for, options);
  co_return co_await reading.run(std::move(asked));
}

}  // namespace tlsa_update::dns
