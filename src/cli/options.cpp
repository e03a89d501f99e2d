#include "options.hpp"

#include <charconv>
#include <filesystem>
#include <limits>

#include "tlsa_update/core/base64.hpp"
#include "tlsa_update/rollover/names.hpp"

namespace tlsa_update::cli {
namespace {

using Set = Result<void>;

template <class... C>
constexpr unsigned mask(C... some) {
  return (static_cast<unsigned>(some) | ...);
}
using enum Command;
constexpr unsigned every = ~0U;
constexpr unsigned dns_commands = every & ~mask(generate);
constexpr unsigned desiring = every & ~mask(doctor);
constexpr unsigned acting = mask(publish, deploy, prune, run);
constexpr unsigned rolling = mask(status, ready, deploy, prune, run);
constexpr unsigned waiting = mask(ready, deploy, prune, run);
constexpr unsigned probing = mask(status, publish, ready, deploy, prune, run, verify, doctor, generate);

// A parser's own error, in a command line or a configuration line: the caller decides its code.
Set keep_error(const Error& error) { return tl::unexpected(error); }

template <class T, class Out>
Set assign(Result<T> parsed, Out& out) {
  if (!parsed) return keep_error(parsed.error());
  out = std::move(*parsed);
  return {};
}

template <class T, class Out>
Set append(Result<T> parsed, Out& out) {
  if (!parsed) return keep_error(parsed.error());
  out.push_back(std::move(*parsed));
  return {};
}

template <class T>
Result<T> number(std::string_view text, T low, T high) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return fail(ErrorCode::usage, "\"" + printable(text) + "\" is not a whole number from " +
                                      std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

Set non_empty(const std::string& value, std::string& out) {
  if (value.empty()) return fail(ErrorCode::usage, "a value is needed");
  out = value;
  return {};
}

Set add_non_empty(const std::string& value, std::vector<std::string>& out) {
  if (value.empty()) return fail(ErrorCode::usage, "a value is needed");
  out.push_back(value);
  return {};
}

Set add_name(const std::string& value, rollover::ServiceSettings& service) {
  const auto sound = rollover::parse_name(value);
  if (!sound)
    return fail(ErrorCode::usage, "\"" + printable(value) + "\": " + sound.error().what, {},
                sound.error().advice);
  service.names.push_back({value});
  return {};
}

// Base64 of the 32 octets of a SHA-256 digest (RFC 7858 section 4.2).
Set add_pin(const std::string& value, std::vector<std::string>& out) {
  constexpr std::size_t characters = 44;
  const auto digest = from_base64(value);
  if (value.size() != characters || !digest || digest->size() != 32) {
    return fail(ErrorCode::usage, "\"" + printable(value) + "\" is not the base64 of a SHA-256 digest");
  }
  out.push_back(value);
  return {};
}

Set set_boolean(const std::string& value, bool& out, bool on) {
  if (value.empty() || value == "yes" || value == "true" || value == "1" || value == "on") {
    out = on;
  } else if (value == "no" || value == "false" || value == "0" || value == "off") {
    out = !on;
  } else {
    return fail(ErrorCode::usage, "\"" + printable(value) + "\" is neither yes nor no");
  }
  return {};
}

// "none" stands beside another --resolver: MX, SRV and addresses are still looked up.
Set add_resolver(const std::string& value, Settings& settings) {
  if (value != "none") return append(dns::parse_server(value), settings.resolvers);
  settings.has_witness = false;
  return {};
}

// Of -4 and -6 the last one counts.
Set set_family(const std::string& value, Settings& settings, Family family) {
  bool is_set = false;
  if (auto done = set_boolean(value, is_set, true); !done) return done;
  if (is_set) settings.family = family;
  if (!is_set && settings.family == family) settings.family = Family::any;
  return {};
}

template <class Ttl>
Set set_ttl(const std::string& value, Ttl& out) {
  const auto ttl = parse_duration(value);
  if (!ttl) return keep_error(ttl.error());
  if (ttl->count() > std::numeric_limits<std::int32_t>::max()) {
    return fail(ErrorCode::usage, "a TTL is at most 2147483647 seconds (RFC 2181 section 8)");
  }
  out = static_cast<std::uint32_t>(ttl->count());
  return {};
}

Set set_timeout(const std::string& value, std::chrono::milliseconds& out) {
  const auto timeout = parse_duration(value);
  if (!timeout) return keep_error(timeout.error());
  if (*timeout < Seconds(1) || *timeout > Seconds(600))
    return fail(ErrorCode::usage, "a timeout is 1 s to 10 min");
  out = *timeout;
  return {};
}

Set set_format(const std::string& value, Settings& settings) {
  const bool generating = settings.command == generate;
  if (value == "text") {
    settings.format = Format::text;
  } else if (value == "json") {
    settings.format = Format::json;
  } else if (generating && value == "zone") {
    settings.format = Format::zone;
  } else if (generating && value == "rfc3597") {
    settings.format = Format::rfc3597;
  } else if (generating && value == "nsupdate") {
    settings.format = Format::nsupdate;
  } else {
    return fail(ErrorCode::usage,
                "\"" + printable(value) + "\" is not a format of this command; use " +
                    (generating ? "text, zone, rfc3597, nsupdate or json" : "text or json"));
  }
  return {};
}

Set set_ta(const std::string& value, TaChoice& out) {
  if (value == "issuer") {
    out = TaChoice::issuer;
  } else if (value == "root") {
    out = TaChoice::root;
  } else if (value == "all") {
    out = TaChoice::all;
  } else {
    return fail(ErrorCode::usage, "\"" + printable(value) + "\" is not one of issuer, root, all");
  }
  return {};
}

// An IPv6 address may stand in brackets, as everywhere.
Result<boost::asio::ip::address> address(const std::string& text) {
  const bool is_bracketed = text.starts_with('[') && text.ends_with(']');
  const std::string bare = is_bracketed ? text.substr(1, text.size() - 2) : text;
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(bare, error);
  if (error || (is_bracketed && parsed.is_v4())) {
    return fail(ErrorCode::usage, "\"" + printable(text) + "\" is not an IP address", {},
                "write 192.0.2.1 or 2001:db8::1; the port is part of the NAME");
  }
  return parsed;
}

// Where it stands protected nobody asks: keep counts at every owner of its service.
Set add_keep(const std::string& value, TlsaRecords& out) {
  auto pasted = parse_pasted(value);
  if (!pasted) return keep_error(pasted.error());
  out.push_back(std::move(pasted->record));
  return {};
}

Set add_adopt(const std::string& value, Settings& settings) {
  if (value == "all") {
    settings.adopt_all = true;
    return {};
  }
  return append(parse_pasted(value), settings.adopt);
}

// A service, a configuration, or a name of a command line: in each form in which the ledger may have it.
Set add_forget(const std::string& value, std::vector<std::string>& out) {
  if (value.empty()) return fail(ErrorCode::usage, "a value is needed");
  out.push_back(value);
  out.push_back(std::filesystem::absolute(value).lexically_normal().string());
  const auto targets = rollover::parse_name(value);
  if (!targets) return {};
  for (const auto& target : *targets) {
    if (const auto* raw = std::get_if<OwnerName>(&target)) out.push_back(raw->owner.text());
    const auto* service = std::get_if<Service>(&target);
    if (service == nullptr) continue;
    if (const auto owner = service->owner()) out.push_back(owner->text());
  }
  return {};
}

// Shorthand for the rows below: `s` is the Scope, `v` the text of the value.
#define SET(expression)                      \
  [](Scope s, const std::string& v) -> Set { \
    (void)s, (void)v;                        \
    return expression;                       \
  }
#define RESET(member) [](Scope s) { s.member.clear(); }

constexpr Option table[] = {
    // General
    {"config", "FILE", "configuration (default /etc/tlsa-update/tlsa-update.conf, when it exists)", every,
     Place::command_line, SET(non_empty(v, s.settings.config_file)), nullptr},
    {"format", "FORMAT", "text or json; generate also zone, rfc3597, nsupdate", every, Place::command_line,
     SET(set_format(v, s.settings)), nullptr},
    {"quiet", nullptr, "log only errors", every, Place::settings, SET(set_boolean(v, s.settings.quiet, true)),
     nullptr, 'q'},
    {"names-from", "FILE", "read NAMEs from FILE or - (standard input), one a line, # for comments",
     every & ~mask(list), Place::command_line, SET(non_empty(v, s.settings.names_from)), nullptr},
    {"dry-run", nullptr, "print the plan and the reasons, change nothing", acting, Place::command_line,
     SET(set_boolean(v, s.settings.dry_run, true)), nullptr},
    {"force", nullptr, "override a safety refusal that names --force", every, Place::command_line,
     SET(set_boolean(v, s.settings.force, true)), nullptr},

    // Credentials
    {"name", "NAME", "a NAME of the service", 0, Place::service, SET(add_name(v, s.service)),
     RESET(service.names)},
    {"except", "HOST", "leave this host of mx: and srv: names out (repeatable)", every & ~mask(list),
     Place::service, SET(append(parse_host(v), s.service.excepts)), RESET(service.excepts)},
    {"cert", "FILE", "certificate, chain or key that is or will be served; - for standard input (repeatable)",
     desiring, Place::service, SET(add_non_empty(v, s.service.certs)), RESET(service.certs)},
    {"next", "FILE", "key of the next renewal, published ahead (repeatable)", desiring, Place::service,
     SET(add_non_empty(v, s.service.nexts)), RESET(service.nexts)},
    {"issuer", "FILE", "CA certificates that may sign next: for usages 2 and 0 (repeatable)", desiring,
     Place::service, SET(add_non_empty(v, s.service.issuers)), RESET(service.issuers)},
    {"from-server", "HOST:PORT", "the chains that a live server presents (repeatable)", desiring,
     Place::service, SET(append(probe::parse_live_server(v), s.service.from_servers)),
     RESET(service.from_servers)},
    {"starttls", "PROTOCOL",
     "smtp, lmtp, imap, pop3, ftp, xmpp, xmpp-server, sieve, ldap, postgres or none (default: by port)",
     probing, Place::service, SET(assign(probe::parse_starttls(v), s.service.starttls)), nullptr},
    {"passphrase-file", "FILE", "passphrase of encrypted keys and PKCS#12 (first line)", desiring,
     Place::service, SET(non_empty(v, s.service.passphrase_file)), nullptr},
    {"tlsa", "\"U S M\"", "usage, selector, matching type (repeatable; default 3 1 1)", desiring,
     Place::service, SET(append(parse_parameters(v), s.service.parameters)), RESET(service.parameters)},
    {"ta", "WHICH", "usage 2 and 0 take the issuer, root or all (default issuer)", desiring, Place::service,
     SET(set_ta(v, s.service.ta)), nullptr},
    {"keep", "RDATA", "a record that is never deleted, such as a backup key's (repeatable)", dns_commands,
     Place::service, SET(add_keep(v, s.service.keep)), RESET(service.keep)},

    // Server, zone, key
    {"server", "HOST[@PORT]", "the primary (default: the zone's SOA MNAME)", dns_commands, Place::server,
     SET(assign(dns::parse_server(v, 0), s.server.server)), nullptr},
    {"port", "PORT", "port of the primary where --server names none", dns_commands, Place::server,
     SET(assign(number<std::uint16_t>(v, 1, 65535), s.server.port)), nullptr},
    {"zone", "ZONE", "the zone (default: asked of the server)", dns_commands, Place::command_line,
     SET(assign(rollover::parse_zone(v), s.settings.zone)), nullptr},
    {"key-file", "FILE", "TSIG key: BIND key clause, K*.private, keymgr YAML or alg:name:secret",
     dns_commands, Place::server, SET(non_empty(v, s.server.key_file)), nullptr},
    {"transfer-key-file", "FILE", "another TSIG key for AXFR", dns_commands, Place::server,
     SET(non_empty(v, s.server.transfer_key_file)), nullptr},
    {"allow-weak-tsig", nullptr, "accept hmac-md5 and hmac-sha1 keys", dns_commands, Place::server,
     SET(set_boolean(v, s.server.allow_weak_tsig, true)), nullptr},
    {"no-sign-queries", nullptr, "do not sign queries to the primary", dns_commands, Place::server,
     SET(set_boolean(v, s.server.sign_queries, false)), nullptr},
    {"transport", "HOW", "tcp, udp or tls (default tcp)", dns_commands, Place::server,
     SET(assign(dns::parse_transport(v), s.server.transport)), nullptr},
    {"tls-ca", "FILE", "CA certificates that the primary's TLS certificate must chain to", dns_commands,
     Place::server, SET(non_empty(v, s.server.tls.ca_file)), nullptr},
    {"tls-hostname", "HOST", "name that the primary's TLS certificate must carry", dns_commands,
     Place::server, SET(non_empty(v, s.server.tls.hostname)), nullptr},
    {"tls-pin", "BASE64", "SHA-256 of the primary's TLS public key (repeatable)", dns_commands, Place::server,
     SET(add_pin(v, s.server.tls.pins)), RESET(server.tls.pins)},
    {"nameserver", "HOST[@PORT]", "instead of the authoritative servers found by NS (repeatable)",
     dns_commands, Place::server, SET(append(dns::parse_server(v), s.server.nameservers)),
     RESET(server.nameservers)},
    {"read", "HOW",
     "query, axfr or auto: by query for up to 50 names in a zone, by AXFR beyond (default auto)",
     dns_commands, Place::settings, SET(assign(dns::parse_read_mode(v), s.settings.read)), nullptr},
    {"resolver", "HOST[@PORT]|none",
     "resolver for MX, SRV and addresses, and a witness (default: the system's; repeatable); none: no "
     "witness",
     every, Place::settings, SET(add_resolver(v, s.settings)),
     [](Scope s) { s.settings.resolvers.clear(), s.settings.has_witness = true; }},
    {"ipv4-only", nullptr, "leave IPv6 addresses out, of name servers and of services", every,
     Place::settings, SET(set_family(v, s.settings, Family::ipv4)), nullptr, '4'},
    {"ipv6-only", nullptr, "leave IPv4 addresses out, of name servers and of services", every,
     Place::settings, SET(set_family(v, s.settings, Family::ipv6)), nullptr, '6'},
    {"trust-anchor", "FILE", "validate DNSSEC ourselves from these DS or DNSKEY records", dns_commands,
     Place::settings, SET(non_empty(v, s.settings.trust_anchor)), nullptr},
    {"timeout", "TIME", "deadline of one exchange with a name server (default 5s)", every, Place::settings,
     SET(set_timeout(v, s.settings.timeout)), nullptr},
    {"probe-timeout", "TIME", "deadline of one connection to a service (default 30s)", probing,
     Place::settings, SET(set_timeout(v, s.settings.probe_timeout)), nullptr},
    {"retries", "N", "how often an unanswered query is repeated (default 2)", every, Place::settings,
     SET(assign(number<int>(v, 0, 10), s.settings.retries)), nullptr},
    {"ttl", "TIME", "TTL of the RRset (default: what it has; 3600 for a new one)",
     every & ~mask(doctor, list, verify), Place::service, SET(set_ttl(v, s.service.ttl)), nullptr},

    // Rollover
    {"state-directory", "DIR",
     "where the ledger is kept (default $STATE_DIRECTORY, /var/lib/tlsa-update or "
     "~/.local/state/tlsa-update)",
     dns_commands, Place::settings, SET(non_empty(v, s.settings.state_directory)), nullptr},
    {"wait", nullptr, "stay until done", waiting, Place::command_line,
     SET(set_boolean(v, s.settings.wait, true)), nullptr},
    {"wait-factor", "N", "TTLs to wait before a deployment (default 2)", rolling, Place::settings,
     SET(assign(number<unsigned>(v, 1, 100), s.settings.wait_factor)), nullptr},
    {"longest-ttl", "TIME", "longest TTL that records had before the ledger watched them (default 1d)",
     rolling | mask(publish), Place::service, SET(set_ttl(v, s.service.longest_ttl)), nullptr},
    {"margin", "TIME", "added to every wait (default 60s)", rolling, Place::settings,
     SET(assign(parse_duration(v), s.settings.margin)), nullptr},
    {"grace", "TIME", "how long a record stays after it was last seen live (default 1h)", rolling,
     Place::settings, SET(assign(parse_duration(v), s.settings.grace)), nullptr},
    {"address", "IP", "probe this address; before a deletion those in DNS too (repeatable)", probing,
     Place::service, SET(append(address(v), s.service.addresses)), RESET(service.addresses)},
    {"address-only", nullptr, "vouch that the service is nowhere but at --address", probing, Place::service,
     SET(set_boolean(v, s.service.address_only, true)), nullptr},
    {"assume-deployed", nullptr, "assert that the new chain is served everywhere, instead of a probe",
     mask(status, publish, prune, run), Place::command_line,
     SET(set_boolean(v, s.settings.assume_deployed, true)), nullptr},
    {"unpublish", nullptr, "delete also the last record", mask(prune), Place::command_line,
     SET(set_boolean(v, s.settings.unpublish, true)), nullptr},
    {"adopt", "RDATA|all", "take foreign records into ownership (repeatable)", mask(prune, run),
     Place::command_line, SET(add_adopt(v, s.settings)), RESET(settings.adopt)},
    {"forget", "NAME", "a service, name or configuration that wants nothing any more (repeatable)",
     mask(prune), Place::command_line, SET(add_forget(v, s.settings.forget)), RESET(settings.forget)},
    {"forget-after", "TIME", "how long records stay whose service or configuration is gone (default 7d)",
     mask(status, prune, run), Place::settings, SET(assign(parse_duration(v), s.settings.forget_after)),
     nullptr},
    {"install", "\"FROM -> TO [MODE [OWNER:GROUP]]\"", "file to install on deployment (repeatable)",
     mask(deploy, run), Place::service, SET(append(deployment::parse_install(v), s.service.installs)),
     RESET(service.installs)},
    {"reload", "COMMAND", "command that makes the service read its files again", mask(deploy, run),
     Place::service, SET(non_empty(v, s.service.reload)), nullptr},
    {"settle", "TIME", "how long the service may take to serve what was deployed (default 10s)",
     mask(deploy, run), Place::settings, SET(assign(parse_duration(v), s.settings.settle)), nullptr},

    // Monitoring
    {"monitor", nullptr, "one line and exit 0-3 as monitoring plugins do", mask(verify), Place::command_line,
     SET(set_boolean(v, s.settings.monitor, true)), nullptr},
    {"metrics", "FILE", "write a Prometheus textfile", mask(verify), Place::settings,
     SET(non_empty(v, s.settings.metrics)), nullptr},
    {"warn-days", "N",
     "warn when a served certificate expires within N days (default 14, or a quarter of its lifetime)",
     mask(verify), Place::settings, SET(assign(number<int>(v, 0, 3650), s.settings.warn_days)), nullptr},
    {"critical-days", "N", "critical within N days (default 3, or a tenth of its lifetime)", mask(verify),
     Place::settings, SET(assign(number<int>(v, 0, 3650), s.settings.critical_days)), nullptr},
};
#undef SET
#undef RESET

}  // namespace

std::span<const Option> options() { return table; }

const Option* find_option(std::string_view name) {
  for (const auto& option : table) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace tlsa_update::cli
