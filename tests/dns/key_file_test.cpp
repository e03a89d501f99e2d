#include "tlsa_update/dns/key_file.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tlsa_update/core/base64.hpp"

namespace tlsa_update::dns {
namespace key_file_test {

Name name(std::string_view text) { return Name::parse(text).value(); }

// 32 octets, and base64 that looks like comments.
const std::string secret = "//8A/w//AAECAwQFBgcICQoLDA0ODxAREhMUFRYX//8=";
const Secret secret_octets = from_base64(secret).value();

Result<KeyFile> parse(std::string_view text, const KeyFileOptions& options = {},
                      const std::string& path = "tsig.key") {
  return parse_key_file(Secret(Bytes(text.begin(), text.end())), path, options);
}

std::string error_of(std::string_view text, const KeyFileOptions& options = {},
                     const std::string& path = "tsig.key") {
  const auto file = parse(text, options, path);
  return file ? "no error" : file.error().text();
}

std::string clause(std::string_view key_name, std::string_view algorithm = "hmac-sha256") {
  return "key \"" + std::string(key_name) + "\" {\n\talgorithm " + std::string(algorithm) + ";\n\tsecret \"" +
         secret + "\";\n};\n";
}

TEST(KeyFile, EveryFormGivesTheSameKey) {
  const std::string record = "update.example. IN KEY 512 3 163 " + secret + "\n";
  const std::string yaml =
      "key:\n  - id: update.example.\n    algorithm: hmac-sha256\n    secret: " + secret + "\n";
  const std::string keymgr_comment = "# hmac-sha256:update.example.:" + secret + "\n";
  const std::string private_file = "Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: " + secret +
                                   "\nBits: AAA=\nCreated: 20260101000000\n";
  struct Row {
    const char* what;
    std::string text;
    std::string path = "tsig.key";
  };
  const Row table[] = {
      {"tsig-keygen", clause("update.example")},
      {"one line, no quotes around the name, upper case",
       "KEY Update.EXAMPLE { SECRET \"" + secret + "\"; ALGORITHM HMAC-SHA256; };"},
      {"a byte-order mark", "\xEF\xBB\xBF" + clause("update.example")},
      {"a byte-order mark before one line", "\xEF\xBB\xBFhmac-sha256:update.example:" + secret},
      {"ldns-keygen's private file",
       "Private-key-format: v1.2\nAlgorithm: 159 (HMAC_SHA256)\nKey: " + secret + "\n",
       "Kupdate.example.+159+53218.private"},
      {"ldns-keygen's record", "update.example.\tIN\tKEY\t0 3 159 " + secret + "\n"},
      {"carriage returns",
       "key \"update.example\" {\r\n algorithm hmac-sha256;\r\n secret \"" + secret + "\";\r\n};\r\n"},
      {"blanks in the secret", "key update.example { algorithm hmac-sha256; secret \"" +
                                   secret.substr(0, 20) + "\n  " + secret.substr(20) + "\"; };"},
      {"comments of every kind",
       "# key \"a\" { };\n// key \"b\" {\n/* key \"c\" {\n */ key /* d */ \"update.example\" // e\n"
       "{ algorithm hmac-sha256; # f\n secret \"" +
           secret + "\"; /**/ };"},
      {"a whole named.conf",
       "options { directory \"/var/cache/bind\"; listen-on-v6 { ::1; }; };\ncontrols { inet 127.0.0.1 port "
       "953 allow { any; } "
       "keys { \"rndc\"; }; };\ninclude \"/etc/bind/x//y\";\n" +
           clause("update.example") +
           "zone \"example\" { type primary; allow-transfer { key \"update.example\"; }; update-policy { "
           "grant update.example "
           "zonesub TLSA; }; };\n"},
      {"keymgr -t", keymgr_comment + yaml},
      {"the comment of keymgr -t alone", keymgr_comment},
      {"a whole knot.conf",
       "server:\n    listen: ::1@53\n\nkey: # of updates\n  - id: \"update.example\"\n    secret: \"" +
           secret +
           "\"\n    algorithm: hmac-sha256\n    comment: key: of updates\n\nacl:\n  - id: a\n    key: "
           "update.example\n"},
      {"K*.private", private_file, "/etc/keys/Kupdate.example.+163+12345.private"},
      {"K*.key", "; made by dnssec-keygen\n" + record, "Kupdate.example.+163+12345.key"},
      {"K*.key with a TTL",
       "update.example. 3600 IN KEY 512 3 163 " + secret.substr(0, 8) + " " + secret.substr(8)},
      {"algorithm, name and secret in a line", "hmac-sha256:update.example:" + secret + "\n"},
  };
  for (const auto& row : table) {
    const auto file = parse(row.text, {}, row.path);
    ASSERT_TRUE(file) << row.what << ": " << file.error().text();
    EXPECT_EQ(file->key.name, name("update.example")) << row.what;
    EXPECT_EQ(file->key.algorithm, TsigAlgorithm::hmac_sha256) << row.what;
    EXPECT_TRUE(std::ranges::equal(file->key.secret.view(), secret_octets.view())) << row.what;
    EXPECT_TRUE(file->notes.empty()) << row.what;
  }
}

TEST(KeyFile, EveryAlgorithmIsKnownByNameAndNumber) {
  const std::pair<const char*, const char*> table[] = {{"hmac-md5", "157"},    {"hmac-sha1", "161"},
                                                       {"hmac-sha224", "162"}, {"hmac-sha256", "163"},
                                                       {"hmac-sha384", "164"}, {"hmac-sha512", "165"}};
  for (const auto& [algorithm, number] : table) {
    const auto by_name = parse(clause("k", algorithm), {.allow_weak = true, .key_name = {}});
    const auto by_number =
        parse("k. IN KEY 0 3 " + std::string(number) + " " + secret, {.allow_weak = true, .key_name = {}});
    ASSERT_TRUE(by_name && by_number) << algorithm;
    EXPECT_EQ(text(by_name->key.algorithm), algorithm);
    EXPECT_EQ(text(by_number->key.algorithm), algorithm);
  }
}

TEST(KeyFile, OfSeveralKeysTheNamedOneIsTaken) {
  const std::string two = clause("a.example", "hmac-sha512") + clause("b.example");
  EXPECT_EQ(error_of(two),
            "tsig.key: the file holds several keys: a.example., b.example.; keep the one that you want in a "
            "file of its own");
  EXPECT_EQ(parse(two, {.allow_weak = false, .key_name = name("B.example")}).value().key.label(),
            "key b.example. (hmac-sha256)");
  EXPECT_EQ(error_of(two, {.allow_weak = false, .key_name = name("c.example")}),
            "tsig.key: no key c.example. in this file; it holds a.example., b.example.");
  EXPECT_EQ(error_of(two + clause("b.example"), {.allow_weak = false, .key_name = name("b.example")}),
            "tsig.key:9: key b.example. is written twice");
}

TEST(KeyFile, AMissingAlgorithmIsAssumedAloud) {  // RFC 8945 section 10
  for (const auto& text : {"key k { secret \"" + secret + "\"; };", "k:" + secret}) {
    const auto file = parse(text);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->key.algorithm, TsigAlgorithm::hmac_sha256);
    EXPECT_EQ(file->notes, std::vector<std::string>{"no algorithm is given: hmac-sha256 is assumed"});
  }
}

TEST(KeyFile, AShortSecretIsNoted) {  // RFC 8945 section 8
  EXPECT_EQ(parse("hmac-sha256:k:AAAAAAAAAAAAAAAAAAAAAA==").value().notes,
            std::vector<std::string>{
                "the secret of key k. (hmac-sha256) has 16 octets, fewer than the 32 of the hash "
                "(RFC 8945 section 8)"});
}

TEST(KeyFile, WeakAlgorithmsNeedTheirOption) {  // RFC 8945 section 6
  for (const auto* algorithm : {"hmac-md5", "hmac-md5.sig-alg.reg.int", "HMAC-SHA1"}) {
    const auto refused = parse(clause("k", algorithm));
    ASSERT_FALSE(refused) << algorithm;
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().text().find("--allow-weak-tsig"), std::string::npos);
    EXPECT_TRUE(parse(clause("k", algorithm), {.allow_weak = true, .key_name = {}})) << algorithm;
  }
}

