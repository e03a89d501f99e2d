#include "checkup.hpp"

#include <algorithm>

#include "grants.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"

namespace tlsa_update::cli {
namespace {

using boost::asio::awaitable;

constexpr std::uint32_t long_ttl = 86400;  // seconds: from here on every rollover takes days

// What went wrong while looking, by what an administrator would go and mend.
std::string_view subject_of(const Error& error) {
  const auto says = [&](std::string_view word) { return error.what.find(word) != std::string::npos; };
  if (says("BADTIME")) return "clock";
  if (says("BADKEY") || says("BADSIG") || says("TSIG") || error.code == ErrorCode::protocol) return "tsig";
  if (error.code == ErrorCode::no_answer) return "server";
  if (error.code == ErrorCode::unreadable || error.code == ErrorCode::bad_data) return "key-file";
  return error.code == ErrorCode::unsafe ? "records" : "zone";
}

// That nobody publishes: its deletion changes nothing, whoever is allowed it.
TlsaRecord absent_record() { return {TlsaParameters{}, Bytes(32, 0)}; }

awaitable<dns::UpdateOutcome> ask_policy(dns::Exchange& primary, Name zone, OwnerView view) {
  dns::RrsetChange change;
  change.owner = view.owner;
  change.observed = view.rrset;
  change.remove = {absent_record()};
  dns::Update update;
  update.zone = std::move(zone);
  update.changes.push_back(std::move(change));
  co_return co_await primary.update(std::move(update));
}

// AXFR is asked for and left after its first message, which is signed (RFC 8945 section 5.3.1).
awaitable<Result<void>> ask_transfer(dns::Exchange& primary, Name zone) {
  const auto& options = primary.options();
  std::optional<dns::AxfrStream> stream;
  const auto begin = [&](std::uint16_t id, Bytes request_mac) {
    stream.emplace(zone, id, options.key.get(), std::move(request_mac));
  };
  const auto message = [&](ByteView wire) -> Result<bool> {
    const auto taken = stream->next(wire, options.clock());
    if (!taken) return tl::unexpected(taken.error());
    return true;
  };
  co_return co_await primary.transfer(zone, begin, message);
}

class Checkup {
 public:
  Checkup(Session& session, const Findings& found) : session_(session), found_(found) {}

  Diagnosis run(const std::vector<dns::ReadZone>& read) {
    for (const auto& trouble : found_.troubles) fail(std::string(subject_of(trouble)), trouble);
    for (const auto& zone : read) {
      check_primary(zone);
      check_permissions(zone);
      check_transfer(zone);
      check_signing(zone.view);
      for (const auto& owner : zone.view.owners) check_owner(owner);
      for (const auto& server : zone.view.servers) check_server(zone.view, server);
      write_grants(zone);
    }
    if (found_.evidence) {
      for (const auto& evidence : *found_.evidence) check_service(evidence);
    }
    return std::move(diagnosis_);
  }

 private:
  void pass(std::string check, std::string detail, std::string advice = {}) {
    diagnosis_.checks.push_back({std::move(check), true, std::move(detail), std::move(advice)});
  }

  // The same trouble at a hundred names is one.
  void fail(std::string check, const Error& error) {
    auto failed = failed_check(std::move(check), error);
    auto& checks = diagnosis_.checks;
    if (std::find(checks.begin(), checks.end(), failed) == checks.end()) checks.push_back(std::move(failed));
  }

  void check_primary(const dns::ReadZone& zone) {
    const auto& options = zone.primary->options();
    pass("zone", zone.view.apex.text() + " is answered by " + zone.view.server + ", serial " +
                     std::to_string(zone.view.serial));
    if (!options.key || !options.sign_queries) return;
    pass("tsig", zone.view.server + " takes " + options.key->label() + " and signs its answers");
    pass("clock", "ours and that of " + zone.view.server + " differ by at most " +
                      std::to_string(dns::tsig_fudge) + " s");
  }

  void check_permissions(const dns::ReadZone& zone) {
    const auto& key = zone.primary->options().key;
    if (!key) return;  // said of the key file
    std::vector<awaitable<dns::UpdateOutcome>> questions;
    for (const auto& owner : zone.view.owners)
      questions.push_back(ask_policy(*zone.primary, zone.view.apex, owner));
    const auto outcomes = session_.run_all(std::move(questions));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const auto& owner = zone.view.owners[i].owner.text();
      using Kind = dns::UpdateOutcome::Kind;
      if (outcomes[i].kind == Kind::done) {
        pass("update", key->label() + " may change TLSA at " + owner);
      } else if (outcomes[i].kind == Kind::prerequisite_failed) {
        fail("update",
             {ErrorCode::not_yet, "somebody changed the RRset meanwhile", owner, "run doctor again"});
      } else {
        auto error =
            outcomes[i].error.value_or(Error{ErrorCode::no_answer, "no answer", zone.view.server, {}});
        error.advice +=
            (error.advice.empty() ? "" : "; ") + std::string("the lines below grant what is needed");
        fail("update", error);
      }
    }
  }

