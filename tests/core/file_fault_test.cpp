#include "tlsa_update/core/file_fault.hpp"

#include <gtest/gtest.h>

namespace tlsa_update {
namespace file_fault_test {

constexpr const char* secret = "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49";

TEST(FileFault, AnEditorCanJumpToItsPlace) {
  EXPECT_EQ(FileFault("is cut", {}, "restore it").at(7).in("/etc/a.pem").text(),
            "/etc/a.pem:7: is cut; restore it");
  EXPECT_EQ(FileFault("is empty").in("-").text(), "standard input: is empty");
  EXPECT_EQ(place_in("-", 3), "standard input:3");
}

TEST(FileFault, FactsStandAmongTheWords) {
  const FileFault fault("has {} octets and not {}", {3, 4}, "{}", {Fact("cut it")});
  EXPECT_EQ(fault.of("the {} block", {Fact::label("X509 CRL")}).in("f").text(),
            "f: the X509 CRL block has 3 octets and not 4; cut it");
}

TEST(FileFault, TextOfAFileIsShownOnlyIfItIsTooShortForASecret) {
  EXPECT_EQ(Fact::word("serve").text(), "\"serve\"");
  for (const auto* text : {"", "two words", "Upper", "correct-horse-battery", secret})
    EXPECT_EQ(Fact::word(text).text(), "(not shown: it may be a secret)") << text;
  EXPECT_EQ(Fact::label("ENCRYPTED PRIVATE KEY").text(), "ENCRYPTED PRIVATE KEY");
  for (const auto& text : std::vector<std::string>{"", "PRIVATE KEY-----MIG", "private key", "A  B",
                                                   "PRIVATE KEY " + std::string(secret), "ABCDEFGHIJKL",
                                                   "A B C D E F G H I J K L M N O P Q R S T U"})
    EXPECT_EQ(Fact::label(text).text(), "PEM") << text;
}

TEST(FileFault, AQuotedSecretIsTakenOutOfAMessage) {
  const std::string value = "a:" + std::string(secret);
  EXPECT_EQ(without_secret("\"" + value + "\" is not a host", value), "\"...\" is not a host");
  EXPECT_EQ(without_secret("port \"" + std::string(secret, 20) + "\" is none", value),
            "port \"...\" is none");
  EXPECT_EQ(without_secret("\"mail..x:25\" is not a host", "mail..x:25"), "\"mail..x:25\" is not a host");
}

TEST(FileFault, NamesAndPathsAreNoSecrets) {
  EXPECT_TRUE(may_be_secret(secret));
  EXPECT_TRUE(may_be_secret("key " + std::string(secret, 16)));
  for (const auto* text :
       {"mail.internationalised.example", "/etc/letsencrypt/live/mail.example.com/fullchain.pem",
        "update-key-of-mail-server-2.example", "3 1 1 4648", ""})
    EXPECT_FALSE(may_be_secret(text)) << text;
}

TEST(FileFault, AByteOrderMarkIsNoText) {
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFkey"), "key");
  EXPECT_EQ(without_byte_order_mark("key"), "key");
}

}  // namespace file_fault_test
}  // namespace tlsa_update
