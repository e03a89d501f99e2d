#include "tlsa_update/rollover/gathering.hpp"

#include <algorithm>
#include <set>

#include "shared_owners.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/probe/endpoint.hpp"
#include "tlsa_update/rollover/names.hpp"
#include "tlsa_update/rollover/verdict.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr std::size_t credential_limit = 16U << 20;  // octets

// The same remark on a hundred thousand names is one remark.
void say(const std::vector<std::string>& remarks, std::set<std::string>& said, Events& events) {
  for (const auto& remark : remarks) {
    if (said.insert(remark).second) events.warning(remark);
  }
}

// Issuers are looked for in `others` as well.
Result<std::vector<Credential>> load_files(const std::vector<std::string>& paths, const Secret* passphrase,
                                           Events& events, const std::vector<Credential>& others = {}) {
  std::vector<x509::Loaded> loads;
  for (const auto& path : paths) {
    const auto content = state::read_file(path, credential_limit);
    if (!content) return tl::unexpected(content.error());
    auto loaded = x509::load(*content, path == "-" ? "standard input" : path, passphrase);
    if (!loaded) return tl::unexpected(loaded.error());
    for (auto& credential : loaded->credentials) credential.source = path;
    loads.push_back(std::move(*loaded));
  }
  if (loads.empty()) return std::vector<Credential>{};
  auto all = x509::together(std::move(loads), others);
  for (const auto& note : all.notes) events.warning(note);
  return std::move(all.credentials);
}

std::vector<TlsaParameters> parameters_of(const ServiceSettings& settings) {
  return settings.parameters.empty() ? std::vector{TlsaParameters{}} : settings.parameters;
}

// Each record is checked before anybody publishes it.
Result<Desired> derive(const WantedService& service, bool force) {
  // Without a credential nothing is to be published, in no combination.
  const auto parameters =
      service.credentials.empty() ? std::vector<TlsaParameters>() : parameters_of(*service.settings);
  auto desired = desire({}, service.credentials, parameters, service.settings->ta, service.settings->keep);
  if (!desired) return desired;
  desired->ttl = service.settings->ttl;
  for (const auto& wanted : desired->records) {
    if (const auto sound = check(wanted.record, force); !sound) {
      return fail(sound.error().code, sound.error().what, wanted.credential, sound.error().advice);
    }
  }
  return desired;
}

// Turns the parsed NAMEs of one service into owners; mx: and srv: ask the resolver.
class Expander {
 public:
  Expander(Session& session, WantedService& service, Wants& wants)
      : session_(session), service_(service), wants_(wants) {}

  boost::asio::awaitable<Result<void>> expand(const Target& target) {
    if (const auto* service = std::get_if<Service>(&target)) co_return add(*service, std::nullopt);
    if (const auto* raw = std::get_if<OwnerName>(&target)) {
      service_.owners.push_back({raw->owner, service_of(raw->owner), std::nullopt, service_.settings});
      co_return Result<void>{};
    }
    const auto* mx = std::get_if<MxName>(&target);
    const auto found = co_await resolve(target);
    if (!found) co_return tl::unexpected(found.error());
    // What stands behind the service labels of an SRV owner is the source domain (RFC 7673 section 3.3).
    const Name domain = mx != nullptr ? mx->domain : std::get<SrvName>(target).owner.parent().parent();
    const std::string asked =
        mx != nullptr ? "mx:" + domain.text() : "srv:" + std::get<SrvName>(target).owner.text();
    for (const auto& note : found->notes) session_.events().warning(asked + ": " + note);
    note_dnssec(judged(question_of(target), found->dnssec), asked, mx != nullptr);
    for (const auto& service : found->services) {
      if (auto done = add(service, domain); !done) co_return done;
    }
    co_return Result<void>{};
  }

 private:
  // A function of its own, because GCC 12 destroys what a co_await in a conditional expression gives twice.
  boost::asio::awaitable<Result<dns::Expansion>> resolve(const Target& target) {
    if (const auto* mx = std::get_if<MxName>(&target)) return session_.resolver().expand_mx(*mx);
    return session_.resolver().expand_srv(std::get<SrvName>(target));
  }