  // Least privilege is no illness: AXFR counts only where it is needed.
  void check_transfer(const dns::ReadZone& zone) {
    const auto mode = session_.settings().read;
    const bool is_needed = mode == dns::ReadMode::axfr || (mode == dns::ReadMode::automatic &&
                                                           zone.view.owners.size() > dns::auto_query_limit);
    const auto done = session_.run(ask_transfer(*zone.primary, zone.view.apex));
    const auto* key = zone.primary->options().key.get();
    const std::string who = key != nullptr ? key->label() : "anybody";
    if (done) return pass("transfer", who + " may transfer " + zone.view.apex.text());
    const std::string advice = "allow it: allow-transfer of BIND, an acl with action: transfer of Knot";
    if (is_needed) {
      fail("transfer", {done.error().code, "no AXFR: " + done.error().what, zone.view.apex.text(), advice});
    } else {
      pass("transfer",
           zone.view.apex.text() + ": no AXFR: " + done.error().what + "; only list and zones of more than " +
               std::to_string(dns::auto_query_limit) + " names need it",
           advice);
    }
  }

  // RFC 6698 section 4.1: only what is secure is used.
  void check_signing(const ZoneView& zone) {
    const auto apex = zone.apex.text();
    if (!zone.is_signed) {
      return fail("signed",
                  {ErrorCode::differences, "the zone is not signed, and no client uses its TLSA records",
                   apex, "have the primary sign it: dnssec-policy of BIND, dnssec-signing of Knot"});
    }
    pass("signed", apex + " has DNSKEY records");
    const dns::Question question{zone.apex, dns::type::soa};
    switch (session_.run(session_.resolver().verdict(question))) {
      case dns::Dnssec::secure:
        return pass("chain-of-trust", apex + " is secure from the root down to its DS record (AD)");
      case dns::Dnssec::bogus:
        return fail("chain-of-trust", {ErrorCode::unsafe, "the resolver finds the zone bogus", apex,
                                       "compare the DS record at the parent with the zone's DNSKEY"});
      case dns::Dnssec::insecure:
        return check_parent(zone.apex);
      case dns::Dnssec::unknown:
        return pass("chain-of-trust", apex + ": no resolver that may be trusted has told",
                    "name one on this machine with --resolver, or set options trust-ad in resolv.conf");
    }
  }

  void check_parent(const Name& apex) {
    const dns::Question question{apex.parent(), dns::type::soa};
    const bool only_here = session_.run(session_.resolver().verdict(question)) == dns::Dnssec::secure;
    fail("chain-of-trust",
         {ErrorCode::differences,
          only_here ? "the zone is signed, but its parent holds no DS record for it"
                    : "the zone is signed, but not secure: a DS record is missing here or above",
          apex.text(), "give the DS record (dnssec-dsfromkey, keymgr ds) to the registrar"});
  }

  void check_owner(const OwnerView& view) {
    const auto asked = view.asked.text();
    if (view.asked != view.owner)
      pass("alias", asked + " is an alias: its records live at " + view.owner.text());
    for (const auto hazard : view.hazards) fail("name", refusal(hazard, view.owner));
    if (!view.host_exists) {
      fail("name", {ErrorCode::differences, "the host has no records, and no wildcard stands for it", asked,
                    "is the name spelt as the MX record or the client spells it?"});
    }
    check_ttl(view);
  }

  void check_ttl(const OwnerView& view) {
    if (!view.rrset) {
      return pass("ttl", view.owner.text() + ": no TLSA record is published yet" +
                             (view.wildcard_answer ? ", a wildcard answers" : ""));
    }
    if (view.mixed_ttl) {
      fail("ttl", {ErrorCode::differences, "one RRset with several TTLs (RFC 2181 section 5.2)",
                   view.owner.text(), "publish --ttl TIME mends it"});
    }
    const auto ttl = view.rrset->ttl;
    const auto wait = human_duration(Seconds(ttl) * session_.settings().wait_factor);
    pass("ttl", view.owner.text() + ": TTL " + std::to_string(ttl) + ", so a new key waits " + wait,
         ttl > long_ttl ? "publish --ttl 1h makes renewals and repairs quicker" : "");
  }

  void check_server(const ZoneView& zone, const ServerView& server) {
    const auto where = server.name + " " + server.address;
    if (!server.reachable) {
      return fail("nameserver",
                  {ErrorCode::no_answer, "does not answer: " + server.trouble, where,
                   "clients ask it as well: start it, open its port, or take its NS record away"});
    }
    if (server.serial && serial_less(*server.serial, zone.serial)) {
      return fail("nameserver", {ErrorCode::not_yet,
                                 "has serial " + std::to_string(*server.serial) + ", the primary has " +
                                     std::to_string(zone.serial),
                                 where, "if this lasts: look at its log for NOTIFY and transfers"});
    }
    if (!server.trouble.empty()) {
      return fail("nameserver", {ErrorCode::protocol, server.trouble, where, "see its log"});
    }
    pass("nameserver", where + " is up to date");
  }

