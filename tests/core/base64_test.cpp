#include "tlsa_update/core/base64.hpp"

#include <gtest/gtest.h>

namespace tlsa_update {
namespace base64_test {

std::optional<std::string> decoded(std::string_view text) {
  const auto octets = from_base64(text);
  return octets ? std::optional<std::string>(as_text(octets->view())) : std::nullopt;
}

TEST(Base64, IsReadAsRfc4648Says) {  // section 10
  const std::pair<const char*, const char*> table[] = {{"", ""},
                                                       {"Zg==", "f"},
                                                       {"Zm8=", "fo"},
                                                       {"Zm9v", "foo"},
                                                       {"Zm9vYg==", "foob"},
                                                       {"Zm9vYmE=", "fooba"},
                                                       {"Zm9v\n YmFy", "foobar"}};
  for (const auto& [text, plain] : table) EXPECT_EQ(decoded(text), plain) << text;
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zm8", "Zg===", "=", "====", "Zm=v", "Zm9v=", "Zm9v====", "Zm9-",
                          "Zm9_", "Zg==Zg=="})
    EXPECT_EQ(decoded(bad), std::nullopt) << bad;
}

TEST(Base64, APieceMayEndAnywhere) {
  const std::string_view text = "Zm9vYmFy";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Base64Decoder decoder(text.size());
    ASSERT_TRUE(decoder.take(text.substr(0, cut)) && decoder.take(text.substr(cut)));
    EXPECT_EQ(as_text(decoder.finish().value().view()), "foobar") << cut;
  }
}

}  // namespace base64_test
}  // namespace tlsa_update
