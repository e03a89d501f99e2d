// The ledger as JSON. What is read back is believed only when all of it makes sense: a ledger that is half
// right would allow a deletion that a lost one does not.

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>
#include <limits>

#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::state {
namespace {

namespace json = boost::json;

constexpr std::int64_t oldest_version = 1;
constexpr std::int64_t ledger_version = 2;  // since when it is watched, who wants it, which machine it is
constexpr std::int64_t longest_uptime = std::int64_t{1} << 40;  // seconds, by far: differences stay in range

void put(json::object& object, const char* key, const std::optional<Time>& time) {
  if (time) object[key] = rfc3339(*time);
}

json::array wanters_array(const std::vector<WantedBy>& wanters) {
  json::array all;
  for (const auto& wanter : wanters) {
    json::object object{{"configuration", wanter.who.configuration}, {"service", wanter.who.service}};
    put(object, "unwanted_since", wanter.unwanted_since);
    all.push_back(std::move(object));
  }
  return all;
}

json::array outages_array(const std::vector<OutOfReach>& outages) {
  json::array all;
  for (const auto& outage : outages) {
    all.push_back({{"server", outage.server}, {"address", outage.address}, {"since", rfc3339(outage.since)}});
  }
  return all;
}

json::object entry_object(const LedgerEntry& entry) {
  json::object object{
      {"record", entry.record.text()}, {"owned", entry.owned}, {"ttl_bound", entry.ttl_bound}};
  for (const auto& stamp : entry_stamps) put(object, stamp.key, entry.*stamp.time);
  if (!entry.wanters.empty()) object["wanters"] = wanters_array(entry.wanters);
  if (!entry.key_type.empty()) object["key_type"] = entry.key_type;
  return object;
}

json::object owner_object(const OwnerLedger& owner) {
  json::array records;
  for (const auto& entry : owner.records) records.push_back(entry_object(entry));
  json::array ttls;
  for (const auto& served : owner.ttls) {
    json::object object{{"ttl", served.ttl}};
    put(object, "gone_at", served.gone_at);
    ttls.push_back(std::move(object));
  }
  json::object object{{"records", std::move(records)}, {"ttls", std::move(ttls)}};
  if (const auto& limit = owner.ttl_limit)
    object["ttl_limit"] = {{"asked", limit->asked}, {"granted", limit->granted}};
  for (const auto& stamp : owner_stamps) put(object, stamp.key, owner.*stamp.time);
  if (!owner.out_of_reach.empty()) object["out_of_reach"] = outages_array(owner.out_of_reach);
  if (const auto& move = owner.ttl_move)
    object["ttl_move"] = {{"to", move->to}, {"times", move->times}, {"given_up", move->is_given_up}};
  return object;
}

// Reading: every accessor fails on a key that is missing or of the wrong kind.
tl::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::bad_data, "is not a ledger: " + what);
}

// To begin anew over it would lose what the newer program remembers.
tl::unexpected<Error> newer(std::int64_t version) {
  return fail(ErrorCode::unreadable,
              "is a ledger of version " + std::to_string(version) +
                  ", of a newer tlsa-update; this one knows " + std::to_string(ledger_version) + " at most",
              {}, "run the newer program, or move the file away: waits then begin anew");
}

Result<const json::object*> object_of(const json::value& value) {
  if (!value.is_object()) return bad("an object is expected");
  return &value.get_object();
}

Result<const json::array*> array_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return bad(std::string("no list \"") + key + "\"");
  return &value->get_array();
}

Result<std::int64_t> integer_at(const json::object& object, const char* key, std::int64_t high) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0 || value->get_int64() > high) {
    return bad(std::string("no number \"") + key + "\"");
  }
  return value->get_int64();
}

Result<std::string> string_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return bad(std::string("no text \"") + key + "\"");
  return std::string(value->get_string());
}

Result<void> time_at(const json::object& object, const char* key, std::optional<Time>& out) {
  if (!object.contains(key)) return {};
  const auto text = string_at(object, key);
  if (!text) return tl::unexpected(text.error());
  const auto time = parse_rfc3339(*text);
  if (!time) return bad(std::string("bad time in \"") + key + "\"");
  out = *time;
  return {};
}

template <class Memory, std::size_t count>
Result<void> stamps_from(const json::object& object, const std::array<Stamp<Memory>, count>& stamps,
                         Memory& out) {
  for (const auto& stamp : stamps) {
    if (const auto done = time_at(object, stamp.key, out.*stamp.time); !done) return done;
  }
  return {};
}

Result<void> optional_string_at(const json::object& object, const char* key, std::string& out) {
  if (!object.contains(key)) return {};
  auto text = string_at(object, key);
  if (!text) return tl::unexpected(text.error());
  out = std::move(*text);
  return {};
}

