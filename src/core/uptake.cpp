#include "tlsa_update/core/uptake.hpp"

#include <algorithm>
#include <map>

#include "tlsa_update/core/acceptance.hpp"

namespace tlsa_update {
namespace {

bool is_of(const Chain& chain, const GivenCredential& given) {
  if (given.role != Role::current) return false;
  if (given.credential->chain.empty()) return *given.credential->bare_key == chain.front().spki;
  return given.credential->chain.front().certificate == chain.front().certificate;
}

// By service and address: has it presented any chain?
std::map<std::pair<Service, std::string>, bool> presenting(const std::vector<ServiceEvidence>& evidence) {
  std::map<std::pair<Service, std::string>, bool> all;
  for (const auto& one : evidence) {
    for (const auto& presented : one.presented)
      all[{one.service, presented.address}] |= presented.outcome == ProbeOutcome::served;
  }
  return all;
}

std::vector<std::string> lost_addresses(const std::vector<ServiceEvidence>& before,
                                        const std::vector<ServiceEvidence>& after) {
  const auto were = presenting(before);
  std::set<std::string> lost;
  for (const auto& [place, presents] : presenting(after)) {
    const auto was = were.find(place);
    if (!presents && was != were.end() && was->second) lost.insert(place.second);
  }
  return {lost.begin(), lost.end()};
}

}  // namespace

Uptake uptake(const std::vector<ServiceEvidence>& before, const std::vector<ServiceEvidence>& after,
              const std::vector<GivenCredential>& wanted, const std::set<std::string>& replaced) {
  bool any = false;
  bool has_old = false;
  for (const auto& one : after) {
    for (const auto& presented : one.presented) {
      if (presented.outcome != ProbeOutcome::served) continue;
      if (std::ranges::any_of(wanted, [&](const auto& given) { return is_of(presented.chain, given); })) {
        any = true;
      } else if (replaced.contains(to_hex(presented.chain.front().certificate.sha2_256))) {
        has_old = true;
      }
    }
  }
  return {any && !has_old, lost_addresses(before, after)};
}

std::optional<LeftBehind> left_behind(const std::vector<std::pair<Name, Rrset>>& others,
                                      const std::vector<Chain>& replaced,
                                      const std::vector<GivenCredential>& wanted) {
  for (const auto& [owner, rrset] : others) {
    const bool keeps_one = std::ranges::any_of(wanted, [&](const GivenCredential& given) {
      return given.role == Role::current && Served::of(*given.credential).is_matched_by_any(rrset.records);
    });
    if (keeps_one) continue;
    for (const auto& record : rrset.records) {
      const bool is_cut_off =
          std::ranges::any_of(replaced, [&](const Chain& chain) { return matches(record, chain); });
      if (is_cut_off) return LeftBehind{owner, record};
    }
  }
  return std::nullopt;
}

}  // namespace tlsa_update
