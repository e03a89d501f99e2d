// verify: every endpoint's chain against the published records and DNSSEC; --monitor and --metrics for those
// who watch.

#include "commands.hpp"
#include "health_report.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int verify(const Settings& settings) {
  const auto found = look(settings, rollover::verify);
  return found ? report_health(*found, settings) : report_blindness(found.error(), settings.monitor);
}

}  // namespace tlsa_update::cli