  static dns::Question question_of(const Target& target) {
    if (const auto* mx = std::get_if<MxName>(&target)) return {mx->domain, dns::type::mx};
    return {std::get<SrvName>(target).owner, dns::type::srv};
  }

  dns::Dnssec judged(const dns::Question& question, dns::Dnssec by_resolver) {
    const auto verdict = verdict_on(session_, question, by_resolver);
    if (!verdict) wants_.no_verdict = verdict.error();
    return verdict.value_or(dns::Dnssec::unknown);
  }

  Result<void> add(const Service& service, const std::optional<Name>& source_domain) {
    auto owner = service.owner();
    if (!owner) return tl::unexpected(owner.error());
    service_.owners.push_back({std::move(*owner), service, source_domain, service_.settings});
    return {};
  }

  void note_dnssec(dns::Dnssec verdict, const std::string& asked, bool is_mx) {
    wants_.dnssec = wants_.dnssec ? weaker(*wants_.dnssec, verdict) : verdict;
    if (verdict == dns::Dnssec::secure) return;
    const bool is_unasked = verdict == dns::Dnssec::unknown && wants_.no_verdict;
    const auto why = is_unasked ? "; " + wants_.no_verdict->text() : std::string{};
    session_.events().warning(asked + ": the RRset is " + std::string(text(verdict)) +
                              ", and DANE needs it secure (" +
                              (is_mx ? "RFC 7672 section 2.2)" : "RFC 7673 section 6)") + why);
  }

  Session& session_;
  WantedService& service_;
  Wants& wants_;
};

// A NAME of the command line is shown, whatever is wrong with it. Of a file only the line is named: a file
// that was given by mistake may hold a secret (I11).
tl::unexpected<Error> no_name(const state::NameText& name, const std::string& file, const Error& why) {
  if (name.line == 0) return fail(ErrorCode::usage, why.what, name.text, why.advice);
  const FileFault fault(
      "this is not a NAME", {},
      "see NAME in tlsa-update(1); the line is not shown here, as a wrong file may hold a secret");
  return tl::unexpected(fault.at(name.line).in(file, ErrorCode::usage));
}

// `file`: --names-from, where the lines stand.
Result<std::vector<Target>> parse_names(const std::vector<state::NameText>& names, const std::string& file) {
  std::vector<Target> targets;
  for (const auto& name : names) {
    auto parsed = parse_name(name.text);
    if (!parsed) return no_name(name, file, parsed.error());
    std::move(parsed->begin(), parsed->end(), std::back_inserter(targets));
  }
  return targets;
}

void give(WantedService& service, const std::vector<Credential>& credentials, Role role) {
  for (const auto& credential : credentials) {
    service.credentials.push_back({std::make_shared<const Credential>(credential), role});
  }
}

bool is_ca_certificate(const Credential& credential) {
  return !credential.chain.empty() && credential.chain.front().is_ca;
}

// Of --issuer: each certificate by itself, because any of them may sign next.
Result<std::vector<Credential>> load_issuers(const ServiceSettings& settings, const Secret* passphrase,
                                             Events& events) {
  const auto found = load_files(settings.issuers, passphrase, events);
  if (!found) return found;
  std::vector<Credential> issuers;
  for (const auto& one : *found) {
    if (!is_ca_certificate(one)) {
      return fail(ErrorCode::bad_data,
                  one.chain.empty() ? "holds a key, and --issuer takes CA certificates"
                                    : "holds the certificate of a server, " + one.chain.front().subject +
                                          ", and --issuer takes CA certificates",
                  one.source, "give it as --cert or --next");
    }
    for (const auto& certificate : one.chain)
      issuers.push_back({one.source, {certificate}, std::nullopt, certificate.key_type});
  }
  return issuers;
}

// CA certificates alone are issuers, and so in no record of usages 3 and 1: an error that says so.
Result<void> give_current(WantedService& service, const std::vector<Credential>& credentials) {
  for (const auto& one : credentials) {
    const bool is_issuer = holds_only_issuers(one);
    for (const auto parameters : parameters_of(*service.settings)) {
      if (!is_issuer || !parameters.of_end_entity()) continue;
      if (auto sound = records_of(one, parameters, service.settings->ta); !sound)
        return tl::unexpected(sound.error());
    }
    give(service, {one}, is_issuer ? Role::issuer : Role::current);
  }
  return {};
}

