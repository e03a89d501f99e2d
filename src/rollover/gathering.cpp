#include "tlsa_update/rollover/gathering.hpp"

#include <algorithm>
#include <set>

#include "expansion.hpp"
#include "gather.hpp"
#include "installed.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/report.hpp"
#include "tlsa_update/probe/endpoint.hpp"
#include "tlsa_update/rollover/names.hpp"
#include "tlsa_update/rollover/verdict.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr std::size_t credential_limit = 16U << 20;  // octets
constexpr std::size_t services_at_once = 100;

// Holds the events of one service while others are gathered too, until its turn comes.
class HeldEvents final : public Events {
 public:
  void note(Severity severity, const std::string& text) override { held_.emplace_back(severity, text); }

  void tell(Events& to) const {
    for (const auto& [severity, text] : held_) to.note(severity, text);
  }

 private:
  std::vector<std::pair<Severity, std::string>> held_;
};

// The same remark on a hundred thousand names is one remark.
void say(const Remarks& remarks, std::set<std::string>& said, Events& events) {
  for (const auto& remark : remarks) {
    if (const auto sentence = text(remark); said.insert(sentence).second) events.warning(sentence);
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
  desired->longest_ttl = service.settings->longest_ttl;
  for (const auto& wanted : desired->records) {
    if (const auto sound = check(wanted.record, force); !sound) {
      return fail(sound.error().code, sound.error().what, wanted.credential, sound.error().advice);
    }
  }
  return desired;
}

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

boost::asio::awaitable<Result<void>> load_live(Session& session, WantedService& service, Events& events) {
  for (const auto& server : service.settings->from_servers) {
    const auto starttls = service.settings->starttls.value_or(probe::starttls_for_port(server.port));
    auto addresses = co_await addresses_of(session, server, *service.settings);
    if (!addresses) co_return tl::unexpected(addresses.error());
    const auto found =
        co_await probe::from_server(server, std::move(*addresses), starttls, session.request().probe_timeout);
    if (!found) co_return tl::unexpected(found.error());
    for (const auto& note : found->notes) events.warning(server.text() + ": " + note);
    give(service, found->credentials, Role::current);
  }
  co_return Result<void>{};
}

void remark(const WantedService& service, std::set<std::string>& said, Events& events) {
  const Time now = wall_clock();
  const auto wanted = parameters_of(*service.settings);
  if (!service.settings->issuers.empty() && std::ranges::all_of(wanted, &TlsaParameters::of_end_entity))
    say({{.kind = RemarkKind::unused_issuers}}, said, events);
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

boost::asio::awaitable<Result<void>> load_credentials(Session& session, WantedService& service,
                                                      Events& events) {
  const auto& settings = *service.settings;
  const auto passphrase = state::read_passphrase(settings.passphrase_file);
  if (!passphrase) co_return tl::unexpected(passphrase.error());
  const Secret* secret = *passphrase ? &**passphrase : nullptr;
  const auto issuers = load_issuers(settings, secret, events);
  if (!issuers) co_return tl::unexpected(issuers.error());
  const auto current = load_files(settings.certs, secret, events, *issuers);
  if (!current) co_return tl::unexpected(current.error());
  if (auto given = give_current(service, *current); !given) co_return given;
  auto others = *issuers;
  others.insert(others.end(), current->begin(), current->end());
  const auto next = load_files(settings.nexts, secret, events, others);
  if (!next) co_return tl::unexpected(next.error());
  give(service, *next, Role::next);
  give(service, *issuers, Role::issuer);
  if (auto done = co_await load_live(session, service, events); !done) co_return done;
  auto desired = derive(service, session.request().force);
  if (!desired) co_return tl::unexpected(desired.error());
  service.desired = std::move(*desired);
  service.desired.installed = installed_credentials(settings, service.credentials);
  co_return Result<void>{};
}

boost::asio::awaitable<Result<void>> expand_names(Session& session, const std::vector<Target>& targets,
                                                  WantedService& service, Wants& wants) {
  Expander expander(session);
  std::vector<const Target*> all;
  all.reserve(targets.size());
  for (const auto& target : targets) all.push_back(&target);
  co_await expander.follow(std::move(all));
  co_return expander.expand(targets, service, wants);
}

// What could be read of the services of one run: all of them at once, judged and reported in their order.
class Gathering {
 public:
  explicit Gathering(Session& session) : session_(session), expander_(session) {}

  // Error usage: a NAME that is none.
  Result<void> add(const ServiceSettings& settings) {
    auto targets = parse_names(settings.names, session_.request().names_from);
    if (!targets) return tl::unexpected(targets.error());
    services_.push_back(std::make_unique<Gathered>(settings));
    services_.back()->targets = std::move(*targets);
    return {};
  }

  // Of a service that this run is not about.
  void add_other(const ServiceSettings& settings) { others_.push_back(std::make_unique<Gathered>(settings)); }

  boost::asio::awaitable<void> read() {
    std::vector<Gathered*> all;
    std::vector<const Target*> targets;
    for (const auto* some : {&services_, &others_}) {
      for (const auto& one : *some) {
        all.push_back(one.get());
        for (const auto& target : one->targets) targets.push_back(&target);
      }
    }
    co_await gather(all.size(), services_at_once, [&](std::size_t i) { return load(*all[i]); });
    co_await expander_.follow(std::move(targets));
    std::vector<Desired> desired;
    for (const auto* one : all) desired.push_back(one->service.desired);
    Expander::Asked asked;
    for (const auto& one : services_) {
      for (const auto& target : one->targets) asked.emplace_back(&target, &one->service.settings->excepts);
    }
    co_await expander_.tell_foreign(std::move(asked), desired);
  }

  Result<Wants> finish() {
    for (auto& one : services_) take(*one);
    warn_of_excepts();
    if (wants_.services.empty() && !wants_.failures.empty()) return tl::unexpected(wants_.failures.front());
    wants_.desired = desired_of(wants_.services, wants_.unread);
    for (auto& other : others_) protect_other(*other);
    for (auto& desired : wants_.desired) desired.is_partial = desired.is_partial || all_are_partial_;
    return std::move(wants_);
  }

 private:
  struct Gathered {
    explicit Gathered(const ServiceSettings& settings) { service.settings = &settings; }
    WantedService service;
    std::vector<Target> targets;
    HeldEvents events;
    Result<void> loaded;
  };

  boost::asio::awaitable<void> load(Gathered& one) {
    one.loaded = co_await load_credentials(session_, one.service, one.events);
  }

  void take(Gathered& one) {
    one.events.tell(session_.events());
    const bool may_lack = session_.request().looks_as_client;
    if (!one.loaded) {
      const bool is_denied = may_lack && one.loaded.error().topic == Topic::access;
      (is_denied ? wants_.not_readable : wants_.failures).push_back(one.loaded.error());
    }
    // Also of what could not be loaded: nothing is deleted at its owners.
    const auto named = expander_.expand(one.targets, one.service, wants_);
    if (!named) {
      wants_.failures.push_back(named.error());
      all_are_partial_ = true;
    } else if (one.loaded) {
      remark(one.service, said_, session_.events());
      wants_.services.push_back(std::move(one.service));
    } else {
      one.service.credentials.clear();
      wants_.unread.push_back(std::move(one.service));
    }
  }

  // A host that is left out by mistake is left to fail.
  void warn_of_excepts() {
    std::set<Name> unknown;
    for (const auto& service : wants_.services) {
      const auto is_followed = [](const AskedOwner& asked) { return asked.source_domain.has_value(); };
      if (std::ranges::none_of(service.owners, is_followed)) continue;
      for (const auto& host : service.settings->excepts)
        if (!expander_.has_found(host)) unknown.insert(host);
    }
    for (const auto& host : unknown)
      session_.events().warning("except " + host.host_text() +
                                " is no host of the MX and SRV records that were found; check whether it is "
                                "mistyped");
  }

  // What it wants stays. If that is not known, nothing is deleted.
  void protect_other(Gathered& one) {
    one.events.tell(session_.events());
    if (!one.loaded) {
      session_.events().warning("what the service " + one.service.settings->label +
                                " wants is not known, so nothing is deleted: " + one.loaded.error().text());
      one.service.desired.is_partial = true;
    }
    protect(wants_.desired, one.service.desired);
  }

  Session& session_;
  Expander expander_;
  std::vector<std::unique_ptr<Gathered>> services_, others_;
  std::set<std::string> said_;
  Wants wants_;
  bool all_are_partial_ = false;  // of some service not even the names are known
};

}  // namespace

boost::asio::awaitable<Result<Wants>> gather_sound_wants(Session& session, Others others) {
  if (const auto fit = check_trust_anchor(session); !fit) co_return tl::unexpected(fit.error());
  Gathering gathering(session);
  for (const auto& settings : session.request().services) {
    if (auto done = gathering.add(settings); !done) co_return tl::unexpected(done.error());
  }
  if (others == Others::protected_) {
    for (const auto& settings : session.request().others) gathering.add_other(settings);
  }
  co_await gathering.read();
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
  Wants unused;  // whether MX and SRV RRsets are secure has been reported
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