TEST(KeyFile, ErrorsSayWhereAndWhatWasExpected) {
  struct Row {
    std::string text, error, path = "tsig.key";
  };
  const std::string none =
      "; expected a key clause as tsig-keygen prints it (included files are not read), keymgr -t output, "
      "K*.private, "
      "K*.key, or one line algorithm:name:secret";
  const Row table[] = {
      {"", "tsig.key: the key file is empty" + none},
      {" \n\t\r\n", "tsig.key: the key file is empty" + none},
      {"include \"/etc/bind/keys\";\n", "tsig.key: no TSIG key in this file" + none},
      {secret, "tsig.key: no TSIG key in this file" + none},
      {"key k {\n algorithm hmac-sha256;\n};", "tsig.key:1: this key has no secret"},
      {"key k { secret \"\"; };", "tsig.key:1: this key has no secret"},
      {"\nkey k { secret \"====\"; };", "tsig.key:2: expected the secret of this key in base64"},
      {"key k {\n secret \"a\"\n};", "tsig.key:3: expected `;` in this key clause"},
      {"key k {\n secret ;\n};", "tsig.key:2: expected one value behind `algorithm` and one behind `secret`"},
      {"key k {\n secret a; secret b;\n};",
       "tsig.key:2: expected one value behind `algorithm` and one behind `secret`"},
      {"key k {\n secert \"a\";\n};", "tsig.key:2: expected `algorithm`, `secret` or `}` in this key clause"},
      {"key k {\n secret \"a\";\n", "tsig.key:3: expected `algorithm`, `secret` or `}` in this key clause"},
      {"key k {\n secret \"a;\n};\n", "tsig.key:2: a quote or comment that begins here never ends"},
      {"\n/* key k {", "tsig.key:2: a quote or comment that begins here never ends"},
      {"key \"a..b\" { secret \"" + secret + "\"; };",
       "tsig.key:1: expected a domain name as the key's name"},
      {"key . { secret \"" + secret + "\"; };", "tsig.key:1: expected a domain name as the key's name"},
      {clause("k", "hmac-sha256-128"),
       "tsig.key:1: TSIG algorithm hmac-sha256-128 truncates the MAC, which is not "
       "supported; configure hmac-sha256 for this key on the server and here"},
      {clause("k", "aes"),
       "tsig.key:1: unknown TSIG algorithm \"aes\"; expected hmac-sha224, hmac-sha256, hmac-sha384, "
       "hmac-sha512, hmac-sha1 or hmac-md5"},
      {clause("k", "HMAC-SHA3-256"),
       "tsig.key:1: unknown TSIG algorithm \"hmac-sha3-256\"; expected hmac-sha224, hmac-sha256, "
       "hmac-sha384, "
       "hmac-sha512, hmac-sha1 or hmac-md5"},
      {"key:\n  - id: k\n    secrte: x\n",
       "tsig.key:3: expected `- id:`, `algorithm:` or `secret:` in this key section"},
      {"key:\n    id: k\n", "tsig.key:2: expected `- id:`, `algorithm:` or `secret:` in this key section"},
      {"key:\n  - id: k\n", "tsig.key:2: this key has no secret"},
      {"Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: " + secret,
       "tsig.key: a private key file does not hold the key's name; keep the name that dnssec-keygen gave it: "
       "Kname.+163+12345.private"},
      {"Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n",
       "Kk.+013+1.private:2: this is not an HMAC key: its algorithm is 13 (ECDSAP256SHA256)",
       "Kk.+013+1.private"},
      {"k. IN KEY 256 3 13 AAAA\n",
       "Kk.key:1: this is not an HMAC key: its algorithm is 13 (ECDSAP256SHA256)", "Kk.key"},
      {"Private-key-format: v1.3\nAlgorithm: 250\nKey: AAAA\n",
       "Kk.+250+1.private:2: this is not an HMAC key: its algorithm is 250", "Kk.+250+1.private"},
      {"\xFF\xFEk\0e\0y\0", "tsig.key: is UTF-16 text; convert it: iconv -f utf-16 -t utf-8"},
      {"key \"" + secret + "\" { secret \"AAAA\"; };",
       "tsig.key:1: the name of this key looks like a secret; the name comes before the secret: are the two "
       "exchanged?"},
      {"hmac-sha256:k:", "tsig.key:1: this key has no secret"},
      {"hmac-sha256:k:AAA", "tsig.key:1: expected the secret of this key in base64"},
  };
  for (const auto& row : table) EXPECT_EQ(error_of(row.text, {}, row.path), row.error) << row.text;
}

