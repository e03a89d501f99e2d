#include "tlsa_update/core/look_first.hpp"

#include <algorithm>
#include <iterator>

namespace tlsa_update {
namespace {

// By clients, as far as the plan can tell: it is there, and it is not what we want.
bool is_relied_on(const Step& step) { return step.state != RecordState::missing && step.credential.empty(); }

bool is_addition(const RrsetPlan& /*rrset*/, const Step& step) { return step.action == Action::add; }

// A combination of parameters that the RRset does not have.
bool is_extension(const RrsetPlan& rrset, const Step& added) {
  return added.action == Action::add && std::ranges::any_of(rrset.steps, is_relied_on) &&
         std::ranges::none_of(rrset.steps, [&](const Step& step) {
           return step.state != RecordState::missing && step.record.parameters == added.record.parameters;
         });
}

// RFC 7671 section 9: of records that differ in the matching type alone a client takes the strongest, so that
// to it one more is no addition but a replacement.
bool is_replacement(const RrsetPlan& rrset, const Step& added) {
  return is_extension(rrset, added) && std::ranges::any_of(rrset.steps, [&](const Step& step) {
           return is_relied_on(step) && step.record.parameters.usage == added.record.parameters.usage &&
                  step.record.parameters.selector == added.record.parameters.selector;
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
      if (rrset.is_passed_over || any(is_extension)) add_names(rrset, look.everywhere);
      if (any(is_replacement)) add_names(rrset, look.replaced);
      if (any(is_addition)) add_names(rrset, added);
    }
  }
  std::ranges::set_difference(added, look.everywhere, std::inserter(look.nearby, look.nearby.end()));
  return look;
}

}  // namespace tlsa_update
