#include "tlsa_update/dns/resolver.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gather.hpp"
#include "lookup.hpp"
#include "resolv_conf.hpp"
#include "resolver_state.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_hosts = 100;  // of one MX or SRV RRset
constexpr std::size_t hosts_at_once = 16;

constexpr std::chrono::milliseconds little_patience{1000};

bool is_loopback(const ServerName& server) {
  const auto literal = literal_endpoint(server);
  return literal && literal->address.is_loopback();
}

Service service_at(Name host, std::uint16_t port, Protocol protocol) {
  return {std::move(host), port, protocol};
}

Error too_many(const Name& name, const char* what) {
  return {ErrorCode::bad_data, "more than " + std::to_string(most_hosts) + " " + what, name.text(), {}};
}

Error other_family(const std::string& host, Family family) {
  const bool is_v4 = family == Family::ipv4;
  return {ErrorCode::no_answer, std::string("it has no ") + (is_v4 ? "IPv4" : "IPv6") + " address", host,
          std::string(is_v4 ? "--ipv4-only" : "--ipv6-only") + " leaves its other addresses out"};
}

}  // namespace

Result<void> follow(const Message& message, std::uint16_t wanted, Name& name, FoundRecords& found) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& record : message.answer) {
      if (record.type != type::cname || record.owner != name || wanted == type::cname) continue;
      auto target = target_of(record);
      if (!target) return tl::unexpected<Error>(target.error());
      if (found.aliases.size() == max_aliases)
        return fail(ErrorCode::bad_data, "more than " + std::to_string(max_aliases) + " CNAMEs in a row",
                    name.text());
      name = std::move(*target);
      found.aliases.push_back(name);
      moved = true;
      break;
    }
  }
  for (const auto& record : message.answer)
    if (record.type == wanted && record.owner == name) found.records.push_back(record);
  return {};
}

// resolv.conf is read when the first question comes: most commands ask none.
void Resolver::State::prepare() {
  if (!upstreams.empty()) return;
  ResolvConf conf{options.servers, false};
  if (conf.servers.empty()) conf = read_resolv_conf(options.resolv_conf);
  for (const auto& server : conf.servers) {
    const bool is_trusted = conf.trust_ad || is_loopback(server);
    upstreams.push_back(upstream(server, is_trusted, Effort::usual));
    brief.push_back(upstream(server, is_trusted, Effort::little));
  }
}

Upstream Resolver::State::upstream(const ServerName& server, bool is_trusted, Effort effort) {
  const bool is_brief = effort == Effort::little;
  ExchangeOptions exchange;
  exchange.server = server;
  exchange.transport = Transport::udp;
  exchange.timeout = is_brief ? std::min(options.timeout, little_patience) : options.timeout;
  exchange.retries = is_brief ? std::min(options.retries, 1) : options.retries;
  exchange.servfail_is_an_answer = true;
  exchange.look_up = [this](std::string host) { return ask_system_for(std::move(host)); };
  return {Exchange(executor, std::move(exchange)), is_trusted};
}

asio::awaitable<Result<HostAddresses>> Resolver::State::ask_system_for(std::string host) const {
  auto found = co_await ask_system(host, options.timeout);
  if (!found) co_return found;
  std::erase_if(found->addresses, [&](const auto& address) { return !belongs_to(options.family, address); });
  if (found->addresses.empty()) co_return tl::unexpected<Error>(other_family(host, options.family));
  co_return found;
}

