#include "tlsa_update/core/ber.hpp"

#include <gtest/gtest.h>

namespace tlsa_update {
namespace ber_test {

TEST(BerHeader, IsReadInAllItsForms) {  // X.690 section 8.1.3
  using State = BerHeader::State;
  struct Row {
    const char* hex;
    State state;
    std::size_t size, content_size;
    bool is_shortest;
  };
  const Row table[] = {
      {"", State::more, 0, 0, false},
      {"30", State::more, 0, 0, false},
      {"3000", State::whole, 2, 0, true},
      {"307f", State::whole, 2, 127, true},
      {"308180", State::whole, 3, 128, true},
      {"30817f", State::whole, 3, 127, false},
      {"30820080", State::whole, 4, 128, false},
      {"30820100", State::whole, 4, 256, true},
      {"308201", State::more, 0, 0, false},
      {"3084ffffffff", State::whole, 6, 0xFFFFFFFF, true},
      {"3080", State::malformed, 0, 0, false},
      {"30850000000001", State::malformed, 0, 0, false},
      {"1f0100", State::malformed, 0, 0, false},
  };
  for (const auto& row : table) {
    const auto header = ber_header(from_hex(row.hex).value());
    EXPECT_EQ(header.state, row.state) << row.hex;
    EXPECT_EQ(header.size, row.size) << row.hex;
    EXPECT_EQ(header.content_size, row.content_size) << row.hex;
    if (row.state == State::whole) {
      EXPECT_EQ(header.is_shortest(), row.is_shortest) << row.hex;
    }
  }
}

}  // namespace ber_test
}  // namespace tlsa_update
