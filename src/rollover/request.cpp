#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

std::string name_of(const ServiceSettings& service) {
  if (!service.label.empty()) return service.label;
  return service.names.empty() ? "" : service.names.front().text;
}

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
  return policy;
}

}  // namespace tlsa_update::rollover
