#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

Result<void> check_credentials(const Wants& wants) {
  for (const auto& service : wants.services) {
    if (service.desired.records.empty()) {
      return fail(ErrorCode::usage, "no credential is given", service.settings->label,
                  "give --cert FILE, --next FILE or --from-server HOST:PORT");
    }
  }
  return {};
}

}  // namespace tlsa_update::rollover
