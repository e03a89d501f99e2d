#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

std::string name_of(const ServiceSettings& service) {
  if (!service.label.empty()) return service.label;
  return service.names.empty() ? "" : service.names.front().text;
}

namespace {

Asker asker_of(const Request& request) {
  Asker asker;
  for (const auto* services : {&request.services, &request.others}) {
    for (const auto& service : *services) {
      if (service.label.empty()) continue;
      asker.configuration = service.configuration;
      asker.services.push_back(service.label);
    }
  }
  return asker;
}

}  // namespace

Policy policy_of(const Request& request) {
  Policy policy;
  policy.wait_factor = request.wait_factor;
  policy.margin = request.margin;
  policy.grace = request.grace;
  policy.force = request.force;
  policy.assume_deployed = request.assume_deployed;
  policy.assume_served = request.assume_deployed;
  policy.unpublish = request.unpublish;
  policy.adopt_all = request.adopt_all;
  policy.adopt = request.adopt;
  policy.asker = asker_of(request);
  policy.forget_after = request.forget_after;
  policy.forget = request.forget;
  return policy;
}

}  // namespace tlsa_update::rollover
