#include "expansion.hpp"

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
  for (const auto& one : found->services) {
    if (auto done = add_owner(service, one, source_domain_of(target)); !done) return done;
  }
  return {};
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
