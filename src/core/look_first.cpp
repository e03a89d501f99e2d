#include "tlsa_update/core/look_first.hpp"

#include <algorithm>
#include <iterator>

namespace tlsa_update {
namespace {

bool is_addition(const RrsetPlan& /*rrset*/, const Step& step) { return step.action == Action::add; }

// The first record of a name, or of a combination of parameters.
bool is_first_addition(const RrsetPlan& rrset, const Step& added) {
  return added.action == Action::add && std::ranges::none_of(rrset.steps, [&](const Step& step) {
           return step.state != RecordState::missing && step.record.parameters == added.record.parameters;
         });
}

void add_names(const RrsetPlan& rrset, std::set<Name>& names) {
  names.insert(rrset.asked);
  names.insert(rrset.also_asked.begin(), rrset.also_asked.end());
}

}  // namespace

LookFirst look_first(const Plan& plan) {
  LookFirst look;
  std::set<Name> added;
  for (const auto& zone : plan.zones) {
    for (const auto& rrset : zone.rrsets) {
      const auto any = [&](auto claim) {
        return std::ranges::any_of(rrset.steps, [&](const Step& step) { return claim(rrset, step); });
      };
      if (rrset.is_passed_over || any(is_first_addition)) add_names(rrset, look.everywhere);
      if (any(is_addition)) add_names(rrset, added);
    }
  }
  std::ranges::set_difference(added, look.everywhere, std::inserter(look.nearby, look.nearby.end()));
  return look;
}

}  // namespace tlsa_update
