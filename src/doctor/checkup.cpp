#include "tlsa_update/doctor/checkup.hpp"

#include <algorithm>

#include "grants.hpp"
#include "permissions.hpp"
#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/core/server_fault.hpp"
#include "tlsa_update/report/health.hpp"
#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/verdict.hpp"
#include "trust.hpp"

namespace tlsa_update::doctor {
namespace {

using boost::asio::awaitable;

constexpr std::uint64_t noticeable_skew = 10;  // seconds: NTP does better

// What went wrong while looking, by what an administrator would look at to fix it.
std::string_view subject_of(const Error& error) {
  if (error.topic == Topic::clock) return "clock";
  const bool is_about_key = error.topic == Topic::key || error.topic == Topic::tsig;
  if (is_about_key || error.code == ErrorCode::protocol) return "tsig";
  if (error.code == ErrorCode::no_answer) return "server";
  if (error.code == ErrorCode::unreadable || error.code == ErrorCode::bad_data) return "key-file";
  return error.code == ErrorCode::unsafe ? "records" : "zone";
}

// The same address, asked with the key and without it.
constexpr const char* other_view =
    "it is the primary itself, which shows the key another view of the zone than clients: update the view "
    "of the clients, with its own key";

constexpr const char* make_key =
    "make one: (umask 077; echo hmac-sha256:tlsa-update:$(openssl rand -base64 32) "
    ">/etc/tlsa-update/tsig.key)";

// The key that this command makes.
GrantedKey key_to_be_made() {
  return {*Name::parse("tlsa-update"), dns::TsigAlgorithm::hmac_sha256, "/etc/tlsa-update/tsig.key"};
}

Error with_advice(Error error) {
  if (error.topic == Topic::key)
    error.advice += (error.advice.empty() ? "" : "; ") + std::string("the lines below make the key known");
  if (error.code == ErrorCode::no_answer && error.advice.empty())
    error.advice = "is it running, and is it the right --server and --port?";
  return error;
}

class Checkup {
 public:
  Checkup(rollover::Session& session, const report::Findings& found, KeyUse key)
      : session_(session), found_(found), judge_(found.zones, found.judge.get()), key_(key) {}

  report::Diagnosis run(const std::vector<dns::ReadZone>& read) {
    for (const auto& trouble : found_.troubles) fail(std::string(subject_of(trouble)), with_advice(trouble));
    for (const auto& zone : read) {
      check_primary(zone);
      if (key_ == KeyUse::taken) {
        add(check_updates(session_, zone));
        diagnosis_.checks.push_back(check_transfer(session_, zone, needs_transfer(zone)));
      }
      add(check_unsigned_update(session_, zone));
      check_signing(zone);
      for (const auto& owner : zone.view.owners) {
        check_owner(owner);
        check_resolver(owner);
      }
      check_servers(zone.view);
      write_grants(zone);
    }
    if (found_.evidence) {
      for (const auto& evidence : *found_.evidence) check_service(evidence);
    }
    check_plan();
    return std::move(diagnosis_);
  }

 private:
  void pass(std::string check, std::string detail, std::string advice = {}) {
    diagnosis_.checks.push_back({std::move(check), true, std::move(detail), std::move(advice)});
  }

  void fail(std::string check, const Error& error) { add({failed_check(std::move(check), error)}); }

  void check_primary(const dns::ReadZone& zone) {
    const auto& options = zone.primary->options();
    pass("zone", zone.view.apex.text() + " is answered by " + zone.view.server + ", serial " +
                     std::to_string(zone.view.serial));
    if (!options.key || !options.sign_queries) return;
    pass("tsig", zone.view.server + " takes " + options.key->label() + " and signs its answers");
    check_clock(zone);
  }

