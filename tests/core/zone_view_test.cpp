#include "tlsa_update/core/zone_view.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tlsa_update {
namespace zone_view_test {

// RFC 1982 section 3.2, with the examples of its section 5.2 scaled to 32 bits.
TEST(Serial, IsComparedOnTheCircle) {
  EXPECT_TRUE(serial_less(0, 1));
  EXPECT_FALSE(serial_less(1, 0));
  EXPECT_FALSE(serial_less(7, 7));
  EXPECT_TRUE(serial_less(0xFFFFFFFF, 0));
  EXPECT_TRUE(serial_less(0xFFFFFFFF, 44));
  EXPECT_TRUE(serial_less(0, 0x7FFFFFFF));
  EXPECT_FALSE(serial_less(0, 0x80000001));
  EXPECT_FALSE(serial_less(0, 0x80000000));  // no order: neither is older
  EXPECT_FALSE(serial_less(0x80000000, 0));
}

RC_GTEST_PROP(SerialProperty, AnIncrementOfLessThanHalfTheCircleIsNewer, (std::uint32_t serial)) {
  const auto increment = *rc::gen::inRange<std::uint32_t>(1, 0x80000000U);
  RC_ASSERT(serial_less(serial, serial + increment));
  RC_ASSERT(!serial_less(serial + increment, serial));
}

}  // namespace zone_view_test
}  // namespace tlsa_update
