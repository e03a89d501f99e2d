#include "zone_list.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "failure.hpp"
#include "log.hpp"
#include "output.hpp"
#include "terminal.hpp"
#include "tlsa_update/core/listing.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/dns/apex.hpp"
#include "tlsa_update/report/record_object.hpp"
#include "tlsa_update/rollover/gathering.hpp"
#include "tlsa_update/rollover/names.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::cli {
namespace {

namespace json = boost::json;

json::object rrset_object(const Name& owner, const Rrset& rrset, const dns::TransferredZone& zone,
                          const RecordJudge& judge) {
  json::array records;
  const bool is_occluded = dns::is_occluded(zone, owner);
  for (const auto& record : rrset.records) {
    const auto listed = judge.on(owner, record, is_occluded);
    auto entry = report::record_object(record);
    entry["state"] = text(listed.state);
    entry["action"] = text(Action::none);
    entry["reason"] = text(listed.reason);
    entry["detail"] = printable(detail(listed));
    if (!listed.credential.empty()) entry["credential"] = printable(listed.credential, 4096);
    records.push_back(std::move(entry));
  }
  return {
      {"owner", owner.text()}, {"asked", owner.text()}, {"ttl", rrset.ttl}, {"records", std::move(records)}};
}

// A server that refuses to transfer what is no zone says the same as of a zone that the key may not have; and
// of a key that it has signed another answer with in between, its refusal tells more.
boost::asio::awaitable<Result<dns::TransferredZone>> transfer_or_reason(dns::Exchange& primary, Name zone) {
  auto transferred = co_await dns::transfer_zone(primary, zone);
  if (transferred || transferred.error().code != ErrorCode::refused) co_return transferred;
  const bool was_verified = primary.has_verified();
  const auto apex = co_await dns::apex_of(primary, zone);
  if (!apex) co_return transferred;
  if (*apex != zone) {
    co_return fail(ErrorCode::refused, zone.text() + " is no zone: it lies in zone " + apex->text(),
                   primary.address(), "list " + apex->text());
  }
  if (was_verified || !primary.has_verified() || primary.options().transfer_key) co_return transferred;
  co_return co_await dns::transfer_zone(primary, zone);
}

// The arguments, --zone, or every [zone.NAME]. Error usage: no such name, or none at all.
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

RecordJudge judge_of(const rollover::Wants& wants, const Ledger& ledger) {
  std::vector<GivenCredential> given;
  TlsaRecords kept;
  for (const auto& service : wants.services) {
    given.insert(given.end(), service.credentials.begin(), service.credentials.end());
    const auto& settings = *service.settings;
    if (settings.names.empty()) kept.insert(kept.end(), settings.keep.begin(), settings.keep.end());
  }
  return RecordJudge(wants.desired, std::move(given), std::move(kept), ledger);
}

// Errors: those of the transfer; of a refusal with what is known of the key and of the zone.
boost::asio::awaitable<Result<ListedZone>> transfer(rollover::Session& session, Name zone) {
  const auto primary = co_await session.primary_for()(zone);
  if (!primary) co_return tl::unexpected(primary.error());
  auto transferred = co_await transfer_or_reason(**primary, zone);
  if (!transferred) co_return tl::unexpected(std::move(transferred.error()));
  for (const auto& note : dns::notes_on(*transferred)) log_warning(note);
  for (const auto& owner : transferred->mixed_ttl)
    log_warning(text(Remark{.kind = RemarkKind::mixed_ttls, .owner = owner}));
  co_return ListedZone{std::move(*transferred), (*primary)->address()};
}

void print_text(Output& out, const ListedZone& listed, const RecordJudge& judge) {
  for (const auto& [owner, rrset] : listed.zone.tlsa) {
    const bool is_occluded = dns::is_occluded(listed.zone, owner);
    for (const auto& record : rrset.records) {
      const auto verdict = judge.on(owner, record, is_occluded);
      out << owner.text() << " " << rrset.ttl << " IN TLSA " << record.text() << " ; " << text(verdict.state)
          << ": " << printable(detail(verdict)) << "\n";
    }
  }
}

json::object zone_object(const ListedZone& listed, const RecordJudge& judge) {
  const auto& zone = listed.zone;
  json::array rrsets;
  for (const auto& [owner, rrset] : zone.tlsa) rrsets.push_back(rrset_object(owner, rrset, zone, judge));
  return {{"zone", zone.apex.text()},
          {"server", printable(listed.server)},
          {"serial", zone.serial},
          {"signed", zone.is_signed},
          {"rrsets", std::move(rrsets)}};
}

}  // namespace

Result<Listing> list_zones(const Settings& settings) {
  const auto zones = zones_of(settings);
  if (!zones) return tl::unexpected(zones.error());
  Terminal terminal(settings.quiet);
  rollover::Session session(settings, terminal);
  auto wants = session.run(rollover::gather_sound_wants(session, rollover::Others::ignored));
  if (!wants) return tl::unexpected(wants.error());
  Listing listing;
  listing.wants = std::move(*wants);
  listing.ledger = state::LedgerFile::peek(settings.state_directory, terminal);
  listing.troubles = listing.wants.failures;
  for (const auto& zone : *zones) {
    auto listed = session.run(transfer(session, zone));
    if (listed) {
      listing.zones.push_back(std::move(*listed));
    } else {
      listing.troubles.push_back(std::move(listed.error()));
    }
  }
  return listing;
}

int finish(const Listing& listing, Format format) {
  const auto judge = judge_of(listing.wants, listing.ledger);
  Output out;
  json::array documents;
  for (const auto& listed : listing.zones) {
    if (format == Format::json) {
      documents.push_back(zone_object(listed, judge));
    } else {
      print_text(out, listed, judge);
    }
  }
  if (format == Format::json) out << json::serialize(json::object{{"zones", std::move(documents)}}) << "\n";
  if (const auto done = out.finish(); !done) return failure(done.error());
  report::Findings found;
  found.troubles = listing.troubles;
  for (const auto& trouble : found.troubles) log_error(trouble);
  return exit_status_of(found);
}

}  // namespace tlsa_update::cli
