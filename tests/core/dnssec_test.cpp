// The weakest of several DNSSEC verdicts: one order for MX, SRV, address and TLSA RRsets.
#include "tlsa_update/core/dnssec.hpp"

#include <array>
#include <gtest/gtest.h>

namespace tlsa_update {
namespace dnssec_test {

TEST(Dnssec, AsWeakAsTheWeakestThatIsKnown) {
  constexpr std::array from_the_weakest{Dnssec::bogus, Dnssec::insecure, Dnssec::unknown, Dnssec::secure};
  for (std::size_t i = 0; i < from_the_weakest.size(); ++i) {
    for (std::size_t j = i; j < from_the_weakest.size(); ++j) {
      SCOPED_TRACE(std::string(text(from_the_weakest[i])) + " and " + std::string(text(from_the_weakest[j])));
      EXPECT_EQ(weaker(from_the_weakest[i], from_the_weakest[j]), from_the_weakest[i]);
      EXPECT_EQ(weaker(from_the_weakest[j], from_the_weakest[i]), from_the_weakest[i]);
    }
  }
}

}  // namespace dnssec_test
}  // namespace tlsa_update