template <class T, class Read>
Result<std::vector<T>> list_from(const json::object& object, const char* key, Read read) {
  const auto array = array_at(object, key);
  if (!array) return tl::unexpected(array.error());
  std::vector<T> all;
  for (const auto& value : **array) {
    auto one = read(value);
    if (!one) return tl::unexpected(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

// A list that is not there when it is empty, or in a ledger of version 1.
template <class T, class Read>
Result<void> optional_list_from(const json::object& object, const char* key, Read read, std::vector<T>& out) {
  if (!object.contains(key)) return {};
  auto all = list_from<T>(object, key, read);
  if (!all) return tl::unexpected(all.error());
  out = std::move(*all);
  return {};
}

// Sorted, each once: what OwnerLedger promises.
template <class T, class Key>
bool is_strictly_sorted(const std::vector<T>& all, Key key) {
  return std::adjacent_find(all.begin(), all.end(),
                            [&](const T& a, const T& b) { return !(key(a) < key(b)); }) == all.end();
}

Result<WantedBy> wanter_from(const json::value& value) {
  const auto object = object_of(value);
  if (!object) return tl::unexpected(object.error());
  auto configuration = string_at(**object, "configuration");
  if (!configuration) return tl::unexpected(configuration.error());
  auto service = string_at(**object, "service");
  if (!service) return tl::unexpected(service.error());
  WantedBy wanter{{std::move(*configuration), std::move(*service)}};
  if (const auto done = time_at(**object, "unwanted_since", wanter.unwanted_since); !done)
    return tl::unexpected(done.error());
  return wanter;
}

Result<OutOfReach> outage_from(const json::value& value) {
  const auto object = object_of(value);
  if (!object) return tl::unexpected(object.error());
  auto server = string_at(**object, "server");
  if (!server) return tl::unexpected(server.error());
  auto address = string_at(**object, "address");
  if (!address) return tl::unexpected(address.error());
  std::optional<Time> since;
  if (const auto done = time_at(**object, "since", since); !done) return tl::unexpected(done.error());
  if (!since) return bad("no \"since\"");
  return OutOfReach{std::move(*server), std::move(*address), *since};
}

constexpr std::int64_t largest_ttl = std::numeric_limits<std::uint32_t>::max();

Result<LedgerEntry> entry_from(const json::value& value) {
  const auto object = object_of(value);
  if (!object) return tl::unexpected(object.error());
  const json::object& from = **object;
  LedgerEntry entry;
  const auto text = string_at(from, "record");
  if (!text) return tl::unexpected(text.error());
  auto record = parse_tlsa(*text);
  if (!record) return bad(record.error().what);
  entry.record = std::move(*record);
  const json::value* owned = from.if_contains("owned");
  if (owned == nullptr || !owned->is_bool()) return bad("no \"owned\"");
  entry.owned = owned->get_bool();
  const auto bound = integer_at(from, "ttl_bound", largest_ttl);
  if (!bound) return tl::unexpected(bound.error());
  entry.ttl_bound = static_cast<std::uint32_t>(*bound);
  if (const auto done = stamps_from(from, entry_stamps, entry); !done) return tl::unexpected(done.error());
  if (const auto done = optional_list_from(from, "wanters", wanter_from, entry.wanters); !done)
    return tl::unexpected(done.error());
  if (!is_strictly_sorted(entry.wanters, [](const WantedBy& wanter) { return wanter.who; }))
    return bad("wanters are out of order");
  if (const auto done = optional_string_at(from, "key_type", entry.key_type); !done)
    return tl::unexpected(done.error());
  return entry;
}

Result<ServedTtl> ttl_from(const json::value& value) {
  const auto object = object_of(value);
  if (!object) return tl::unexpected(object.error());
  ServedTtl served;
  const auto ttl = integer_at(**object, "ttl", largest_ttl);
  if (!ttl) return tl::unexpected(ttl.error());
  served.ttl = static_cast<std::uint32_t>(*ttl);
  if (const auto done = time_at(**object, "gone_at", served.gone_at); !done)
    return tl::unexpected(done.error());
  return served;
}

Result<std::optional<TtlLimit>> ttl_limit_from(const json::object& owner) {
  const json::value* value = owner.if_contains("ttl_limit");
  if (value == nullptr) return std::nullopt;
  const auto object = object_of(*value);
  if (!object) return tl::unexpected(object.error());
  const auto asked = integer_at(**object, "asked", largest_ttl);
  if (!asked) return tl::unexpected(asked.error());
  const auto granted = integer_at(**object, "granted", largest_ttl);
  if (!granted) return tl::unexpected(granted.error());
  return TtlLimit{static_cast<std::uint32_t>(*asked), static_cast<std::uint32_t>(*granted)};
}

Result<std::optional<TtlMove>> ttl_move_from(const json::object& owner) {
  const json::value* value = owner.if_contains("ttl_move");
  if (value == nullptr) return std::nullopt;
  const auto object = object_of(*value);
  if (!object) return tl::unexpected(object.error());
  const auto to = integer_at(**object, "to", largest_ttl);
  if (!to) return tl::unexpected(to.error());
  const auto times = integer_at(**object, "times", std::numeric_limits<std::int32_t>::max());
  if (!times) return tl::unexpected(times.error());
  const json::value* given_up = (*object)->if_contains("given_up");
  if (given_up == nullptr || !given_up->is_bool()) return bad("no \"given_up\"");
  return TtlMove{static_cast<std::uint32_t>(*to), static_cast<unsigned>(*times), given_up->get_bool()};
}

Result<OwnerLedger> owner_from(const json::value& value) {
  const auto object = object_of(value);
  if (!object) return tl::unexpected(object.error());
  auto records = list_from<LedgerEntry>(**object, "records", entry_from);
  if (!records) return tl::unexpected(records.error());
  auto ttls = list_from<ServedTtl>(**object, "ttls", ttl_from);
  if (!ttls) return tl::unexpected(ttls.error());
  if (!is_strictly_sorted(*records, [](const LedgerEntry& entry) { return entry.record; }) ||
      !is_strictly_sorted(*ttls, [](const ServedTtl& served) { return served.ttl; })) {
    return bad("records or TTLs are out of order");
  }
  const auto limit = ttl_limit_from(**object);
  if (!limit) return tl::unexpected(limit.error());
  OwnerLedger owner{std::move(*records), std::move(*ttls), *limit};
  if (const auto done = stamps_from(**object, owner_stamps, owner); !done)
    return tl::unexpected(done.error());
  if (const auto done = optional_list_from(**object, "out_of_reach", outage_from, owner.out_of_reach); !done)
    return tl::unexpected(done.error());
  auto move = ttl_move_from(**object);
  if (!move) return tl::unexpected(move.error());
  owner.ttl_move = *move;
  return owner;
}

Result<std::optional<ClockReading>> clock_from(const json::object& document) {
  const json::value* value = document.if_contains("last_run");
  if (value == nullptr) return std::nullopt;
  const auto object = object_of(*value);
  if (!object) return tl::unexpected(object.error());
  ClockReading reading;
  std::optional<Time> wall;
  if (const auto done = time_at(**object, "wall", wall); !done) return tl::unexpected(done.error());
  if (!wall) return bad("no \"wall\"");
  reading.wall = *wall;
  const auto boot = string_at(**object, "boot_id");
  if (!boot) return tl::unexpected(boot.error());
  reading.boot_id = *boot;
  const auto uptime = integer_at(**object, "uptime", longest_uptime);
  if (!uptime) return tl::unexpected(uptime.error());
  reading.uptime = Seconds(*uptime);
  const auto* const confirmed = (*object)->if_contains("confirmed");
  reading.is_confirmed = confirmed != nullptr && confirmed->is_bool() && confirmed->get_bool();
  if (const auto done = optional_string_at(**object, "machine", reading.machine); !done)
    return tl::unexpected(done.error());
  return reading;
}

// Error: `where` is ":LINE", for behind the name of the file.
Result<json::value> parse(std::string_view text) {
  json::stream_parser parser;
  boost::system::error_code error;
  const auto read = parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (!error) return parser.release();
  const auto line = 1 + std::ranges::count(text.substr(0, read), '\n');
  return tl::unexpected(FileFault("is not a ledger: {}", {Fact::not_of_file(error.message())})
                            .at(static_cast<std::size_t>(line))
                            .in({}));
}

}  // namespace

std::string to_json(const Ledger& ledger) {
  json::object owners;
  for (const auto& [name, owner] : ledger.owners) owners[name.text()] = owner_object(owner);
  json::object document{{"version", ledger_version}};
  if (ledger.last_run) {
    document["last_run"] = {{"wall", rfc3339(ledger.last_run->wall)},
                            {"boot_id", ledger.last_run->boot_id},
                            {"uptime", ledger.last_run->uptime.count()},
                            {"confirmed", ledger.last_run->is_confirmed},
                            {"machine", ledger.last_run->machine}};
  }
  document["owners"] = std::move(owners);
  return json::serialize(document) + "\n";
}

Result<Ledger> ledger_from_json(std::string_view text) {
  const auto value = parse(without_byte_order_mark(text));
  if (!value) return tl::unexpected(value.error());
  const auto document = object_of(*value);
  if (!document) return tl::unexpected(document.error());
  const auto version = integer_at(**document, "version", std::numeric_limits<std::int64_t>::max());
  if (!version) return tl::unexpected(version.error());
  if (*version > ledger_version) return newer(*version);
  if (*version < oldest_version) return bad("version " + std::to_string(*version) + " is not known here");
  Ledger ledger;
  auto clock = clock_from(**document);
  if (!clock) return tl::unexpected(clock.error());
  ledger.last_run = std::move(*clock);
  const json::value* owners = (*document)->if_contains("owners");
  if (owners == nullptr || !owners->is_object()) return bad("no \"owners\"");
  for (const auto& [name, entry] : owners->get_object()) {
    const auto owner = Name::parse({name.data(), name.size()});
    if (!owner) return bad(owner.error().what);
    auto read = owner_from(entry);
    if (!read) return tl::unexpected(read.error());
    ledger.owners.emplace(*owner, std::move(*read));
  }
  return ledger;
}

}  // namespace tlsa_update::state
