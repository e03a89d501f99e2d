#include "tlsa_update/core/report.hpp"

#include <array>
#include <utility>

#include "tlsa_update/core/dnssec.hpp"
#include "tlsa_update/core/server_fault.hpp"

namespace tlsa_update {

namespace {

// Every fixed word that JSON and text print, what it means for a person, and for a reason what usually ends
// the wait. tlsa-update(1), FIXED WORDS, lists them all; tests/docs compares the two.
template <class Value>
struct Entry {
  Value value;
  std::string_view word;
  std::string_view meaning = {};
  Ends ends = Ends::time;
};

constexpr auto states = std::to_array<Entry<RecordState>>({
    {RecordState::published, "published"},
    {RecordState::missing, "missing"},
    {RecordState::stale, "stale"},
    {RecordState::foreign, "foreign"},
    {RecordState::kept, "kept"},
});

constexpr auto actions = std::to_array<Entry<Action>>({
    {Action::none, "none"},
    {Action::add, "add"},
    {Action::remove, "delete"},
    {Action::wait, "wait"},
});

constexpr auto ends = std::to_array<Entry<Ends>>({
    {Ends::time, "time", "time alone, or the next run"},
    {Ends::server, "server", "a name server that answers again or catches up"},
    {Ends::service, "service", "the service, when it answers or presents something else"},
    {Ends::operator_, "operator", "the operator alone"},
});

constexpr auto danes = std::to_array<Entry<Dane>>({
    {Dane::ok, "ok"},
    {Dane::mismatch, "mismatch"},
    {Dane::unreachable, "unreachable"},
    {Dane::no_tls, "no-tls"},
    {Dane::not_offered, ""},  // not printed
    {Dane::no_records, ""},
});

constexpr auto dnssec_words = std::to_array<Entry<Dnssec>>({
    {Dnssec::secure, "secure"},
    {Dnssec::insecure, "insecure"},
    {Dnssec::bogus, "bogus"},
    {Dnssec::unknown, "unknown"},
});

constexpr auto reasons = std::to_array<Entry<Reason>>({
    {Reason::wanted, "wanted", "as wanted"},
    {Reason::missing, "missing", "wanted and not published; publish (or run) adds it"},
    {Reason::served_chain, "served-chain",
     "a new combination first covers what is served now (RFC 7671 section 8.1)"},
    {Reason::ttl_change, "ttl-change", "moves to the new TTL with the whole RRset"},
    {Reason::transitional, "transitional",
     "an old combination covers the new key until it has left (RFC 7671 section 8.2)", Ends::service},
    {Reason::seen, "seen", "seen at the primary"},
    {Reason::foreign, "foreign", "not published by this program: kept; --adopt takes it over"},
    {Reason::protected_, "protected", "listed under keep, or wanted by another service: never deleted"},
    {Reason::next_key, "next-key", "published ahead for the next renewal"},
    {Reason::may_be_cached, "may-be-cached",
     "caches may still hold the RRset from before the change (RFC 7671 section 8.1)"},
    {Reason::no_history, "no-history",
     "the name has not been watched for --longest-ttl: caches may hold another RRset from before the first "
     "look"},
    {Reason::server_returned, "server-returned",
     "a name server was out of reach and may have come back with an old zone, which caches may hold"},
    {Reason::unanswered, "unanswered",
     "an UPDATE that deletes it got no answer: a server may apply it as long as its signature is good"},
    {Reason::propagating, "propagating", "not yet at every authoritative server", Ends::server},
    {Reason::not_signed, "not-signed",
     "an authoritative server gives no valid RRSIG with it, though the zone is signed", Ends::server},
    {Reason::not_resolved, "not-resolved",
     "a resolver gives clients an RRset that would not accept the certificate: its cache is behind, or it "
     "shows another view of DNS; --resolver names another one, --resolver none takes none as a witness",
     Ends::server},
    {Reason::other_primary, "other-primary",
     "the name servers that clients ask have another serial and not this record: is this still the primary?",
     Ends::operator_},
    {Reason::unread, "unread",
     "the name, its authoritative servers, or what is wanted there could not be read", Ends::server},
    {Reason::still_served, "still-served", "an address of the service presents a chain that it matches",
     Ends::service},
    {Reason::not_probed, "not-probed",
     "an address of the service did not show what it serves; --assume-deployed overrides", Ends::service},
    {Reason::no_tls, "no-tls",
     "an address of the service offers no TLS, and with the first record clients do without the service "
     "rather than without TLS (RFC 7672 section 2.2); --force overrides",
     Ends::service},
    {Reason::not_deployed, "not-deployed", "an address presents a chain that the wanted records do not match",
     Ends::service},
    {Reason::may_go_live, "may-go-live",
     "its certificate was released for deployment and has not been seen since", Ends::service},
    {Reason::replacement_not_ready, "replacement-not-ready",
     "the new record is not yet known to every client"},
    {Reason::grace, "grace", "--grace has not passed since it was last seen live"},
    {Reason::combination_would_break, "combination-would-break",
     "a combination of parameters would match nothing that is served (RFC 7671 section 8)", Ends::operator_},
    {Reason::first_record, "first-record",
     "nothing is published, and what is served would not match it: give the certificate that is served as "
     "well, "
     "deploy by hand, or use --force",
     Ends::operator_},
    {Reason::last_record, "last-record", "the last record goes only with --unpublish", Ends::operator_},
    {Reason::wanted_before, "wanted-before",
     "a service or configuration that is gone wanted it, and --forget-after has not passed; prune --forget "
     "ends that"},
    {Reason::uncovers_wildcard, "uncovers-wildcard",
     "once the last record is gone a wildcard answers here (RFC 4592 section 3.3.1), and clients may refuse "
     "what "
     "is served: change the records of the wildcard first, or use --force",
     Ends::operator_},
    {Reason::superseded, "superseded", "stale, and safe to delete"},
    {Reason::unpublished, "unpublished", "--unpublish"},
    {Reason::hazard, "hazard", "refused: publishing here would break something or be without effect",
     Ends::operator_},
    {Reason::leaving, "leaving", "gone from the primary, and a server may still hand it out", Ends::server},
    {Reason::other_service, "other-service",
     "another service reads a file that is to be installed, and is not ready"},
    {Reason::orphan, "orphan", "nothing that is configured asks for the name"},
    {Reason::unasked, "published", "nothing is configured to compare it with"},
    {Reason::not_wanted, "stale", "published by this program, and matches nothing that is wanted"},
    {Reason::occluded, "occluded", "below a delegation or DNAME: never answered"},
    {Reason::installed, "installed",
     "a new combination first covers what lies where certificates are installed (RFC 7671 section 8.1)"},
    {Reason::remembered, "remembered",
     "the RRset vanished, and what this record matches was served when last looked at"},
    {Reason::not_accepted, "not-accepted",
     "clients would refuse this certificate by the record that it matches (RFC 7671 section 5)",
     Ends::operator_},
    {Reason::malformed, "malformed", "no client can use it"},
});

template <class Value, std::size_t size>
constexpr bool is_indexed_by_value(const std::array<Entry<Value>, size>& table) {
  for (std::size_t i = 0; i < size; ++i) {
    if (static_cast<std::size_t>(table[i].value) != i) return false;
  }
  return true;
}
static_assert(is_indexed_by_value(states) && is_indexed_by_value(actions) && is_indexed_by_value(ends) &&
              is_indexed_by_value(danes) && is_indexed_by_value(dnssec_words) &&
              is_indexed_by_value(reasons));
static_assert(reasons.size() == static_cast<std::size_t>(Reason::malformed) + 1);

template <class Value, std::size_t size>
const Entry<Value>& entry_of(const std::array<Entry<Value>, size>& table, Value value) {
  return table[static_cast<std::size_t>(value)];
}

std::string meaning_until(Reason reason, const std::optional<Time>& until) {
  std::string sentence(entry_of(reasons, reason).meaning);
  if (until) sentence += "; until " + rfc3339(*until);
  return sentence;
}

std::string words_for(const Place& place) {
  return place.server.empty() ? place.address : place.server + " " + place.address;
}

}  // namespace

std::string_view text(RecordState state) { return entry_of(states, state).word; }
std::string_view text(Action action) { return entry_of(actions, action).word; }
std::string_view text(Reason reason) { return entry_of(reasons, reason).word; }
std::string_view text(Ends end) { return entry_of(ends, end).word; }
std::string_view text(Dane dane) { return entry_of(danes, dane).word; }
std::string_view text(Dnssec verdict) { return entry_of(dnssec_words, verdict).word; }
std::string_view meaning(Reason reason) { return entry_of(reasons, reason).meaning; }
Ends usual_end(Reason reason) { return entry_of(reasons, reason).ends; }

std::string detail(const Step& step, const RrsetPlan& plan) {
  if (step.reason == Reason::hazard && plan.refused) return refusal(*plan.refused, plan.owner).what;
  std::string sentence =
      meaning_until(step.reason, step.action == Action::wait ? step.ready_at : std::nullopt);
  if (step.reason == Reason::ttl_change && plan.observed) {
    sentence += ": " + std::to_string(plan.observed->ttl) + " s to " + std::to_string(plan.ttl) + " s";
  }
  if (step.reason == Reason::served_chain && !step.credential.empty()) sentence += ": " + step.credential;
  return sentence;
}

std::string detail(const Wait& wait) {
  std::string sentence = wait.credential.empty() ? std::string{} : wait.credential + ": ";
  if (wait.is_deletion) sentence += "the deletion of ";
  if (!wait.record.data.empty()) sentence += wait.record.text() + ": ";
  sentence += meaning_until(wait.reason, wait.ready_at);
  for (const auto& place : wait.places) {
    if (place.since) sentence += "; out of reach since " + rfc3339(*place.since) + ": " + words_for(place);
  }
  if (!wait.why.empty()) sentence += ": " + wait.why;
  if (wait.reason == Reason::combination_would_break && wait.ends == Ends::operator_) {
    sentence += "; a " + wait.record.parameters.text() +
                " record is there that it does not match: adopt it, or publish " +
                wait.record.parameters.text() + " as well";
  }
  return sentence;
}

std::string detail(const Listed& listed) {
  const std::string by_us = listed.is_ours ? "published by us, " : "";
  switch (listed.reason) {
    case Reason::malformed:
      return "malformed, " + listed.fault;
    case Reason::protected_:
      return "kept";
    case Reason::wanted:
      return "matches " + listed.credential;
    case Reason::unread:
      return "published by us; what is wanted here could not be read";
    case Reason::orphan:
    case Reason::unasked:
      return by_us +
             (listed.reason == Reason::orphan ? "orphan, nothing configured asks for it"
                                              : "nothing is configured") +
             (listed.credential.empty() ? "" : ", matches " + listed.credential);
    case Reason::foreign:
    case Reason::not_wanted:
      return by_us + (listed.credential.empty() ? "matches no credential that is configured"
                                                : "not wanted, though it matches " + listed.credential);
    default:
      return std::string(meaning(listed.reason));
  }
}

std::string why_refused(const Acceptance& acceptance) {
  if (!acceptance.has_usable) return "finds no usable TLSA record";
  if (!acceptance.unused && !acceptance.refusal.empty())
    return "clients do not accept: " + acceptance.refusal;
  if (!acceptance.unused) return "matches no published record";
  const auto stronger = acceptance.stronger->parameters.text();
  return "clients do not accept (RFC 7671 section 9): a " + stronger +
         " record is there and is used before " + acceptance.unused->text() + ": adopt it, or publish " +
         stronger + " as well";
}

std::string detail(const EndpointVerdict& verdict, const Presented& presented) {
  if (verdict.dane != Dane::mismatch) return presented.detail;
  std::string sentence;
  for (const auto& [server, address, acceptance] : verdict.refusals) {
    // OpenSSL, which was given the primary's RRset, knows more of names, dates and the path.
    const bool by_openssl = server.empty() && !acceptance.unused && !presented.detail.empty();
    sentence += (sentence.empty() ? "" : "; ") + (by_openssl ? presented.detail : why_refused(acceptance));
    if (!server.empty()) sentence += " at " + server + " " + address;
    if (server.empty()) break;  // the servers have it from the primary
  }
  return sentence;
}

Error refusal(Hazard hazard, const Name& owner) {
  const auto refuse = [&](std::string what, std::string advice) {
    return Error{ErrorCode::unsafe, std::move(what), owner.text(), std::move(advice)};
  };
  switch (hazard) {
    case Hazard::below_zone_cut:
      return refuse("the name lies below a zone cut: this zone would store the record and never answer it",
                    "publish in the delegated zone, at its own primary (RFC 2136 section 7.18)");
    case Hazard::below_dname:
      return refuse("the name lies below a DNAME: this zone would store the record and never answer it",
                    "publish at the target of the DNAME (RFC 6672 section 2.4)");
    case Hazard::host_is_wildcard:
      return refuse("the host exists only through a wildcard: the new name would take its addresses away",
                    "give the host its own address records, or use --force (RFC 4592 section 2.2.2)");
    case Hazard::hides_wildcard:
      return refuse("a wildcard answers here now: the new name would hide all that it answers",
                    "change the records of the wildcard itself, or use --force (RFC 4592 section 2.2.1)");
  }
  return refuse("publishing here is refused", "use --force to override");
}

namespace {

// "of _25._tcp.mail.example.com."
std::string signature_trouble(const SignatureFault& fault, const std::string& of) {
  const std::string when = fault.at ? rfc3339(*fault.at) : std::string("an unknown time");
  switch (fault.kind) {
    case SignatureFault::Kind::expired:
      return "the signature (RRSIG) of " + of + " expired at " + when;
    case SignatureFault::Kind::early:
      return "the signature (RRSIG) of " + of + " does not begin before " + when;
    case SignatureFault::Kind::unverified:
      break;
  }
  return "no key of the zone made the signature (RRSIG) of " + of + " over this data";
}

// Clients find it by the parent's servers or a resolver.
std::string unknown_to(const std::string& primary) {
  return "the primary does not name it at this address, and clients ask it: is " + primary +
         " still the primary? If so, take the server out of the delegation, or have it fetch the zone";
}

constexpr const char* see_transfers = "if this lasts: look at its log for NOTIFY and transfers";
std::string see_primary(const ZoneView& zone, const ServerView& server) {
  const bool is_ahead = server.serial && serial_less(zone.serial, *server.serial);
  return is_ahead
             ? "is " + zone.server + " still the primary? If so, does this server transfer the zone from it?"
             : "does it transfer the zone from this primary, in this view? " + std::string(see_transfers);
}

std::string see_connection(const ServerView& server) {
  return (server.advice.empty()
              ? "clients ask it as well: start it, open its port, or take its NS record away"
              : server.advice) +
         "; if this host alone cannot ask it, --nameserver names those to ask";
}

constexpr const char* see_signer =
    "have its signer sign again, or the transfers to it succeed: clients that validate ask it as well";

}  // namespace

Error trouble(const ServerFault& fault, const ZoneView& zone, const ServerView& server) {
  const auto where = server.address.empty() ? server.name : server.name + " " + server.address;
  const bool is_of_keys = fault.owner == zone.apex;
  switch (fault.kind) {
    case ServerFault::Kind::unreachable:
      return {ErrorCode::no_answer,
              (server.address.empty() ? "cannot be asked: " : "does not answer: ") + server.trouble, where,
              see_connection(server)};
    case ServerFault::Kind::older_serial:
      return {ErrorCode::not_yet,
              "has serial " + std::to_string(server.serial.value_or(0)) + ", the primary has " +
                  std::to_string(zone.serial),
              where, server.is_named_by_primary ? std::string(see_transfers) : unknown_to(zone.server)};
    case ServerFault::Kind::newer_serial:
      return {ErrorCode::differences,
              "has serial " + std::to_string(server.serial.value_or(0)) + ", ahead of the primary's " +
                  std::to_string(zone.serial) + ": it takes no zone from it (RFC 1982)",
              where,
              "is " + zone.server +
                  " still the primary? If so, set its serial higher, or have the server fetch the zone anew"};
    case ServerFault::Kind::other_records:
      return {ErrorCode::differences,
              "has other TLSA records than the primary at " + fault.owner.text() +
                  (server.serial && !serial_less(*server.serial, zone.serial)
                       ? ", though its serial " + std::to_string(*server.serial) + " is not older"
                       : ""),
              where, server.is_named_by_primary ? see_primary(zone, server) : unknown_to(zone.server)};
    case ServerFault::Kind::no_signature:
      return {ErrorCode::differences,
              is_of_keys
                  ? "serves no DNSKEY of " + zone.apex.text() + ", though the zone is signed"
                  : "gives no signature (RRSIG) of " + fault.owner.text() + ", though the zone is signed",
              where, see_signer};
    case ServerFault::Kind::bad_signature:
      break;
  }
  const auto of = is_of_keys ? "the DNSKEY records of " + zone.apex.text() : fault.owner.text() + " TLSA";
  return {ErrorCode::differences, signature_trouble(fault.signature.value_or(SignatureFault{}), of), where,
          see_signer};
}

}  // namespace tlsa_update
