#include "expansion.hpp"

#include <algorithm>

#include "gather.hpp"
#include "tlsa_update/rollover/verdict.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr std::size_t questions_at_once = 100;

bool is_followed(const Target& target) {
  return std::holds_alternative<MxName>(target) || std::holds_alternative<SrvName>(target);
}

dns::Question question_of(const Target& target) {
  if (const auto* mx = std::get_if<MxName>(&target)) return {mx->domain, dns::type::mx};
  return {std::get<SrvName>(target).owner, dns::type::srv};
}

std::string words_of(const Target& target) {
  if (const auto* mx = std::get_if<MxName>(&target)) return "mx:" + mx->domain.text();
  return "srv:" + std::get<SrvName>(target).owner.text();
}

// RFC 7672 section 3.2.2; of an SRV owner what stands behind its service labels (RFC 7673 section 3.3).
Name source_domain_of(const Target& target) {
  if (const auto* mx = std::get_if<MxName>(&target)) return mx->domain;
  return std::get<SrvName>(target).owner.parent().parent();
}

Result<void> add_owner(WantedService& to, const Service& service, const std::optional<Name>& source_domain) {
  auto owner = service.owner();
  if (!owner) return tl::unexpected(owner.error());
  to.owners.push_back({std::move(*owner), service, source_domain, to.settings});
  return {};
}

}  // namespace

boost::asio::awaitable<void> Expander::follow(std::vector<const Target*> targets) {
  std::erase_if(targets, [](const Target* target) { return !is_followed(*target); });
  std::vector<Followed*> places;
  places.reserve(targets.size());
  for (const auto* target : targets) places.push_back(&followed_[target]);
  co_await gather(targets.size(), questions_at_once,
                  [&](std::size_t i) { return ask(*targets[i], *places[i]); });
  judge_all(targets);
}

// Two statements, because GCC 12 destroys what a co_await in a conditional expression gives twice.
boost::asio::awaitable<void> Expander::ask(const Target& target, Followed& place) {
  if (const auto* mx = std::get_if<MxName>(&target)) {
    place.expansion = co_await session_.resolver().expand_mx(*mx);
  } else {
    place.expansion = co_await session_.resolver().expand_srv(std::get<SrvName>(target));
  }
}

// By the resolver's AD bit or, with a trust anchor, by a validator that is asked once for all.
void Expander::judge_all(const std::vector<const Target*>& targets) {
  std::vector<Followed*> found;
  std::vector<dns::Question> questions;
  for (const auto* target : targets) {
    auto& followed = followed_.at(target);
    if (!*followed.expansion) continue;
    followed.verdict = (*followed.expansion)->dnssec;
    found.push_back(&followed);
    questions.push_back(question_of(*target));
  }
  const auto validator = session_.validator();
  if (validator && *validator == nullptr) return;
  if (!validator) {
    for (auto* followed : found) followed->verdict = tl::unexpected(validator.error());
    return;
  }
  auto verdicts = (*validator)->verdicts(questions);
  for (std::size_t i = 0; i < found.size(); ++i) found[i]->verdict = std::move(verdicts[i]);
}

Result<void> Expander::expand(const std::vector<Target>& targets, WantedService& service,
                              Wants& wants) const {
  for (const auto& target : targets) {
    if (auto done = expand_one(target, service, wants); !done) return done;
  }
  return {};
}

Result<void> Expander::expand_one(const Target& target, WantedService& service, Wants& wants) const {
  if (const auto* direct = std::get_if<Service>(&target)) return add_owner(service, *direct, std::nullopt);
  if (const auto* raw = std::get_if<OwnerName>(&target)) {
    service.owners.push_back({raw->owner, service_of(raw->owner), std::nullopt, service.settings});
    return {};
  }
  const auto& followed = followed_.at(&target);
  const auto& found = *followed.expansion;
  if (!found) return tl::unexpected(found.error());
  for (const auto& note : found->notes) session_.events().warning(words_of(target) + ": " + note);
  note_dnssec(followed, target, wants);
  WantedService foreign{service.settings, {}, {}, {}};
  for (const auto& one : found->services) {
    const auto& excepts = service.settings->excepts;
    if (std::ranges::find(excepts, one.host) != excepts.end()) continue;
    auto& to = session_.is_known_as_foreign(one.host) ? foreign : service;
    if (auto done = add_owner(to, one, source_domain_of(target)); !done) return done;
  }
  if (!foreign.owners.empty()) wants.foreign.push_back(std::move(foreign));
  return {};
}

