#include "permissions.hpp"

#include "tlsa_update/dns/axfr_stream.hpp"
#include "tlsa_update/doctor/checkup.hpp"

namespace tlsa_update::doctor {
namespace {

using boost::asio::awaitable;
using Outcome = dns::UpdateOutcome::Kind;

constexpr const char* make_keyed =
    "let the key alone update it: update-policy or allow-update without addresses (BIND), a key in every acl "
    "with "
    "action: update (Knot), TSIG-ALLOW-DNSUPDATE (PowerDNS)";

// Nobody publishes this record, so to delete it changes nothing, whoever may.
TlsaRecord absent_record() { return {TlsaParameters{}, Bytes(32, 0)}; }

dns::Update harmless_update(const dns::ReadZone& zone, const OwnerView& view) {
  dns::RrsetChange change;
  change.owner = view.owner;
  change.observed = view.rrset;
  change.remove = {absent_record()};
  return {zone.view.apex, {std::move(change)}};
}

// Asks for an AXFR and leaves it after its first message, which is signed (RFC 8945 section 5.3.1).
awaitable<Result<void>> ask_transfer(dns::Exchange& primary, Name zone) {
  const auto& options = primary.options();
  std::optional<dns::AxfrStream> stream;
  const auto begin = [&](std::uint16_t id, Bytes request_mac) {
    stream.emplace(zone, id, options.key_of_transfers(), std::move(request_mac));
    if (!options.transfer_key && primary.has_verified()) stream->note_key_known();
  };
  const auto message = [&](ByteView wire) -> Result<bool> {
    const auto taken = stream->next(wire, options.clock());
    if (!taken) return tl::unexpected(taken.error());
    return true;
  };
  co_return co_await primary.transfer(zone, begin, message);
}

report::Check passed(std::string check, std::string detail, std::string advice = {}) {
  return {std::move(check), true, std::move(detail), std::move(advice)};
}

report::Check judge_update(const dns::UpdateOutcome& outcome, const std::string& key, const Name& owner,
                           const std::string& server) {
  if (outcome.kind == Outcome::done) {
    // Of what a Lua policy of PowerDNS drops it says the same.
    return passed("update",
                  key + " may change TLSA at " + owner.text() +
                      ", unless a policy of the server drops changes in silence: an UPDATE that changes "
                      "nothing there is answered NOERROR");
  }
  if (outcome.kind == Outcome::prerequisite_failed) {
    return failed_check(
        "update",
        {ErrorCode::not_yet, "the RRset is not what the server answered just before (a prerequisite failed)",
         owner.text(),
         "run doctor again: if this lasts, the server compares with other data than it "
         "answers, and publish says what that may be"});
  }
  auto error = outcome.error.value_or(Error{ErrorCode::no_answer, "no answer", server, {}});
  error.advice += (error.advice.empty() ? "" : "; ") + std::string("the lines below grant what is needed");
  return failed_check("update", error);
}

}  // namespace

std::vector<report::Check> check_updates(rollover::Session& session, const dns::ReadZone& zone) {
  const auto& key = zone.primary->options().key;
  if (!key) return {};  // the check of the key file has failed
  std::vector<awaitable<dns::UpdateOutcome>> questions;
  for (const auto& owner : zone.view.owners)
    questions.push_back(zone.primary->update(harmless_update(zone, owner)));
  const auto outcomes = session.run_all(std::move(questions));
  std::vector<report::Check> checks;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    checks.push_back(judge_update(outcomes[i], key->label(), zone.view.owners[i].owner, zone.view.server));
  return checks;
}

std::vector<report::Check> check_unsigned_update(rollover::Session& session, const dns::ReadZone& zone) {
  if (zone.view.owners.empty()) return {};
  const auto& view = zone.view.owners.front();
  const auto outcome = session.run(zone.primary->update_unsigned(harmless_update(zone, view)));
  if (outcome.kind != Outcome::done) return {};
  return {failed_check("update",
                       {ErrorCode::differences,
                        "zone " + zone.view.apex.text() +
                            " takes UPDATEs that nobody has signed, unless a policy of the server drops "
                            "them in silence: one that changes nothing at " +
                            view.owner.text() + " is answered NOERROR",
                        zone.view.server, make_keyed})};
}

report::Check check_transfer(rollover::Session& session, const dns::ReadZone& zone, bool is_needed) {
  const auto apex = zone.view.apex.text();
  const auto done = session.run(ask_transfer(*zone.primary, zone.view.apex));
  const auto* key = zone.primary->options().key_of_transfers();
  const std::string who = key != nullptr ? key->label() : "anybody";
  if (done) return passed("transfer", who + " may transfer " + apex);
  auto error = done.error();
  if (error.code != ErrorCode::refused) {
    error.what = "whether " + who + " may transfer " + apex + " could not be asked: " + error.what;
    return failed_check("transfer", error);
  }
  const std::string advice =
      "allow it: allow-transfer of BIND, an acl with action: transfer of Knot, TSIG-ALLOW-AXFR of PowerDNS";
  const std::string denied = who + " may not transfer " + apex;
  if (is_needed) return failed_check("transfer", {error.code, denied + ": " + error.what, {}, advice});
  return passed("transfer",
                denied + ", which only list and zones of more than " + std::to_string(dns::auto_query_limit) +
                    " names need",
                advice);
}

}  // namespace tlsa_update::doctor
