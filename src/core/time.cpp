#include "tlsa_update/core/time.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update {
namespace {

using std::chrono::days;

constexpr Time first_writable = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Time last_writable =
    std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + days(1) - Seconds(1);
constexpr Seconds longest = days(3650);

// The number that stands in `length` digits at `at`.
int number(std::string_view text, std::size_t at, std::size_t length) {
  int value = 0;
  for (const char c : text.substr(at, length)) value = value * 10 + (c - '0');
  return value;
}

struct Unit {
  char letter;
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array units{Unit{'d', " d", 86400}, Unit{'h', " h", 3600}, Unit{'m', " min", 60},
                           Unit{'s', " s", 1}};

}  // namespace

std::string rfc3339(Time time) {
  // RFC 3339 section 1: years 0000 to 9999; no certificate or clock of ours means any other.
  time = std::clamp(time, first_writable, last_writable);
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

Result<Time> parse_rfc3339(std::string_view text) {
  static constexpr std::string_view form = "0000-00-00T00:00:00Z";  // a 0 stands for any digit
  const auto fits = [](char c, char wanted) { return wanted == '0' ? is_digit(c) : c == wanted; };
  const std::chrono::year_month_day date =
      std::equal(text.begin(), text.end(), form.begin(), form.end(), fits)
          ? std::chrono::year(number(text, 0, 4)) / number(text, 5, 2) / number(text, 8, 2)
          : std::chrono::year_month_day{};
  if (!date.ok() || number(text, 11, 2) > 23 || number(text, 14, 2) > 59 || number(text, 17, 2) > 59) {
    return fail(ErrorCode::bad_data, "this is not a time in the form 2026-11-21T20:00:00Z",
                printable(text, 40));
  }
  return std::chrono::sys_days(date) +
         Seconds(number(text, 11, 2) * 3600 + number(text, 14, 2) * 60 + number(text, 17, 2));
}

Result<Seconds> parse_duration(std::string_view text) {
  const auto bad = [&](std::string what) {
    return fail(ErrorCode::bad_data, std::move(what), printable(text, 40));
  };
  std::string_view digits = text;
  std::int64_t scale = 1;
  if (!digits.empty() && !is_digit(digits.back())) {
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const Unit& candidate) { return candidate.letter == digits.back(); });
    if (unit != units.end()) scale = unit->seconds;
    if (unit != units.end()) digits.remove_suffix(1);
  }
  if (!is_all_digits(digits)) {
    return bad("this is not a duration: seconds, or a number with s, m, h or d (90s, 5m, 1h, 2d)");
  }
  std::int64_t value = 0;
  for (const char c : digits) {
    value = value * 10 + (c - '0');
    if (value * scale > longest.count()) return bad("the duration is over 10 years (3650d)");
  }
  return Seconds(value * scale);
}

std::string human_duration(Seconds duration) {
  const std::string sign = duration.count() < 0 ? "-" : "";
  const std::int64_t left = std::abs(std::max(duration.count(), -std::numeric_limits<std::int64_t>::max()));
  // The two largest neighbours say enough: "1 d 1 h", "1 h 5 min", "40 s".
  for (std::size_t i = 0; i + 1 < units.size(); ++i) {
    if (left < units[i].seconds) continue;
    const std::int64_t next = left % units[i].seconds / units[i + 1].seconds;
    const std::string first = sign + std::to_string(left / units[i].seconds) + std::string(units[i].name);
    return next == 0 ? first : first + " " + std::to_string(next) + std::string(units[i + 1].name);
  }
  return sign + std::to_string(left) + " s";
}

}  // namespace tlsa_update