asio::awaitable<Result<ResolverAnswer>> Resolver::State::ask(Question question, bool checking_disabled,
                                                             Effort effort) {
  prepare();
  // RFC 6840 section 5.7: AD in the question asks for AD in the answer; RFC 4035 section 4.1: DO.
  QueryFlags flags;
  flags.recursion_desired = true;
  flags.authentic_data = true;
  flags.checking_disabled = checking_disabled;
  Error trouble{ErrorCode::no_answer, "no resolver is configured", {}, {}};
  std::optional<ResolverAnswer> failure;
  for (auto& upstream : effort == Effort::little ? brief : upstreams) {
    auto message = co_await upstream.exchange.query(question, flags);
    if (!message) {
      trouble = message.error();
    } else if (message->rcode == rcode::noerror || message->rcode == rcode::nxdomain) {
      Dnssec dnssec = Dnssec::unknown;
      if (upstream.is_trusted) dnssec = message->authentic ? Dnssec::secure : Dnssec::insecure;
      co_return ResolverAnswer{std::move(*message), dnssec, upstream.exchange.address()};
    } else if (message->rcode == rcode::servfail) {
      failure = ResolverAnswer{std::move(*message), Dnssec::unknown, upstream.exchange.address()};
    } else {
      trouble = {ErrorCode::no_answer,
                 "the resolver answers " + rcode_text(message->rcode),
                 upstream.exchange.address(),
                 {}};
    }
  }
  if (failure) co_return std::move(*failure);
  trouble.topic = Topic::silence;
  trouble.what += ", asked for " + type_text(question.type) + " of " + question.name.text();
  co_return tl::unexpected<Error>(std::move(trouble));
}

// RFC 4035 section 5.5: what fails validation is SERVFAIL, unless checking is disabled.
asio::awaitable<Dnssec> Resolver::State::why_servfail(Question question) {
  const auto unchecked = co_await ask(std::move(question), true);
  co_return unchecked && unchecked->message.rcode != rcode::servfail ? Dnssec::bogus : Dnssec::unknown;
}

asio::awaitable<Result<FoundRecords>> Resolver::State::find(Name name, std::uint16_t type, Effort effort) {
  FoundRecords found;
  found.dnssec = Dnssec::secure;
  for (;;) {
    const Name asked = name;
    const Question question(asked, type);
    const auto answer = co_await ask(question, false, effort);
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (answer->message.rcode == rcode::servfail) {
      const bool is_bogus = co_await why_servfail(question) == Dnssec::bogus;
      co_return tl::unexpected<Error>(
          {ErrorCode::no_answer,
           "the resolver answers SERVFAIL, asked for " + type_text(type) +
               (is_bogus ? "; unvalidated it has an answer: the data is bogus" : ""),
           asked.text(),
           {},
           is_bogus ? Topic::bogus : Topic::none});
    }
    found.dnssec = weaker(found.dnssec, answer->dnssec);
    if (auto followed = follow(answer->message, type, name, found); !followed)
      co_return tl::unexpected<Error>(followed.error());
    found.name_exists = answer->message.rcode != rcode::nxdomain;
    // A resolver that leaves the end of the chain to us is asked for it.
    if (name == asked || !found.records.empty() || !found.name_exists) co_return found;
  }
}

Resolver::Resolver(asio::any_io_executor executor, ResolverOptions options)
    : state_(std::make_unique<State>(std::move(executor), std::move(options))) {}
Resolver::~Resolver() = default;

asio::awaitable<Result<Addresses>> Resolver::addresses(Name host, Effort effort) {
  constexpr std::uint16_t families[] = {type::a, type::aaaa};
  std::optional<Result<FoundRecords>> answers[2];
  const auto ask_one = [&](std::size_t i) -> asio::awaitable<void> {
    answers[i].emplace(co_await state_->find(host, families[i], effort));
  };
  co_await gather(2, 2, ask_one);
  if (!*answers[0] && !*answers[1]) co_return tl::unexpected<Error>(answers[0]->error());
  Addresses result;
  const auto counts = [&](std::size_t i) {  // 0: A, 1: AAAA
    return state_->options.family != (i == 0 ? Family::ipv6 : Family::ipv4);
  };
  result.both_families_answered =
      (!counts(0) || answers[0]->has_value()) && (!counts(1) || answers[1]->has_value());
  result.dnssec = result.both_families_answered ? Dnssec::secure : Dnssec::unknown;
  for (const auto& answer : answers) {
    if (!*answer) continue;
    result.dnssec = weaker(result.dnssec, (*answer)->dnssec);
    if (result.aliases.empty()) result.aliases = (*answer)->aliases;
    for (const auto& record : (*answer)->records) {
      const auto address = address_of(record);
      if (!address) co_return tl::unexpected(address.error());
      const auto& known = result.addresses;
      if (!belongs_to(state_->options.family, *address))
        result.has_others = true;
      else if (std::find(known.begin(), known.end(), *address) == known.end())
        result.addresses.push_back(*address);
    }
  }
  co_return result;
}

