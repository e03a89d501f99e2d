// list: every TLSA RRset of a zone by AXFR, what each record matches, and what nothing asks for. Reads only.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "commands.hpp"
#include "failure.hpp"
#include "log.hpp"
#include "output.hpp"
#include "terminal.hpp"
#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/dns/apex.hpp"
#include "tlsa_update/rollover/gathering.hpp"
#include "tlsa_update/rollover/names.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::cli {
namespace {

namespace json = boost::json;

// What is to be said of one record of the zone.
struct Verdict {
  RecordState state = RecordState::foreign;
  Reason reason = Reason::foreign;
  std::string detail;      // for people
  std::string credential;  // what it matches
};

// Says what status would, as far as the primary and the ledger alone can tell.
class Judge {
 public:
  Judge(const rollover::Wants& wants, const Ledger& ledger) : wants_(wants), ledger_(ledger) {
    for (const auto& desired : wants.desired) asked_.emplace(desired.asked, &desired);
  }

  [[nodiscard]] Verdict on(const Name& owner, const TlsaRecord& record,
                           const dns::TransferredZone& zone) const {
    const auto* const ours = entry_of(owner, record);
    const auto whose = ours != nullptr ? RecordState::published : RecordState::foreign;
    if (const auto fault = malformed(record)) return {whose, Reason::malformed, "malformed, " + *fault, {}};
    if (is_occluded(owner, zone))
      return {whose, Reason::occluded, "below a delegation or DNAME: never answered", matched(record)};
    if (is_kept_everywhere(record)) return {RecordState::kept, Reason::protected_, "kept", {}};
    const auto desired = asked_.find(owner);
    return desired == asked_.end() ? on_unasked(record, ours) : on_asked(*desired->second, record, ours);
  }

 private:
  [[nodiscard]] Verdict on_unasked(const TlsaRecord& record, const LedgerEntry* ours) const {
    const bool is_orphan = !wants_.desired.empty();
    const auto credential = matched(record);
    std::string note = is_orphan ? "orphan, nothing configured asks for it" : "nothing is configured";
    if (ours != nullptr) note = "published by us, " + note;
    if (!credential.empty()) note += ", matches " + credential;
    auto state = RecordState::published;
    if (ours == nullptr && credential.empty()) state = RecordState::foreign;
    if (ours != nullptr && ours->retired_at) state = RecordState::stale;
    return {state, is_orphan ? Reason::orphan : Reason::unasked, note, credential};
  }

  [[nodiscard]] Verdict on_asked(const Desired& desired, const TlsaRecord& record,
                                 const LedgerEntry* ours) const {
    if (std::ranges::find(desired.keep, record) != desired.keep.end())
      return {RecordState::kept, Reason::protected_, "kept", {}};
    const auto wanted = std::ranges::find(desired.records, record, &Wanted::record);
    if (wanted != desired.records.end())
      return {RecordState::published, Reason::wanted, "matches " + wanted->credential, wanted->credential};
    const auto credential = matched(record);
    const std::string note = credential.empty() ? "matches no credential that is configured"
                                                : "not wanted, though it matches " + credential;
    if (ours == nullptr) return {RecordState::foreign, Reason::foreign, note, credential};
    if (desired.is_partial) {
      return {RecordState::published, Reason::unread,
              "published by us; what is wanted here could not be read", credential};
    }
    return {RecordState::stale, Reason::not_wanted, "published by us, " + note, credential};
  }

  // Invariant I4: what the ledger has as owned is not foreign.
  [[nodiscard]] const LedgerEntry* entry_of(const Name& owner, const TlsaRecord& record) const {
    const auto memory = ledger_.owners.find(owner);
    if (memory == ledger_.owners.end()) return nullptr;
    const auto* const entry = memory->second.find(record);
    return entry != nullptr && entry->owned ? entry : nullptr;
  }

