#include "tlsa_update/core/evidence.hpp"

#include <algorithm>

namespace tlsa_update {

bool ServiceEvidence::complete() const {
  const auto answered = [](const Presented& one) {
    return one.outcome == ProbeOutcome::served || one.outcome == ProbeOutcome::not_offered;
  };
  // An address that offers neither kind of certificate has shown nothing that could be compared.
  const auto address_served = [this](const Presented& one) {
    return std::any_of(presented.begin(), presented.end(), [&](const Presented& other) {
      return other.address == one.address && other.outcome == ProbeOutcome::served && !other.chain.empty();
    });
  };
  return addresses_known && !presented.empty() &&
         std::all_of(presented.begin(), presented.end(),
                     [&](const Presented& one) { return answered(one) && address_served(one); });
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
