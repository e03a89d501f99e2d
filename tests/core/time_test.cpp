#include "tlsa_update/core/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update {
namespace time_test {

Time at(std::int64_t seconds) { return Time(Seconds(seconds)); }

TEST(Time, Rfc3339BothWays) {
  const std::pair<std::int64_t, std::string_view> table[] = {
      {0, "1970-01-01T00:00:00Z"},
      {-1, "1969-12-31T23:59:59Z"},
      {951782399, "2000-02-28T23:59:59Z"},
      {951782400, "2000-02-29T00:00:00Z"},
      {1795291200, "2026-11-21T20:00:00Z"},
      {253402300799, "9999-12-31T23:59:59Z"},
      {-62167219200, "0000-01-01T00:00:00Z"},
  };
  for (const auto& [seconds, text] : table) {
    EXPECT_EQ(rfc3339(at(seconds)), text);
    EXPECT_EQ(parse_rfc3339(text).value(), at(seconds)) << text;
  }
}

TEST(Time, TimesThatNoCalendarHoldsAreRefused) {
  for (const std::string_view text :
       {"", "2026-11-21", "2026-11-21T20:00:00", "2026-11-21 20:00:00Z", "2026-11-21T20:00:00+01:00",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:0-Z",
        "+026-01-01T00:00:00Z", "2026-01-01T00:00:00Zx"}) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_data);
  }
}

TEST(Time, TimesBeyondTheCalendarArePrintedAsItsEnds) {
  EXPECT_EQ(rfc3339(Time::max()), "9999-12-31T23:59:59Z");
  EXPECT_EQ(rfc3339(Time::min()), "0000-01-01T00:00:00Z");
}

RC_GTEST_PROP(TimeProperty, EveryWritableTimeSurvives, ()) {
  const auto time = at(*rc::gen::inRange<std::int64_t>(-62167219200, 253402300800));
  RC_ASSERT(parse_rfc3339(rfc3339(time)).value() == time);
}

TEST(Duration, SecondsOrANumberWithAUnit) {
  const std::pair<std::string_view, std::int64_t> table[] = {
      {"0", 0},    {"90", 90},           {"90s", 90},
      {"5m", 300}, {"1h", 3600},         {"2d", 172800},
      {"007", 7},  {"3650d", 315360000}, {"315360000", 315360000},
  };
  for (const auto& [text, seconds] : table) EXPECT_EQ(parse_duration(text).value(), Seconds(seconds)) << text;
}

TEST(Duration, OthersAreRefused) {
  for (const std::string_view text : {"", "s", "-1", "+1", "1 h", "1w", "1H", "1.5h", "1h30m", "0x10", "d1",
                                      "3651d", "315360001", "99999999999999999999999999h"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_data);
  }
}

TEST(Duration, PeopleReadTheTwoLargestUnits) {
  const std::pair<std::int64_t, std::string_view> table[] = {
      {0, "0 s"},         {40, "40 s"},         {60, "1 min"},       {65, "1 min 5 s"},
      {3600, "1 h"},      {3659, "1 h"},        {3900, "1 h 5 min"}, {86400, "1 d"},
      {90061, "1 d 1 h"}, {-90, "-1 min 30 s"}, {7260, "2 h 1 min"},
  };
  for (const auto& [seconds, text] : table) EXPECT_EQ(human_duration(Seconds(seconds)), text);
  EXPECT_EQ(human_duration(Seconds::min()), human_duration(Seconds::min() + Seconds(1)));
}

}  // namespace time_test
}  // namespace tlsa_update