// --address stands for what the host's name would be looked up for.
boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> addresses_of(
    Session& session, const probe::LiveServer& server, const ServiceSettings& settings) {
  if (!settings.addresses.empty()) co_return settings.addresses;
  auto host = co_await session.resolver().addresses_of_server(server.host);
  if (!host) co_return tl::unexpected(host.error());
  co_return std::move(host->addresses);
}

boost::asio::awaitable<Result<void>> load_live(Session& session, WantedService& service) {
  for (const auto& server : service.settings->from_servers) {
    const auto starttls = service.settings->starttls.value_or(probe::starttls_for_port(server.port));
    auto addresses = co_await addresses_of(session, server, *service.settings);
    if (!addresses) co_return tl::unexpected(addresses.error());
    const auto found =
        co_await probe::from_server(server, std::move(*addresses), starttls, session.request().timeout);
    if (!found) co_return tl::unexpected(found.error());
    for (const auto& note : found->notes) session.events().warning(server.text() + ": " + note);
    give(service, found->credentials, Role::current);
  }
  co_return Result<void>{};
}

void remark(const WantedService& service, std::set<std::string>& said, Events& events) {
  const Time now = wall_clock();
  const auto wanted = parameters_of(*service.settings);
  if (!service.settings->issuers.empty() && std::ranges::all_of(wanted, &TlsaParameters::of_end_entity))
    say({"--issuer counts for usages 2 and 0 alone, and --tlsa names neither"}, said, events);
  for (const auto& given : service.credentials) {
    if (given.role == Role::next) continue;  // nothing but its key counts yet
    const bool is_issuer = given.role == Role::issuer;
    if (is_issuer && !holds_only_issuers(*given.credential)) continue;  // a root, which is no server's own
    for (const auto parameters : service.desired.parameters) {
      if (is_issuer && parameters.of_end_entity()) continue;
      if (service.owners.empty())
        say(remarks(*given.credential, parameters, std::nullopt, now), said, events);
      for (const auto& owner : service.owners) {
        say(remarks(*given.credential, parameters, owner.service, now, owner.source_domain), said, events);
      }
    }
  }
}

boost::asio::awaitable<Result<void>> expand_names(Session& session, const std::vector<Target>& targets,
                                                  WantedService& service, Wants& wants) {
  Expander expander(session, service, wants);
  for (const auto& target : targets) {
    if (auto done = co_await expander.expand(target); !done) co_return done;
  }
  co_return Result<void>{};
}

boost::asio::awaitable<Result<void>> load_credentials(Session& session, WantedService& service) {
  const auto& settings = *service.settings;
  const auto passphrase = state::read_passphrase(settings.passphrase_file);
  if (!passphrase) co_return tl::unexpected(passphrase.error());
  const Secret* secret = *passphrase ? &**passphrase : nullptr;
  const auto issuers = load_issuers(settings, secret, session.events());
  if (!issuers) co_return tl::unexpected(issuers.error());
  const auto current = load_files(settings.certs, secret, session.events(), *issuers);
  if (!current) co_return tl::unexpected(current.error());
  if (auto given = give_current(service, *current); !given) co_return given;
  auto others = *issuers;
  others.insert(others.end(), current->begin(), current->end());
  const auto next = load_files(settings.nexts, secret, session.events(), others);
  if (!next) co_return tl::unexpected(next.error());
  give(service, *next, Role::next);
  give(service, *issuers, Role::issuer);
  if (auto done = co_await load_live(session, service); !done) co_return done;
  auto desired = derive(service, session.request().force);
  if (!desired) co_return tl::unexpected(desired.error());
  service.desired = std::move(*desired);
  co_return Result<void>{};
}

// What could be read of the services of one run.
class Gathering {
 public:
  explicit Gathering(Session& session) : session_(session) {}