TEST(KeyFile, NoErrorQuotesASecretInTheWrongPlace) {
  for (const auto& text : {
           secret + ":update.example",                    // exchanged
           secret + ":update.example:hmac-sha256",        // backwards
           "hmac-sha256:update.example:" + secret + "!",  // damaged
           "key update.example { algorithm \"" + secret + "\"; secret \"AA==\"; };",
           "key update.example { \"" + secret + "\"; };",
           "key update.example { secret \"" + secret + "\" };",
           "key:\n  - id: update.example\n    " + secret + "\n",
           "key:\n  - id: update.example\n    algorithm: " + secret + "\n    secret: AA==\n",
           "secret " + secret,
           "key \"" + secret.substr(2) + "\" { secret \"AAAA\"; }; key \"a\" { secret \"AAAA\"; };",
           "key a { algorithm hmac-" + secret.substr(2) + "; secret \"AA==\"; };",
           "Private-key-format: v1.3\nAlgorithm: " + secret + "\nKey: AAAA\n",
           "a. IN KEY 0 3 " + secret + " AAAA\n",
       }) {
    const auto error = error_of(text, {}, "Ka.+163+1.private");
    EXPECT_NE(error, "no error") << text;
    for (std::size_t at = 0; at + 12 <= secret.size(); ++at)
      EXPECT_EQ(error.find(secret.substr(at, 12)), std::string::npos) << error;
  }
}

RC_GTEST_PROP(KeyFile, AnyTextGivesAKeyOrAnError, (const std::string& text)) {
  const auto file = parse(text);
  if (file) RC_ASSERT(!file->key.secret.empty());
}

RC_GTEST_PROP(KeyFile, AnyDamageToAClauseGivesAKeyOrAnError, ()) {
  std::string text = clause("update.example");
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i)
    text[*rc::gen::inRange<std::size_t>(0, text.size())] =
        *rc::gen::elementOf(std::string("\"{};/*#\n\\ :-="));
  const auto file = parse(text);
  if (file) RC_ASSERT(!file->key.secret.empty());
}

}  // namespace key_file_test
}  // namespace tlsa_update::dns
