// How well a service stands, judged as a DANE client would see it: for verify, its monitoring line and its
// metrics. Pure over what was found.
#pragma once

#include <string>
#include <vector>

#include "findings.hpp"

namespace tlsa_update::cli {

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

[[nodiscard]] Health judge_health(const Findings& findings, const Settings& settings, Time now);

// "TLSA OK - 2 endpoints match | endpoints=2 ...", one line with perfdata.
[[nodiscard]] std::string monitor_line(const Health& health, const Settings& settings);

// A Prometheus textfile.
[[nodiscard]] std::string metrics_text(const Findings& findings, Time now);

}  // namespace tlsa_update::cli