bool Expander::has_found(const Name& host) const {
  return std::ranges::any_of(followed_, [&](const auto& one) {
    const auto& expansion = *one.second.expansion;
    return expansion &&
           std::ranges::find(expansion->services, host, &Service::host) != expansion->services.end();
  });
}

// A host in the domain is the administrator's own, and the primary need not be asked for it.
boost::asio::awaitable<void> Expander::tell_foreign(Asked targets, const std::vector<Desired>& desired) {
  struct Doubt {
    const Target* target;
    Service service;
    HostWitness host;
  };
  std::vector<Doubt> doubts;
  for (const auto& [target, excepts] : targets) {
    const auto followed = followed_.find(target);
    if (followed == followed_.end() || !*followed->second.expansion) continue;
    for (const auto& service : (*followed->second.expansion)->services) {
      const bool is_own = service.host.is_at_or_below(source_domain_of(*target));
      const bool is_left_out = std::ranges::find(*excepts, service.host) != excepts->end();
      if (!is_own && !is_left_out && !session_.is_known_as_foreign(service.host))
        doubts.push_back({target, service, {}});
    }
  }
  co_await gather(doubts.size(), questions_at_once, [&](std::size_t i) -> boost::asio::awaitable<void> {
    doubts[i].host = co_await witness(doubts[i].service, source_domain_of(*doubts[i].target));
  });
  for (const auto& [target, service, host] : doubts) tell_of_foreign(*target, service, host, desired);
}

boost::asio::awaitable<HostWitness> Expander::witness(const Service& service, const Name& domain) {
  HostWitness host;
  const auto owner = service.owner();
  if (!owner) co_return host;
  host.is_in_domain = service.host.is_at_or_below(domain);
  host.has_own_section = session_.has_own_section(service.host);
  host.has_server = session_.request().primary.server.has_value();
  const auto& zone = session_.request().zone;
  if (zone && !service.host.is_at_or_below(*zone)) {
    host.refusal = Error{ErrorCode::refused, "it is not in the zone of --zone", zone->text(), {}};
  } else if (auto found = co_await dns::locate(session_.primary_for(), *owner, zone); !found) {
    host.refusal = std::move(found.error());
  }
  if (!host.refusal) co_return host;
  auto resolved = co_await session_.resolver().tlsa(*owner);
  if (resolved) host.resolved = std::move(resolved->answer);
  co_return host;
}

// Once for each host: what is found again, as before a deployment, has been told.
void Expander::tell_of_foreign(const Target& target, const Service& service, const HostWitness& host,
                               const std::vector<Desired>& desired) {
  const auto name = service.host.host_text();
  const auto advice = "except = " + name + " (--except) leaves it out";
  if (is_foreign(host, desired)) {
    if (!session_.note_foreign(service.host)) return;
    session_.events().info(words_of(target) + ": " + name +
                           " is somebody else's, and nothing is published for it: " + host.refusal->text() +
                           "; none of its TLSA records matches a certificate given here; " + advice +
                           " without asking");
  } else if (host.refusal && host.resolved && host.resolved->rrset) {
    session_.events().warning(words_of(target) + ": the TLSA records of " + name +
                              " match a certificate given here, and its zone cannot be updated; name its "
                              "primary in a section [zone.NAME], or " +
                              advice);
  }
}

void Expander::note_dnssec(const Followed& followed, const Target& target, Wants& wants) const {
  const auto verdict = followed.verdict.value_or(dns::Dnssec::unknown);
  if (!followed.verdict) wants.no_verdict = followed.verdict.error();
  wants.dnssec = wants.dnssec ? weaker(*wants.dnssec, verdict) : verdict;
  if (verdict == dns::Dnssec::secure) return;
  const bool is_mx = std::holds_alternative<MxName>(target);
  const auto why = followed.verdict ? std::string{} : "; " + followed.verdict.error().text();
  session_.events().warning(words_of(target) + ": the RRset is " + std::string(text(verdict)) +
                            ", and DANE needs it secure (" +
                            (is_mx ? "RFC 7672 section 2.2)" : "RFC 7673 section 6)") + why);
}

}  // namespace tlsa_update::rollover
