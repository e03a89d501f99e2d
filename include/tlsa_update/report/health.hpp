// How well a service stands, judged as a DANE client would see it: for verify, its monitoring line and its
// metrics. Pure over what was found.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/report/findings.hpp"

namespace tlsa_update::report {

enum class Level { ok, warning, critical, unknown };  // the exit statuses of monitoring plugins

struct Remark {
  Level level = Level::ok;
  std::string text;
};

struct Health {
  std::vector<Remark> remarks;  // nothing but what is not well
  std::size_t endpoints = 0;    // handshakes that brought a chain
  std::size_t mismatches = 0;
  std::size_t unreachable = 0;
  std::optional<long> days_left;  // of the served certificate that expires first

  // Critical before unknown before warning: an outage is not hidden by an address that does not answer.
  [[nodiscard]] Level level() const;
};

// From when on the end of a served certificate alarms, and whether a DNSSEC verdict is expected at all: where
// nobody named a resolver or a trust anchor, its absence alone alarms nobody.
struct Alarms {
  int warn_days = 14;
  int critical_days = 3;
  bool expects_verdict = false;
};

[[nodiscard]] Health judge_health(const Findings& findings, const Alarms& alarms, Time now);

// Of the plain verify: 0, 1, 2 or 69.
[[nodiscard]] int exit_status_of(const Health& health);

// "TLSA OK - 2 endpoints match | endpoints=2 ...", one line with perfdata.
[[nodiscard]] std::string monitor_line(const Health& health, const Alarms& alarms);

// A Prometheus textfile.
[[nodiscard]] std::string metrics_text(const Findings& findings, Time now);

}  // namespace tlsa_update::report
