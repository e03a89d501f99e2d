#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

std::string name_of(const ServiceSettings& service) {
  if (!service.label.empty()) return service.label;
  return service.names.empty() ? "" : service.names.front().text;
}

}  // namespace tlsa_update::rollover