  void check_service(const ServiceEvidence& evidence) {
    const auto host = evidence.service.host.text() + " port " + std::to_string(evidence.service.port);
    if (evidence.presented.empty()) {
      return fail("service", {ErrorCode::no_answer, "the host has no address that is known", host,
                              "check its A and AAAA records, or give --address"});
    }
    for (const auto& presented : evidence.presented) {
      if (presented.outcome != ProbeOutcome::not_offered) check_endpoint(host, evidence.service, presented);
    }
  }

  void check_endpoint(const std::string& host, const Service& service, const Presented& presented) {
    const auto where = host + " at " + presented.address;
    if (presented.outcome != ProbeOutcome::served) {
      return fail("service", {ErrorCode::no_answer, presented.detail, where,
                              "nothing is deleted while an address cannot be probed: start it, or take the "
                              "address away"});
    }
    const std::string kind(text(presented.key_type));
    if (presented.dane_ok) {
      return pass("service", where + ": the " + kind + " certificate matches " +
                                 (presented.matched ? presented.matched->parameters.text() : "a record"));
    }
    if (!is_published(service)) {
      return pass("service", where + ": presents a certificate of kind " + kind, "publish its record");
    }
    fail("service", {ErrorCode::unsafe, "the " + kind + " certificate matches no published record", where,
                     "publish --cert with the certificate that is served, now"});
  }

  [[nodiscard]] bool is_published(const Service& service) const {
    const auto owner = service.owner();
    for (const auto& zone : found_.zones) {
      for (const auto& view : zone.owners) {
        if (owner && view.asked == *owner) return view.rrset || view.wildcard_answer;
      }
    }
    return false;
  }

  void write_grants(const dns::ReadZone& zone) {
    const auto& options = zone.primary->options();
    if (!options.key) return;
    Grantee grantee{options.key->name, options.key->algorithm,
                    Session::key_path(session_.server_settings(zone.view.apex).key_file),
                    options.transport == dns::Transport::tls};
    std::vector<Name> owners;
    for (const auto& view : zone.view.owners) owners.push_back(view.owner);
    diagnosis_.grants.push_back(grants_for(zone.view.apex, grantee, std::move(owners)));
  }

  Session& session_;
  const Findings& found_;
  Diagnosis diagnosis_;
};

Check check_key(Session& session, const std::string& file, bool allow_weak) {
  const auto key = session.key(file, allow_weak);
  if (!key) return failed_check("key-file", key.error());
  if (*key == nullptr) {
    return failed_check("key-file", {ErrorCode::usage,
                                     "no TSIG key is configured, and no UPDATE is sent unsigned",
                                     {},
                                     "make one with tsig-keygen, and name its file with --key-file"});
  }
  const auto& tsig = **key;
  const bool is_short = tsig.secret.size() < dns::mac_size(tsig.algorithm);
  std::string advice;
  if (is_short) advice = "make a longer one: tsig-keygen -a " + std::string(dns::text(tsig.algorithm));
  if (dns::is_weak(tsig.algorithm)) advice = "hmac-sha256 is not broken: tsig-keygen -a hmac-sha256";
  const auto path = Session::key_path(file);
  return {"key-file", true,
          path + " is private and holds " + tsig.label() + " with a secret of " +
              std::to_string(tsig.secret.size()) + " octets",
          advice};
}

}  // namespace

Check failed_check(std::string check, const Error& error) {
  const auto where = error.where.empty() ? std::string{} : error.where + ": ";
  return {std::move(check), false, where + error.what, error.advice, error.code};
}

std::vector<Check> check_keys_of(Session& session) {
  const auto& settings = session.settings();
  std::vector<Check> checks;
  const auto add = [&](const ServerSettings& how, const std::string& file) {
    auto check = check_key(session, file, how.allow_weak_tsig);
    if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(std::move(check));
  };
  // Where every zone has a section of its own, the default may well have none.
  if (settings.zones.empty() || !settings.primary.key_file.empty())
    add(settings.primary, settings.primary.key_file);
  for (const auto& [zone, how] : settings.zones) add(how, how.key_file);
  if (!settings.primary.transfer_key_file.empty()) add(settings.primary, settings.primary.transfer_key_file);
  for (const auto& [zone, how] : settings.zones) {
    if (!how.transfer_key_file.empty()) add(how, how.transfer_key_file);
  }
  return checks;
}

Diagnosis examine(Session& session, const std::vector<dns::ReadZone>& read, const Findings& found) {
  return Checkup(session, found).run(read);
}

}  // namespace tlsa_update::cli
