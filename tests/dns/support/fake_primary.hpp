// A small authoritative primary for tests, on top of ScriptedServer: answers from zones written down as text
// (RFC 1034 section 4.3.2 with the wildcards of RFC 4592, cuts, CNAME and DNAME), transfers them, and applies
// UPDATEs as BIND and Knot do, with their silences. Its signatures verify nowhere, but have the right Labels.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "support/records.hpp"
#include "support/scripted_server.hpp"

namespace tlsa_update::dns::test {

class FakePrimary {
 public:
  // Without a key, nothing is signed or checked. `clock` is the server's.
  explicit FakePrimary(std::shared_ptr<const TsigKey> key = nullptr,
                       std::function<std::uint64_t()> clock = {})
      : key_(std::move(key)), clock_(std::move(clock)) {}

  // Lines of "OWNER TTL TYPE RDATA", names absolute; SOA (serial 1, MINIMUM 60) and NS are there
  // already.
  FakePrimary& serve(std::string_view apex, std::initializer_list<std::string_view> lines,
                     bool is_signed = false);

  [[nodiscard]] Message handle(const Received& request);  // what the server would say
  [[nodiscard]] Reply reply(const Received& request,
                            const Message& answer) const;  // signed when there is a key
  [[nodiscard]] Script script();

  // Asked first for every request: a reply of its own, or nothing for what the server would do.
  std::function<std::optional<Reply>(const Received&)> misbehave;
  std::vector<std::uint16_t> refused_types;  // answered with REFUSED: type::axfr
  std::uint32_t soa_ttl = 300;
  bool denies_compactly = false;  // RFC 9824: "no data" with an NSEC at the name, never NXDOMAIN

  [[nodiscard]] std::optional<Rrset> tlsa_at(const Name& owner) const;
  [[nodiscard]] std::uint32_t serial(const Name& apex) const { return zones_.at(apex).serial; }
  void add(std::string_view line);  // as another writer would

 private:
  struct Zone {
    bool is_signed = false;
    std::uint32_t serial = 1;
    std::multimap<Name, Record> records;  // without SOA
    std::map<Name, std::size_t> below;    // how many of them are at or below a name
    [[nodiscard]] bool exists(const Name& name) const { return below.contains(name); }
    void insert(Record record);
    void erase(std::multimap<Name, Record>::iterator record);
  };
  using ZoneOf = std::map<Name, Zone>::value_type;

  [[nodiscard]] const ZoneOf* zone_of(const Name& name) const;
  [[nodiscard]] Record soa(const ZoneOf& zone) const;
  void answer(const Question& question, Message& message) const;
  void answer_from(const ZoneOf& zone, const Name& source, const Question& question, Message& message) const;
  void deny(const ZoneOf& zone, const Name& name, bool exists, Message& message) const;
  void transfer(const Name& apex, Message& message) const;
  [[nodiscard]] std::uint16_t update(const Message& request);
  [[nodiscard]] std::uint16_t check(const Zone& zone, const std::vector<Record>& prerequisites) const;
  static bool apply(Zone& zone, const Record& change);

  std::shared_ptr<const TsigKey> key_;
  std::function<std::uint64_t()> clock_;
  std::map<Name, Zone> zones_;
};

}  // namespace tlsa_update::dns::test