  // Every answer is signed with the time of the server; asked for once more, so that it is fresh.
  void check_clock(const dns::ReadZone& zone) {
    const auto& clock = zone.primary->options().clock;
    const auto asked = clock();
    const auto answer = session_.run(zone.primary->query({zone.view.apex, dns::type::soa}));
    if (!answer) return fail(std::string(subject_of(answer.error())), answer.error());
    if (answer->signed_at) compare_clocks(zone.view.server, *answer->signed_at, asked, clock());
  }

  void compare_clocks(const std::string& server, std::uint64_t theirs, std::uint64_t asked,
                      std::uint64_t answered) {
    const auto behind = theirs > answered ? theirs - answered : 0;  // ours, in seconds
    const auto ahead = theirs < asked ? asked - theirs : 0;
    const std::string limit = std::to_string(dns::tsig_fudge) + " s";
    const std::string advice =
        std::max(behind, ahead) > noticeable_skew
            ? "set the clocks right: more than " + limit + " of difference, and nothing is accepted (BADTIME)"
            : "";
    // Servers sign with a coarse clock, which at the turn of a second still shows the one before.
    if (behind <= 1 && ahead <= 1) return pass("clock", "ours and that of " + server + " agree to a second");
    pass("clock",
         "ours is " + std::to_string(behind + ahead) + " s " + (behind > 0 ? "behind" : "ahead of") +
             " that of " + server + "; " + limit + " are allowed",
         advice);
  }

  // The same trouble at a hundred names is one.
  void add(std::vector<report::Check> more) {
    auto& checks = diagnosis_.checks;
    for (auto& check : more) {
      if (std::ranges::find(checks, check) == checks.end()) checks.push_back(std::move(check));
    }
  }

  [[nodiscard]] bool needs_transfer(const dns::ReadZone& zone) const {
    const auto mode = session_.request().read;
    const bool is_large = zone.view.owners.size() > dns::auto_query_limit;
    return mode == dns::ReadMode::axfr || (mode == dns::ReadMode::automatic && is_large);
  }

