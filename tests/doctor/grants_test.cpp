// The lines that let a key change the TLSA records of some names.
#include "grants.hpp"

#include <gtest/gtest.h>

namespace tlsa_update::doctor {
namespace {

Name name(const std::string& text) { return *Name::parse(text); }

GrantedKey granted(const std::string& key) {
  return {name(key), dns::TsigAlgorithm::hmac_sha256, "/etc/" + key};
}

TEST(Grants, AreForTheseNamesOnlyAndHoldNoSecret) {
  const auto grants = grants_for(name("example.com"), {granted("update-key"), {}, false},
                                 {name("_465._tcp.mail.example.com"), name("*._tcp.mail.example.com"),
                                  name("_465._tcp.mail.example.com")});
  EXPECT_EQ(grants.bind,
            "// The secret is the one in /etc/update-key\n"
            "key \"update-key\" {\n    algorithm hmac-sha256;\n    secret \"...\";\n};\n"
            "// in zone \"example.com\"; an update-policy that is there already takes the grants:\n"
            "update-policy {\n"
            "    grant \"update-key\" name \"*._tcp.mail.example.com.\" TLSA;\n"
            "    grant \"update-key\" name \"_465._tcp.mail.example.com.\" TLSA;\n};\n");
  EXPECT_EQ(grants.knot,
            "key:\n  # The secret is the one in /etc/update-key\n"
            "  - id: \"update-key\"\n    algorithm: hmac-sha256\n    secret: \"...\"\n\n"
            "acl:\n  - id: \"tlsa-update-example.com\"\n    key: \"update-key\"\n    action: update\n"
            "    update-type: TLSA\n    update-owner: name\n    update-owner-match: equal\n"
            "    update-owner-name: [\"*._tcp.mail.example.com.\", \"_465._tcp.mail.example.com.\"]\n\n"
            "# in the item of zone \"example.com\"; an acl that is there already takes the names:\n"
            "#   acl: \"tlsa-update-example.com\"\n");
}

TEST(Grants, LetTheOtherKeyTransferAndNoMore) {
  const auto grants =
      grants_for(name("x"), {granted("writer"), granted("reader"), false}, {name("_1._tcp.x")});
  EXPECT_NE(grants.bind.find("allow-transfer { key \"reader\"; };"), std::string::npos);
  EXPECT_EQ(grants.bind.find("grant \"reader\""), std::string::npos);
  EXPECT_NE(grants.knot.find("    key: \"reader\"\n    action: transfer\n"), std::string::npos);
  EXPECT_NE(grants.knot.find("#   acl: [\"tlsa-update-x\", \"tlsa-update-x-transfer\"]\n"),
            std::string::npos);
}

TEST(Grants, NameOneKeyForBothOnce) {
  const auto grants = grants_for(name("x"), {granted("both"), granted("both"), false}, {name("_1._tcp.x")});
  EXPECT_EQ(grants.bind.find("key \"both\" {"), grants.bind.rfind("key \"both\" {"));
  EXPECT_EQ(grants.knot.find("- id: \"both\""), grants.knot.rfind("- id: \"both\""));
}

TEST(Grants, ByTlsNameTheCertificateOfTheServerToo) {
  const auto bind = grants_for(name("x"), {granted("k"), {}, true}, {name("_1._tcp.x")}).bind;
  EXPECT_NE(bind.find("tls \"tlsa-update\" {"), std::string::npos);
  EXPECT_NE(bind.find("port 853 tls \"tlsa-update\""), std::string::npos);
}

}  // namespace
}  // namespace tlsa_update::doctor
