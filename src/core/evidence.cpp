#include "tlsa_update/core/evidence.hpp"

#include <algorithm>

namespace tlsa_update {
namespace {

bool is_answered(const Presented& one) {
  return one.outcome == ProbeOutcome::served || one.outcome == ProbeOutcome::not_offered;
}

bool is_chain(const Presented& one) { return one.outcome == ProbeOutcome::served && !one.chain.empty(); }

// An address that offers neither kind of certificate has shown nothing that could be compared.
bool is_seen(const Presented& one, const std::vector<Presented>& all) {
  return is_answered(one) && std::ranges::any_of(all, [&](const Presented& other) {
           return other.address == one.address && is_chain(other);
         });
}

}  // namespace

bool ServiceEvidence::complete() const {
  return addresses_known && !presented.empty() &&
         std::ranges::all_of(presented, [&](const Presented& one) { return is_seen(one, presented); });
}

bool ServiceEvidence::is_witnessed() const {
  return addresses_known && std::ranges::all_of(presented, [&](const Presented& one) {
           return one.is_closed || is_seen(one, presented);
         });
}

bool ServiceEvidence::is_of_nothing() const {
  return addresses_known && std::ranges::all_of(presented, &Presented::is_closed);
}

std::vector<std::string> ServiceEvidence::half_seen() const {
  std::vector<std::string> addresses;
  for (const auto& one : presented) {
    const bool is_known = std::find(addresses.begin(), addresses.end(), one.address) != addresses.end();
    if (one.outcome == ProbeOutcome::not_offered && !is_known) addresses.push_back(one.address);
  }
  return addresses;
}

}  // namespace tlsa_update