asio::awaitable<Result<HostAddresses>> Resolver::addresses_of_server(std::string host) {
  if (const auto literal = literal_endpoint({host, 0})) co_return HostAddresses{{literal->address}, true};
  const auto name = Name::parse(host);
  if (!name) co_return tl::unexpected<Error>(name.error());
  // RFC 6761 section 6.3: localhost is no matter of DNS.
  if (state_->options.servers.empty() || name->is_at_or_below(*Name::parse("localhost")))
    co_return co_await state_->ask_system_for(std::move(host));
  auto found = co_await addresses(*name);
  if (!found) co_return tl::unexpected<Error>(found.error());
  if (found->addresses.empty() && found->has_others)
    co_return tl::unexpected<Error>(other_family(host, state_->options.family));
  if (found->addresses.empty())
    co_return fail(ErrorCode::no_answer, "the resolver knows no address of it", host,
                   "give the address, or correct the name");
  co_return HostAddresses{std::move(found->addresses), found->both_families_answered};
}

// RFC 7672 section 2.2.3: an MX host that is an alias is against RFC 5321, and clients differ in what they
// do.
asio::awaitable<std::vector<std::string>> Resolver::State::note_aliases(
    const std::vector<Service>& services) {
  std::vector<std::string> notes(services.size());
  const auto look = [&](std::size_t i) -> asio::awaitable<void> {
    const auto found = co_await find(services[i].host, type::a);
    if (found && !found->aliases.empty())
      notes[i] = "MX host " + services[i].host.text() + " is a CNAME of " + found->aliases.back().text() +
                 ", which RFC 5321 forbids";
    if (found && !found->name_exists) notes[i] = "MX host " + services[i].host.text() + " does not exist";
  };
  co_await gather(services.size(), hosts_at_once, look);
  std::erase(notes, std::string());
  co_return notes;
}

namespace {

// RFC 5321 section 5.1, RFC 2782: a lower number first; each service once.
using Targets = std::vector<std::pair<std::uint16_t, Service>>;

std::vector<Service> in_order(Targets targets) {
  std::sort(targets.begin(), targets.end());
  std::vector<Service> services;
  for (auto& [priority, service] : targets) {
    if (std::find(services.begin(), services.end(), service) == services.end())
      services.push_back(std::move(service));
  }
  return services;
}

}  // namespace

asio::awaitable<Result<Expansion>> Resolver::expand_mx(MxName mx) {
  const auto found = co_await state_->find(mx.domain, type::mx);
  if (!found) co_return tl::unexpected<Error>(found.error());
  if (!found->name_exists) co_return fail(ErrorCode::bad_data, "the domain does not exist", mx.domain.text());
  if (found->records.size() > most_hosts) co_return tl::unexpected<Error>(too_many(mx.domain, "MX records"));
  Expansion expansion;
  expansion.dnssec = found->dnssec;
  Targets hosts;
  for (const auto& record : found->records) {
    WireReader rdata(record.rdata);
    const auto preference = rdata.u16();
    const Name host = rdata.name();
    if (!rdata.ok()) co_return tl::unexpected<Error>(rdata.error());
    if (!host.is_root()) hosts.emplace_back(preference, service_at(host, mx.port, Protocol::tcp));
  }
  if (hosts.empty() && !found->records.empty()) {  // RFC 7505 section 3
    expansion.notes.push_back("null MX: " + mx.domain.text() + " takes no mail");
    co_return expansion;
  }
  if (hosts.empty()) {  // RFC 5321 section 5.1
    expansion.notes.push_back(mx.domain.text() + " has no MX: mail goes to the name itself");
    hosts.emplace_back(0, service_at(mx.domain, mx.port, Protocol::tcp));
  }
  expansion.services = in_order(std::move(hosts));
  for (auto& note : co_await state_->note_aliases(expansion.services))
    expansion.notes.push_back(std::move(note));
  co_return expansion;
}

