#include "uncovered.hpp"

#include "owner_facts.hpp"
#include "tlsa_update/dns/discovery.hpp"
#include "tlsa_update/dns/zone_reader.hpp"

namespace tlsa_update::dns {
namespace {

using boost::asio::awaitable;

// The wildcard is asked for by its own name. A server that cannot be asked, or an alias that leads elsewhere,
// may answer anything.
awaitable<std::optional<Uncovered>> answer_of(Inquiry& inquiry, Exchange& primary, Name wildcard) {
  Name at = wildcard;
  for (std::size_t passed = 0; passed <= max_aliases; ++passed) {
    const auto answer = co_await inquiry.tlsa(primary, at);
    if (!answer || answer->kind == TlsaAnswer::Kind::delegated) break;
    if (answer->kind == TlsaAnswer::Kind::data) co_return Uncovered{wildcard, answer->rrset};
    if (answer->kind != TlsaAnswer::Kind::alias) co_return std::nullopt;
    at = answer->target;
  }
  co_return Uncovered{wildcard, std::nullopt};
}

// Names without addresses may exist only because of what is below them.
awaitable<bool> has_addresses(Inquiry& inquiry, Exchange& primary, Name name) {
  const auto host = co_await inquiry.host(primary, name);
  if (!host) co_return false;
  const auto noted = inquiry.noted().find(name);
  if (host->end != name || (noted != inquiry.noted().end() && !noted->second.empty())) co_return true;
  const auto v6 = co_await addresses_at(primary, name, type::aaaa);
  co_return v6 && !v6->empty();
}

}  // namespace

awaitable<std::optional<Uncovered>> uncovered_at(Inquiry& inquiry, Exchange& primary, Name owner, Name zone) {
  const Name host = host_of(owner);
  while (owner != zone && owner.is_at_or_below(zone)) {
    owner = owner.parent();
    const auto wildcard = owner.child("*");
    if (!wildcard) continue;
    if (auto found = co_await answer_of(inquiry, primary, *wildcard)) co_return found;
    const bool is_below_host = owner != host && owner.is_at_or_below(host);
    if (!is_below_host && co_await has_addresses(inquiry, primary, owner)) break;
  }
  co_return std::nullopt;
}

}  // namespace tlsa_update::dns