  // --keep of a command line that names no service.
  [[nodiscard]] bool is_kept_everywhere(const TlsaRecord& record) const {
    return std::ranges::any_of(wants_.services, [&](const rollover::WantedService& service) {
      const auto& keep = service.settings->keep;
      return service.settings->names.empty() && std::ranges::find(keep, record) != keep.end();
    });
  }

  [[nodiscard]] std::string matched(const TlsaRecord& record) const {
    for (const auto& service : wants_.services) {
      for (const auto& given : service.credentials) {
        if (Served::of(*given.credential).is_matched_by(record)) return given.credential->source;
      }
    }
    return {};
  }

  // RFC 2136 section 7.18, RFC 5936 section 3.5; a DNAME may stand at the apex (RFC 6672 section 2.3).
  static bool is_occluded(const Name& owner, const dns::TransferredZone& zone) {
    for (Name at = owner;; at = at.parent()) {
      if (zone.cuts.contains(at) || (at != owner && zone.dname.contains(at))) return true;
      if (at == zone.apex || at.is_root()) return false;
    }
  }

  const rollover::Wants& wants_;
  const Ledger& ledger_;
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
                       {"reason", text(verdict.reason)},
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
    const auto zone = rollover::parse_zone(argument);
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

// A server that refuses to transfer what is no zone says the same as of a zone that the key may not have.
boost::asio::awaitable<Error> reason_of(dns::Exchange& primary, Name zone, Error refused) {
  if (refused.code != ErrorCode::refused) co_return refused;
  const auto apex = co_await dns::apex_of(primary, zone);
  if (apex && *apex == zone && primary.has_verified() && !primary.options().transfer_key)
    refused.advice += "; the key itself is right: the server signs other answers with it";
  if (!apex || *apex == zone) co_return refused;
  co_return Error{ErrorCode::refused, zone.text() + " is no zone: it lies in zone " + apex->text(),
                  primary.address(), "list " + apex->text()};
}

boost::asio::awaitable<Result<json::object>> list_zone(rollover::Session& session, Name zone,
                                                       const Judge& judge, Format format, Output& out) {
  const auto primary = co_await session.primary_for()(zone);
  if (!primary) co_return tl::unexpected(primary.error());
  const auto transferred = co_await dns::transfer_zone(**primary, zone);
  if (!transferred) {
    auto error = co_await reason_of(**primary, zone, transferred.error());
    co_return tl::unexpected(std::move(error));
  }
  for (const auto& note : dns::notes_on(*transferred)) log_warning(note);
  for (const auto& owner : transferred->mixed_ttl)
    log_warning(text(Remark{.kind = RemarkKind::mixed_ttls, .owner = owner}));
  if (format == Format::text) print_text(out, *transferred, judge);
  co_return zone_object(*transferred, (*primary)->address(), judge);
}

}  // namespace

int list(const Settings& settings) {
  const auto zones = zones_of(settings);
  if (!zones) return failure(zones.error());
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  const auto wants = session.run(rollover::gather_sound_wants(session, rollover::Others::ignored));
  if (!wants) return failure(wants.error());
  const auto ledger = state::LedgerFile::peek(settings.state_directory, terminal);
  const Judge judge(*wants, ledger);
  Output out;
  json::array documents;
  auto troubles = wants->failures;
  for (const auto& zone : *zones) {
    auto document = session.run(list_zone(session, zone, judge, settings.format, out));
    if (document) {
      documents.push_back(std::move(*document));
    } else {
      troubles.push_back(document.error());
    }
  }
  if (settings.format == Format::json)
    out << json::serialize(json::object{{"zones", std::move(documents)}}) << "\n";
  if (const auto done = out.finish(); !done) return failure(done.error());
  std::optional<ErrorCode> worst;
  for (const auto& trouble : troubles) {
    log_error(trouble);
    worst = worst ? more_severe(*worst, trouble.code) : trouble.code;
  }
  return worst ? exit_status(*worst) : 0;
}

}  // namespace tlsa_update::cli