  // RFC 6698 section 4.1: only what is secure is used.
  void check_signing(const dns::ReadZone& zone) {
    const auto& apex = zone.view.apex;
    if (!is_signed_to_clients(zone.view)) {
      return fail("signed",
                  {ErrorCode::differences, "the zone is not signed, and no client uses its TLSA records",
                   apex.text(), "have the primary sign it: dnssec-policy of BIND, dnssec-signing of Knot"});
    }
    pass("signed",
         apex.text() + (zone.view.is_signed ? " has DNSKEY records"
                                            : " is signed behind the primary, whose own copy has no "
                                              "DNSKEY records"));
    Trust trust;
    trust.verdict =
        session_.run(rollover::verdict_on(session_, {apex, dns::type::soa})).value_or(dns::Dnssec::unknown);
    trust.by_anchor = !session_.request().trust_anchor.empty();
    trust.ds = session_.run(session_.resolver().ds_of(apex));
    const auto keys = session_.run(zone.primary->query({apex, dns::type::dnskey}));
    if (keys) trust.dnskeys = keys->answer;
    diagnosis_.checks.push_back(judge_trust(apex, trust));
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
                   view.owner.text(), "publish --ttl TIME gives it one"});
    }
    const auto ttl = view.rrset->ttl;
    const auto wait = human_duration(Seconds(ttl) * session_.request().wait_factor);
    pass("ttl", view.owner.text() + ": TTL " + std::to_string(ttl) + ", so a new key waits " + wait,
         ttl > longest_ttl ? "publish --ttl 1h makes renewals and repairs quicker" : "");
  }

  // While a cache lives a difference is none that lasts.
  void check_resolver(const OwnerView& view) {
    if (!view.resolved) return;
    const auto& there = view.rrset ? view.rrset : view.wildcard_answer;
    const auto& given = view.resolved->rrset;
    const bool is_same =
        there.has_value() == given.has_value() && (!given || there->records == given->records);
    const auto where = "the resolver " + view.resolved->resolver;
    if (is_same) return;
    pass("resolver", where + " gives other TLSA records than the primary at " + view.asked.text(),
         "if that lasts longer than a cache does: clients are asked elsewhere, or this resolver has another "
         "view (--resolver names another one, --resolver none takes none as a witness)");
  }

  void check_servers(const ZoneView& zone) {
    const auto faults = faults_of(zone);
    for (std::size_t i = 0; i < faults.size(); ++i) {
      const auto& server = zone.servers[i];
      for (const auto& fault : faults[i]) {
        auto error = trouble(fault, zone, server);
        const bool is_behind = fault.kind == ServerFault::Kind::older_serial;
        if (is_behind && server.address == zone.server) error.advice = other_view;
        fail("nameserver", error);
      }
      if (faults[i].empty()) check_trouble(server);
    }
  }

  void check_trouble(const ServerView& server) {
    const auto where = server.name + " " + server.address;
    if (server.trouble.empty()) return pass("nameserver", where + " is up to date");
    fail("nameserver", {ErrorCode::protocol, server.trouble, where, "see its log"});
  }

  void check_service(const ServiceEvidence& evidence) {
    const auto host = evidence.service.host.text() + " port " + std::to_string(evidence.service.port);
    if (evidence.presented.empty()) {
      return fail("service", {ErrorCode::no_answer, "the host has no address that is known", host,
                              "check its A and AAAA records, or give --address"});
    }
    for (const auto& presented : evidence.presented) {
      if (presented.outcome != ProbeOutcome::not_offered) check_endpoint(host, evidence, presented);
    }
  }

  void check_endpoint(const std::string& host, const ServiceEvidence& evidence, const Presented& presented) {
    const auto where = host + " at " + presented.address;
    if (presented.outcome != ProbeOutcome::served) {
      if (presented.outcome == ProbeOutcome::no_tls && is_refused_without_tls(found_, evidence)) {
        return fail("service",
                    {ErrorCode::unsafe,
                     presented.detail + ", and TLSA records are published: DANE clients do not deliver",
                     where, std::string(report::advice_on(report::Matter::no_tls))});
      }
      return fail("service", {ErrorCode::no_answer, presented.detail, where,
                              "nothing is deleted while an address cannot be probed: start it, or take the "
                              "address away"});
    }
    const std::string kind(text(presented.key_type));
    const auto verdict = judge_.on(evidence, presented);
    if (verdict.dane == Dane::ok) {
      pass("service", where + ": the " + kind + " certificate matches " +
                          (verdict.matched ? verdict.matched->parameters.text() : "a record"));
    } else if (verdict.dane == Dane::no_records) {
      pass("service", where + ": presents a certificate of kind " + kind, "publish its record");
    } else {
      fail("service",
           {ErrorCode::unsafe, "the " + kind + " certificate is refused: " + detail(verdict, presented),
            where, advice_on(verdict.refusals.front())});
    }
  }

  static std::string advice_on(const Refusal& refusal) {
    const auto& unused = refusal.acceptance.unused;
    if (unused) {
      const auto& stronger = *refusal.acceptance.stronger;
      return "tlsa-update run --adopt \"" + stronger.text() + "\", or publish with --tlsa \"" +
             unused->text() + "\" --tlsa \"" + stronger.parameters.text() + "\"";
    }
    if (refusal.server == "resolver")
      return "its cache ends it, or never, where it shows another view of DNS: --resolver names another one";
    if (!refusal.server.empty()) return "look at the server's log for NOTIFY and transfers";
    return "publish --cert with the certificate that is served, now";
  }

  // What the planner finds critical; check_service has reported an outage already, with its advice.
  void check_plan() {
    const auto is_outage = [](const report::Check& check) { return check.check == "service" && !check.ok; };
    const bool is_reported = std::ranges::any_of(diagnosis_.checks, is_outage);
    for (const auto& critical : found_.plan.critical) {
      if (is_reported && critical.kind == RemarkKind::outage) continue;
      fail("records", {ErrorCode::unsafe, text(critical), {}, {}});
    }
  }

  void write_grants(const dns::ReadZone& zone) {
    const auto& options = zone.primary->options();
    const auto& how = session_.server_settings(zone.view.apex);
    Grantee grantee{key_to_be_made(), {}, false};
    if (options.key) grantee.writer = granted(*options.key, how.key_file);
    if (needs_transfer(zone)) grantee.reader = reader_of(how, grantee.writer);
    grantee.over_tls = options.transport == dns::Transport::tls;
    std::vector<Name> owners;
    for (const auto& view : zone.view.owners) owners.push_back(view.owner);
    diagnosis_.grants.push_back(grants_for(zone.view.apex, grantee, std::move(owners)));
  }

  static GrantedKey granted(const dns::TsigKey& key, const std::string& file) {
    return {key.name, key.algorithm, rollover::Session::key_path(file)};
  }

  [[nodiscard]] GrantedKey reader_of(const rollover::ServerSettings& how, const GrantedKey& writer) const {
    if (how.transfer_key_file.empty()) return writer;
    const auto key = session_.key(how.transfer_key_file, how.allow_weak_tsig);
    return key && *key ? granted(**key, how.transfer_key_file) : writer;
  }

  rollover::Session& session_;
  const report::Findings& found_;
  EndpointJudge judge_;
  KeyUse key_;
  report::Diagnosis diagnosis_;
};