asio::awaitable<Result<Expansion>> Resolver::expand_srv(SrvName srv) {
  const auto found = co_await state_->find(srv.owner, type::srv);
  if (!found) co_return tl::unexpected<Error>(found.error());
  if (found->records.empty())
    co_return fail(ErrorCode::bad_data,
                   found->name_exists ? "there is no SRV record" : "the name does not exist",
                   srv.owner.text());
  if (found->records.size() > most_hosts) co_return tl::unexpected<Error>(too_many(srv.owner, "SRV records"));
  Expansion expansion;
  expansion.dnssec = found->dnssec;
  Targets targets;
  for (const auto& record : found->records) {
    WireReader rdata(record.rdata);
    const auto priority = rdata.u16();
    rdata.u16();  // weight
    const auto port = rdata.u16();
    const Name host = rdata.name();
    if (!rdata.ok()) co_return tl::unexpected<Error>(rdata.error());
    if (host.is_root())  // RFC 2782: decidedly not available
      expansion.notes.push_back("SRV target \".\": the service is not available at " + srv.owner.text());
    else if (port == 0)
      expansion.notes.push_back("SRV target " + host.text() + " has port 0: left out");
    else
      targets.emplace_back(priority, service_at(host, port, srv.protocol));
  }
  expansion.services = in_order(std::move(targets));
  co_return expansion;
}

asio::awaitable<Result<Name>> Resolver::primary_of(Name owner) {
  for (Name name = owner;; name = name.parent()) {
    const auto answer = co_await state_->ask(Question(name, type::soa));
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (answer->message.rcode == rcode::servfail)
      co_return fail(ErrorCode::no_answer, "the resolver answers SERVFAIL, asked for SOA", name.text());
    const auto is_alias = [&](const Record& record) {
      return record.type == type::cname && record.owner == name;
    };
    const auto& message = answer->message;
    // Behind an alias stands the SOA of another zone, perhaps somebody else's: ask for the parent instead.
    const bool aliased = std::any_of(message.answer.begin(), message.answer.end(), is_alias);
    for (const auto* section : {&message.answer, &message.authority}) {
      for (const auto& record : *section) {
        if (aliased || record.type != type::soa || !name.is_at_or_below(record.owner)) continue;
        const auto soa = soa_of(record);
        if (!soa) co_return tl::unexpected<Error>(soa.error());
        if (soa->mname.is_root())
          co_return fail(ErrorCode::no_answer, "its SOA names no primary server", record.owner.text(),
                         "give --server");
        co_return soa->mname;
      }
    }
    if (name.is_root())
      co_return fail(ErrorCode::no_answer, "no SOA was found above it", owner.text(), "give --server");
  }
}

asio::awaitable<Result<std::vector<Record>>> Resolver::ds_of(Name zone) {
  const auto answer = co_await state_->ask(Question(zone, type::ds));
  if (!answer) co_return tl::unexpected<Error>(answer.error());
  const auto& message = answer->message;
  if (message.rcode == rcode::servfail)
    co_return fail(ErrorCode::no_answer, "the resolver answers SERVFAIL, asked for DS", zone.text());
  const auto is_childs = [&](const Record& record) {
    return record.type == type::soa && record.owner == zone;
  };
  if (std::any_of(message.authority.begin(), message.authority.end(), is_childs))
    co_return fail(ErrorCode::no_answer, "asked for DS, a server of the zone answers for its parent",
                   zone.text());
  co_return records_at(message.answer, zone, type::ds);
}

asio::awaitable<Result<Dnssec>> Resolver::verdict(Question question) {
  const auto answer = co_await state_->ask(question);
  if (!answer) co_return tl::unexpected<Error>(answer.error());
  if (answer->message.rcode != rcode::servfail) co_return answer->dnssec;
  if (co_await state_->why_servfail(question) == Dnssec::bogus) co_return Dnssec::bogus;
  co_return fail(ErrorCode::no_answer, "the resolver answers SERVFAIL, asked for " + type_text(question.type),
                 question.name.text());
}

}  // namespace tlsa_update::dns
