#include <algorithm>
#include <utility>

#include "gather.hpp"
#include "resolver_state.hpp"

namespace tlsa_update::dns {
namespace {

constexpr std::size_t most_parent_names = 4;

// What no client can use is passed over.
std::optional<Rrset> rrset_of(const std::vector<Record>& records) {
  Rrset rrset;
  for (const auto& record : records) {
    auto tlsa = tlsa_from_rdata(record.rdata);
    if (!tlsa) continue;
    rrset.ttl = rrset.records.empty() ? record.ttl : std::min(rrset.ttl, record.ttl);
    rrset.records.push_back(std::move(*tlsa));
  }
  if (rrset.records.empty()) return std::nullopt;
  std::sort(rrset.records.begin(), rrset.records.end());
  rrset.records.erase(std::unique(rrset.records.begin(), rrset.records.end()), rrset.records.end());
  return rrset;
}

}  // namespace

// RFC 2308: a negative answer brings the SOA of the zone that encloses the name.
asio::awaitable<std::optional<Name>> Resolver::State::zone_at_or_above(Name name) {
  const auto answer = co_await ask_briefly(Question(name, type::soa));
  if (!answer || answer->message.rcode == rcode::servfail) co_return std::nullopt;
  for (const auto* section : {&answer->message.answer, &answer->message.authority}) {
    for (const auto& record : *section)
      if (record.type == type::soa && name.is_at_or_below(record.owner)) co_return record.owner;
  }
  co_return std::nullopt;
}

asio::awaitable<std::vector<Name>> Resolver::State::targets_of_ns(Name zone) {
  const auto answer = co_await ask_briefly(Question(zone, type::ns));
  std::vector<Name> names;
  if (!answer || answer->message.rcode != rcode::noerror) co_return names;
  for (const auto& record : answer->message.answer) {
    if (record.type != type::ns || record.owner != zone) continue;
    if (auto target = target_of(record)) names.push_back(std::move(*target));
  }
  std::sort(names.begin(), names.end());
  co_return names;
}

asio::awaitable<std::vector<asio::ip::address>> Resolver::State::find_servers_of(Name zone) {
  auto hosts = co_await targets_of_ns(std::move(zone));
  if (hosts.size() > most_parent_names) hosts.resize(most_parent_names);
  Addresses addresses;
  const auto find_one = [&](std::size_t i) -> asio::awaitable<void> {
    const auto answer = co_await ask_briefly(Question(hosts[i / 2], i % 2 == 0 ? type::a : type::aaaa));
    if (!answer) co_return;
    for (const auto& record : answer->message.answer) {
      if (const auto address = address_in(record.type, record.rdata)) addresses.push_back(*address);
    }
  };
  co_await gather(2 * hosts.size(), 2 * most_parent_names, find_one);
  std::sort(addresses.begin(), addresses.end());
  co_return addresses;
}

asio::awaitable<std::optional<Name>> Resolver::zone_of(Name name) {
  return state_->zone_at_or_above(std::move(name));
}

asio::awaitable<std::vector<Name>> Resolver::name_servers(Name zone) {
  return state_->targets_of_ns(std::move(zone));
}

asio::awaitable<std::vector<asio::ip::address>> Resolver::servers_above(Name zone) {
  if (!state_->parents) state_->parents = std::make_unique<Memo<Name, State::Addresses>>();
  const Name above = zone.parent();
  const auto find = [](State& state, Name name) -> asio::awaitable<State::Addresses> {
    const auto parent = co_await state.zone_at_or_above(std::move(name));
    if (!parent) co_return State::Addresses();
    co_return co_await state.find_servers_of(*parent);
  };
  co_return co_await state_->parents->find(above, find(*state_, above));
}

void Resolver::forget_parents() { state_->parents.reset(); }

asio::awaitable<Result<ResolvedTlsa>> Resolver::tlsa(Name asked) {
  Dnssec dnssec = Dnssec::secure;
  FoundRecords found;
  for (Name name = std::move(asked);;) {
    const Question question(name, type::tlsa);
    const auto answer = co_await state_->ask(question);
    if (!answer) co_return tl::unexpected<Error>(answer.error());
    if (answer->message.rcode == rcode::servfail) {
      if (co_await state_->why_servfail(question) == Dnssec::bogus)
        co_return ResolvedTlsa{std::nullopt, Dnssec::bogus};
      co_return fail(ErrorCode::no_answer, "the resolver answers SERVFAIL, asked for TLSA", name.text());
    }
    dnssec = weaker(dnssec, answer->dnssec);
    if (auto followed = follow(answer->message, type::tlsa, name, found); !followed)
      co_return tl::unexpected<Error>(followed.error());
    const bool is_end = name == question.name || !found.records.empty();
    if (is_end || answer->message.rcode == rcode::nxdomain)
      co_return ResolvedTlsa{ResolvedRrset{answer->server, rrset_of(found.records)}, dnssec};
  }
}

}  // namespace tlsa_update::dns
