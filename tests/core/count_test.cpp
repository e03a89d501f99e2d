#include "tlsa_update/core/count.hpp"

#include <gtest/gtest.h>

namespace tlsa_update {
namespace count_test {

TEST(Count, NumberAndNounAgree) {
  EXPECT_EQ(count(0, "record"), "0 records");
  EXPECT_EQ(count(1, "record"), "1 record");
  EXPECT_EQ(count(2U, "record"), "2 records");
  EXPECT_EQ(count(1, "address", "addresses"), "1 address");
  EXPECT_EQ(count(std::size_t{7}, "address", "addresses"), "7 addresses");
}

}  // namespace count_test
}  // namespace tlsa_update