  // Error usage: a NAME that is none.
  boost::asio::awaitable<Result<void>> add(const ServiceSettings& settings) {
    WantedService service;
    service.settings = &settings;
    const auto targets = parse_names(settings.names, session_.request().names_from);
    if (!targets) co_return tl::unexpected(targets.error());
    const auto loaded = co_await load_credentials(session_, service);
    if (!loaded) wants_.failures.push_back(loaded.error());
    // Also of what could not be loaded: nothing is deleted at its owners.
    const auto named = co_await expand_names(session_, *targets, service, wants_);
    if (!named) {
      wants_.failures.push_back(named.error());
      all_are_partial_ = true;
    } else if (loaded) {
      remark(service, said_, session_.events());
      wants_.services.push_back(std::move(service));
    } else {
      service.credentials.clear();
      wants_.unread.push_back(std::move(service));
    }
    co_return Result<void>{};
  }

  // What it wants stays. Where that is not known, nothing is deleted.
  boost::asio::awaitable<void> add_other(const ServiceSettings& settings) {
    WantedService service;
    service.settings = &settings;
    const auto loaded = co_await load_credentials(session_, service);
    if (!loaded) {
      session_.events().warning("what the service " + settings.label +
                                " wants is not known, so nothing is deleted: " + loaded.error().text());
      service.desired.is_partial = true;
    }
    others_.push_back(std::move(service.desired));
  }

  Result<Wants> finish() {
    if (wants_.services.empty() && !wants_.failures.empty()) return tl::unexpected(wants_.failures.front());
    wants_.desired = merged(wants_.services, wants_.unread);
    for (const auto& other : others_) protect(wants_.desired, other);
    for (auto& desired : wants_.desired) desired.is_partial = desired.is_partial || all_are_partial_;
    return std::move(wants_);
  }

 private:
  Session& session_;
  std::set<std::string> said_;
  Wants wants_;
  std::vector<Desired> others_;
  bool all_are_partial_ = false;  // of some service not even the names are known
};

}  // namespace

boost::asio::awaitable<Result<Wants>> gather_sound_wants(Session& session, Others others) {
  if (const auto fit = check_trust_anchor(session); !fit) co_return tl::unexpected(fit.error());
  Gathering gathering(session);
  for (const auto& settings : session.request().services) {
    if (auto done = co_await gathering.add(settings); !done) co_return tl::unexpected(done.error());
  }
  if (others == Others::protected_) {
    for (const auto& settings : session.request().others) co_await gathering.add_other(settings);
  }
  co_return gathering.finish();
}

boost::asio::awaitable<Result<Wants>> gather_wants(Session& session) {
  auto wants = co_await gather_sound_wants(session, Others::ignored);
  if (wants && !wants->failures.empty()) co_return tl::unexpected(wants->failures.front());
  co_return wants;
}

Result<bool> OwnerStream::next() {
  constexpr std::size_t at_once = 1000;
  std::vector<state::NameText> names;
  while (names.size() < at_once) {
    auto name = lines_.next();
    if (!name) return tl::unexpected(name.error());
    if (!*name) break;
    names.push_back(std::move(**name));
  }
  service_.owners.clear();
  const auto targets = parse_names(names, session_.request().names_from);
  if (!targets) return tl::unexpected(targets.error());
  Wants unused;  // whether MX and SRV RRsets are secure has been said
  const auto done = session_.run(expand_names(session_, *targets, service_, unused));
  if (!done) return tl::unexpected(done.error());
  remark(service_, said_, session_.events());
  return !names.empty();
}

Result<void> check_keys(Session& session, const Wants& wants) {
  for (const auto& desired : wants.desired) {
    const auto& how = session.server_settings(desired.asked);
    const auto key = session.key(how.key_file, how.allow_weak_tsig);
    if (!key) return tl::unexpected(key.error());
    if (*key == nullptr) {
      return fail(ErrorCode::usage, "no TSIG key is given, and an UPDATE is never sent unsigned",
                  desired.asked.text(), "give --key-file; tlsa-update doctor tells how to make a key");
    }
  }
  return {};
}

}  // namespace tlsa_update::rollover
