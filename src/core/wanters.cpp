#include "wanters.hpp"

#include <algorithm>
#include <iterator>

namespace tlsa_update {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_forgotten(const Wanter& who, const std::vector<std::string>& forget) {
  return has(forget, who.service) || (!who.configuration.empty() && has(forget, who.configuration));
}

// A name of a command line belongs to whoever asks for it next.
bool is_judged(const Wanter& who, const OwnerFacts& facts, const Asker& asker) {
  if (facts.is_partial) return false;
  if (!who.configuration.empty())
    return who.configuration == asker.configuration && has(asker.judged, who.service);
  return std::ranges::any_of(facts.desired,
                             [&](const Desired* wish) { return wish->asked.text() == who.service; });
}

bool is_gone(const Wanter& who, const Asker& asker) {
  if (who.configuration.empty()) return true;
  if (who.configuration == asker.configuration) return !has(asker.services, who.service);
  return has(asker.missing, who.configuration);
}

const std::vector<Wanter>& wanters_now(const LedgerEntry& entry, const OwnerFacts& facts) {
  static const std::vector<Wanter> nobody;
  const Wanted* wanted = facts.find_wanted(entry.record);
  return wanted != nullptr ? wanted->wanters : nobody;
}

}  // namespace

void merge_wanters(std::vector<Wanter>& to, const std::vector<Wanter>& from) {
  std::vector<Wanter> all;
  std::ranges::set_union(to, from, std::back_inserter(all));
  to = std::move(all);
}

void follow_wanters(LedgerEntry& entry, const OwnerFacts& facts, const Policy& policy, Time now) {
  const auto& wanters = wanters_now(entry, facts);
  const auto wants_it = [&](const Wanter& who) { return std::ranges::binary_search(wanters, who); };
  const auto is_given_up = [&](const WantedBy& by) {
    const bool is_over = by.unwanted_since && now >= *by.unwanted_since + policy.forget_after;
    return !wants_it(by.who) &&
           (is_forgotten(by.who, policy.forget) || (is_over && is_gone(by.who, policy.asker)));
  };
  // What nobody is there any more to deploy does not go live.
  if (std::erase_if(entry.wanters, is_given_up) > 0 && entry.wanters.empty()) entry.released_at.reset();
  std::erase_if(entry.wanters, [&](const WantedBy& by) {
    return !wants_it(by.who) && is_judged(by.who, facts, policy.asker);
  });
  for (auto& by : entry.wanters) {
    if (wants_it(by.who) || !is_gone(by.who, policy.asker)) {
      by.unwanted_since.reset();
    } else if (!by.unwanted_since) {
      by.unwanted_since = now;
    }
  }
  for (const auto& who : wanters) {
    const auto place = std::ranges::lower_bound(entry.wanters, who, {}, &WantedBy::who);
    if (place == entry.wanters.end() || place->who != who) entry.wanters.insert(place, WantedBy{who});
  }
}

std::vector<std::string> claimants(const LedgerEntry& entry, const OwnerFacts& facts, const Asker& asker) {
  std::vector<std::string> names;
  const auto& asked = wanters_now(entry, facts);
  for (const auto& [who, since] : entry.wanters) {
    if (std::ranges::binary_search(asked, who)) continue;
    const bool is_elsewhere = !who.configuration.empty() && who.configuration != asker.configuration;
    names.push_back(is_elsewhere ? who.configuration : who.service);
  }
  return names;
}

std::optional<Claim> claim_on(const LedgerEntry& entry, const OwnerFacts& facts, const Policy& policy,
                              Time now) {
  std::optional<Claim> claim;
  const auto& asked = wanters_now(entry, facts);
  for (const auto& by : entry.wanters) {
    if (std::ranges::binary_search(asked, by.who)) continue;
    if (!by.unwanted_since) return Claim{};
    const Time until = *by.unwanted_since + policy.forget_after;
    if (now < until) claim = Claim{std::max(until, claim ? *claim->until : until)};
  }
  return claim;
}

}  // namespace tlsa_update
