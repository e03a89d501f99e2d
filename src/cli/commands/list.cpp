// list: every TLSA RRset of a zone by AXFR, what each record matches, and what nothing asks for. Reads only.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "commands.hpp"
#include "failure.hpp"
#include "output.hpp"
#include "tlsa_update/core/lint.hpp"
#include "wants.hpp"

namespace tlsa_update::cli {
namespace {

namespace json = boost::json;

// What is to be said of one record of the zone.
struct Verdict {
  RecordState state = RecordState::foreign;
  std::string reason;      // a fixed word
  std::string detail;      // for people
  std::string credential;  // what it matches
};

bool belongs_to(const TlsaRecord& record, const Credential& credential) {
  if (!credential.chain.empty()) return matches(record, credential.chain);
  const auto& parameters = record.parameters;
  return credential.bare_key && parameters.of_end_entity() && parameters.selector == Selector::spki &&
         record.data == credential.bare_key->data(parameters.matching_type);
}

class Judge {
 public:
  explicit Judge(const Wants& wants) : wants_(wants) {
    for (const auto& desired : wants.desired) asked_.emplace(desired.asked, &desired);
  }

  [[nodiscard]] Verdict on(const Name& owner, const TlsaRecord& record,
                           const dns::TransferredZone& zone) const {
    if (const auto fault = malformed(record))
      return {RecordState::foreign, "malformed", "malformed, " + *fault, {}};
    if (is_occluded(owner, zone)) {
      return {RecordState::foreign, "occluded", "below a delegation or DNAME: never answered",
              matched(record)};
    }
    const auto desired = asked_.find(owner);
    const auto credential = matched(record);
    if (desired == asked_.end()) {
      const bool is_orphan = !wants_.desired.empty();
      const std::string note = is_orphan ? "orphan, nothing configured asks for it" : "nothing is configured";
      return {credential.empty() ? RecordState::foreign : RecordState::published,
              is_orphan ? "orphan" : "published",
              credential.empty() ? note : note + ", matches " + credential, credential};
    }
    const auto& keep = desired->second->keep;
    if (std::find(keep.begin(), keep.end(), record) != keep.end())
      return {RecordState::kept, "protected", "kept", {}};
    if (credential.empty())
      return {RecordState::foreign, "foreign", "matches no credential that is configured", {}};
    return {RecordState::published, "wanted", "matches " + credential, credential};
  }

 private:
  [[nodiscard]] std::string matched(const TlsaRecord& record) const {
    for (const auto& service : wants_.services) {
      for (const auto& given : service.credentials) {
        if (belongs_to(record, *given.credential)) return given.credential->source;
      }
    }
    return {};
  }

  // RFC 2136 section 7.18, RFC 5936 section 3.5.
  static bool is_occluded(const Name& owner, const dns::TransferredZone& zone) {
    for (Name above = owner; above != zone.apex && !above.is_root(); above = above.parent()) {
      if (zone.cuts.contains(above) || (above != owner && zone.dname.contains(above))) return true;
    }
    return false;
  }

  const Wants& wants_;
  std::map<Name, const Desired*> asked_;
};

void print_text(Output& out, const dns::TransferredZone& zone, const Judge& judge) {
  for (const auto& [owner, rrset] : zone.tlsa) {
    for (const auto& record : rrset.records) {
      const auto verdict = judge.on(owner, record, zone);
      out << owner.text() << " " << rrset.ttl << " IN TLSA " << record.text() << " ; " << text(verdict.state)
          << ": " << printable(verdict.detail) << "\n";
    }
  }
}

json::object rrset_object(const Name& owner, const Rrset& rrset, const dns::TransferredZone& zone,
                          const Judge& judge) {
  json::array records;
  for (const auto& record : rrset.records) {
    const auto verdict = judge.on(owner, record, zone);
    json::object entry{{"usage", static_cast<unsigned>(record.parameters.usage)},
                       {"selector", static_cast<unsigned>(record.parameters.selector)},
                       {"matching_type", static_cast<unsigned>(record.parameters.matching_type)},
                       {"data", to_hex(record.data)},
                       {"state", text(verdict.state)},
                       {"action", text(Action::none)},
                       {"reason", verdict.reason},
                       {"detail", printable(verdict.detail)}};
    if (!verdict.credential.empty()) entry["credential"] = printable(verdict.credential, 4096);
    records.push_back(std::move(entry));
  }
  return {
      {"owner", owner.text()}, {"asked", owner.text()}, {"ttl", rrset.ttl}, {"records", std::move(records)}};
}

json::object zone_object(const dns::TransferredZone& zone, const std::string& server, const Judge& judge) {
  json::array rrsets;
  for (const auto& [owner, rrset] : zone.tlsa) rrsets.push_back(rrset_object(owner, rrset, zone, judge));
  return {{"zone", zone.apex.text()},
          {"server", printable(server)},
          {"serial", zone.serial},
          {"signed", zone.is_signed},
          {"rrsets", std::move(rrsets)}};
}

Result<std::vector<Name>> zones_of(const Settings& settings) {
  std::vector<Name> zones;
  for (const auto& argument : settings.arguments) {
    const auto ascii = to_ascii(argument);
    const auto zone = ascii ? Name::parse(*ascii) : tl::unexpected(ascii.error());
    if (!zone) return fail(ErrorCode::usage, zone.error().what, argument, "give the name of a zone");
    zones.push_back(*zone);
  }
  if (settings.zone) zones.push_back(*settings.zone);
  if (zones.empty()) {
    for (const auto& [zone, server] : settings.zones) zones.push_back(zone);
  }
  if (zones.empty()) return fail(ErrorCode::usage, "no ZONE is given", {}, "see tlsa-update list --help");
  return zones;
}

boost::asio::awaitable<Result<json::object>> list_zone(Session& session, Name zone, const Judge& judge,
                                                       Output& out) {
  const auto primary = co_await session.primary_for()(zone);
  if (!primary) co_return tl::unexpected(primary.error());
  const auto transferred = co_await dns::transfer_zone(**primary, zone);
  if (!transferred) co_return tl::unexpected(transferred.error());
  if (session.settings().format == Format::text) print_text(out, *transferred, judge);
  co_return zone_object(*transferred, (*primary)->address(), judge);
}

}  // namespace

int list(const Settings& settings) {
  const auto zones = zones_of(settings);
  if (!zones) return failure(zones.error());
  Session session(settings);
  const auto wants = session.run(gather_wants(session));
  if (!wants) return failure(wants.error());
  const Judge judge(*wants);
  Output out;
  json::array documents;
  std::optional<ErrorCode> worst;
  for (const auto& zone : *zones) {
    auto document = session.run(list_zone(session, zone, judge, out));
    if (document) {
      documents.push_back(std::move(*document));
      continue;
    }
    log_error(document.error());
    worst = worst ? more_severe(*worst, document.error().code) : document.error().code;
  }
  if (settings.format == Format::json)
    out << json::serialize(json::object{{"zones", std::move(documents)}}) << "\n";
  if (const auto done = out.finish(); !done) return failure(done.error());
  return worst ? exit_status(*worst) : 0;
}

}  // namespace tlsa_update::cli
