// How well a service stands, judged as a DANE client would see it: one list of remarks, of which verify's
// text, its monitoring line, its metrics and its JSON, the exit status of status, and doctor are made. Pure
// over what was found.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::report {

struct Health {
  std::vector<HealthRemark> remarks;  // nothing but what is not well
  std::size_t endpoints = 0;          // handshakes that brought a chain
  std::size_t mismatches = 0;
  std::size_t unreachable = 0;    // addresses
  std::optional<long> days_left;  // of the served certificate that expires first
  Seconds warn_below{};           // of that certificate: with less time left it is a warning
  Seconds critical_below{};

  // Critical before unknown before warning: an outage is not hidden by an address that does not answer.
  [[nodiscard]] Level level() const;
};

// From when on the end of a served certificate alarms, and whether a DNSSEC verdict is expected at all: where
// nobody may ask a resolver, its absence alone alarms nobody.
struct Alarms {
  std::optional<int> warn_days;      // unset: 14, or a quarter of the certificate's lifetime
  std::optional<int> critical_days;  // unset: 3, or a tenth of it
  bool expects_verdict = false;
};

// RFC 7672 section 2.2: where the records are there and not insecure, nobody who knows DANE delivers to a
// service that offers no TLS.
[[nodiscard]] bool is_refused_without_tls(const Findings& findings, const ServiceEvidence& evidence);

[[nodiscard]] Health judge_health(const Findings& findings, const Alarms& alarms, Time now);

// What keeps mail from coming in now, whatever is planned: critical, and no matter of days. Without what the
// planner reports as an outage.
[[nodiscard]] std::vector<HealthRemark> outages_of(const Findings& findings);

// Of the plain verify: 0, 1, 2 or 69.
[[nodiscard]] int exit_status_of(const Health& health);

// "TLSA OK - 2 handshakes match | matching=2 ...", one line with perfdata.
[[nodiscard]] std::string monitor_line(const Health& health);

// A Prometheus textfile.
[[nodiscard]] std::string metrics_text(const Findings& findings, const Health& health, Time now);

}  // namespace tlsa_update::report