report::Check check_key(rollover::Session& session, const std::string& file, bool allow_weak) {
  const auto key = session.key(file, allow_weak);
  if (!key) return failed_check("key-file", key.error());
  if (*key == nullptr) {
    return failed_check(
        "key-file",
        {ErrorCode::usage, "no TSIG key is configured, and no UPDATE is sent unsigned", {}, make_key});
  }
  const auto& tsig = **key;
  const bool is_short = tsig.secret.size() < dns::mac_size(tsig.algorithm);
  std::string advice;
  if (is_short) advice = "make a longer one: tsig-keygen -a " + std::string(dns::text(tsig.algorithm));
  if (dns::is_weak(tsig.algorithm)) advice = "hmac-sha256 is not broken: tsig-keygen -a hmac-sha256";
  const auto path = rollover::Session::key_path(file);
  return {"key-file", true,
          path + " is private and holds " + tsig.label() + " with a secret of " +
              count(tsig.secret.size(), "octet"),
          advice};
}

}  // namespace

report::Check failed_check(std::string check, const Error& error) {
  const auto where = error.where.empty() ? std::string{} : error.where + ": ";
  return {std::move(check), false, where + error.what, error.advice, error.code};
}

std::vector<report::Check> check_keys_of(rollover::Session& session) {
  const auto& request = session.request();
  std::vector<report::Check> checks;
  const auto add = [&](const rollover::ServerSettings& how, const std::string& file) {
    auto check = check_key(session, file, how.allow_weak_tsig);
    if (std::find(checks.begin(), checks.end(), check) == checks.end()) checks.push_back(std::move(check));
  };
  // Where every zone has a section of its own, the default may well have none.
  if (request.zones.empty() || !request.primary.key_file.empty())
    add(request.primary, request.primary.key_file);
  for (const auto& [zone, how] : request.zones) add(how, how.key_file);
  if (!request.primary.transfer_key_file.empty()) add(request.primary, request.primary.transfer_key_file);
  for (const auto& [zone, how] : request.zones) {
    if (!how.transfer_key_file.empty()) add(how, how.transfer_key_file);
  }
  return checks;
}

report::Diagnosis examine(rollover::Session& session, const std::vector<dns::ReadZone>& read,
                          const report::Findings& found, KeyUse key) {
  return Checkup(session, found, key).run(read);
}

}  // namespace tlsa_update::doctor
