#include "tlsa_update/core/error.hpp"

#include <gtest/gtest.h>

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update {
namespace error_test {

TEST(Error, EveryCodeHasItsExitStatus) {
  const std::pair<ErrorCode, int> table[] = {
      {ErrorCode::differences, 1}, {ErrorCode::unsafe, 2},         {ErrorCode::usage, 64},
      {ErrorCode::bad_data, 65},   {ErrorCode::unreadable, 66},    {ErrorCode::no_answer, 69},
      {ErrorCode::internal, 70},   {ErrorCode::not_yet, 75},       {ErrorCode::protocol, 76},
      {ErrorCode::refused, 77},    {ErrorCode::configuration, 78},
  };
  for (const auto& [code, status] : table) EXPECT_EQ(exit_status(code), status);
}

TEST(Error, OfTwoTroublesTheMoreSevereWins) {
  EXPECT_EQ(more_severe(ErrorCode::differences, ErrorCode::not_yet), ErrorCode::not_yet);
  EXPECT_EQ(more_severe(ErrorCode::protocol, ErrorCode::unsafe), ErrorCode::unsafe);
  EXPECT_EQ(more_severe(ErrorCode::unsafe, ErrorCode::unreadable), ErrorCode::unreadable);
  EXPECT_EQ(more_severe(ErrorCode::internal, ErrorCode::configuration), ErrorCode::internal);
}

TEST(Error, TextNamesThePlaceAndTheAdvice) {
  const Error error{ErrorCode::refused, "REFUSED", "192.0.2.1@53", "grant TLSA"};
  EXPECT_EQ(error.text(), "192.0.2.1@53: REFUSED; grant TLSA");
}

TEST(Error, NothingFromAPeerReachesTheTerminalRaw) {
  EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(printable("b\xc3\xbc"
                      "cher"),
            "b\xc3\xbc"
            "cher");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // C1 control sequence introducer
  EXPECT_EQ(printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
  EXPECT_EQ(printable(std::string(400, 'x')).size(), 303U);
}

TEST(Bytes, HexRoundTrip) {
  EXPECT_EQ(to_hex(Bytes{0, 15, 255}), "000fff");
  EXPECT_EQ(from_hex("00 0F\nff"), (Bytes{0, 15, 255}));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

}  // namespace error_test
}  // namespace tlsa_update
