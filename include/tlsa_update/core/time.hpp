// Points in time and durations, in whole seconds. Reads no clock: `now` is always an argument.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update {

using Seconds = std::chrono::seconds;
using Time = std::chrono::sys_seconds;

// RFC 3339 in UTC: "2026-11-21T20:00:00Z".
[[nodiscard]] std::string rfc3339(Time time);
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

// "90", "90s", "5m", "1h", "2d"; not negative, at most 10 years. Error: bad_data.
[[nodiscard]] Result<Seconds> parse_duration(std::string_view text);

// For people: "1 h 5 min", "40 s".
[[nodiscard]] std::string human_duration(Seconds duration);

}  // namespace tlsa_update
