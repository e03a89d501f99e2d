// verify: every endpoint's chain against the published records and DNSSEC; --monitor and --metrics for those
// who watch.

#include "commands.hpp"
#include "health_report.hpp"
#include "operate.hpp"

namespace tlsa_update::cli {

int verify(const Settings& settings) {
  auto found = look(settings, rollover::verify);
  if (found) return report_health(std::move(*found), settings);
  report::Findings nothing;
  if (found.error().topic == Topic::bogus) nothing.dnssec = Dnssec::bogus;
  nothing.troubles.push_back(std::move(found.error()));
  return report_health(std::move(nothing), settings);
}

}  // namespace tlsa_update::cli
