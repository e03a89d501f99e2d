// Whatever file is at hand: mixtures, and the one line for each that is of no use.
#include "tlsa_update/x509/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"

namespace tlsa_update::x509 {
namespace loader_test {

using test::der;
using testing::ElementsAre;
using testing::IsEmpty;

ByteView octets(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string string_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

std::string error_of(const std::string& file) {
  const auto loaded = load(octets(file), "f");
  if (loaded) return "no error";
  EXPECT_EQ(loaded.error().code, ErrorCode::bad_data);
  return loaded.error().text();
}

// "chain:N" with its length, or "key", in their order.
std::vector<std::string> found_in(const Loaded& loaded) {
  std::vector<std::string> found;
  for (const auto& credential : loaded.credentials)
    found.push_back(credential.bare_key ? "key" : "chain:" + std::to_string(credential.chain.size()));
  return found;
}

Loaded loaded_from(const std::string& file) {
  auto loaded = load(octets(file), "f");
  if (!loaded) {
    ADD_FAILURE() << loaded.error().text();
    return {};
  }
  return std::move(*loaded);
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return result;
}

const test::Family& family() {
  static const auto made = test::make_family();
  return made;
}

// RSA without the NULL parameters: the same key in other octets.
Bytes without_null(const test::Key& rsa_key) {
  const auto spki = test::spki_of(rsa_key);
  const auto bits = Bytes(spki.begin() + 4 + 15, spki.end());
  return der(0x30, {der(0x30, {der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01}})}), bits});
}

TEST(Loader, AKeyAndItsCertificateAreOneCredential) {
  const auto& [root, intermediate, leaf] = family();
  const auto loaded = loaded_from(test::private_pem_of(leaf.key) + leaf.pem() + intermediate.pem() +
                                  test::pem("PUBLIC KEY", test::spki_of(leaf.key)) +
                                  test::pem("CERTIFICATE REQUEST", test::request_of(leaf.key, "a")));
  EXPECT_THAT(found_in(loaded), ElementsAre("chain:2"));
  EXPECT_THAT(loaded.notes, IsEmpty());
  EXPECT_EQ(loaded.credentials[0].source, "f");
  EXPECT_EQ(loaded.credentials[0].key_type, KeyType::ecdsa);
}

TEST(Loader, SeveralPairsAreSeveralCredentials) {
  const auto one = test::self_signed({.common_name = "a", .dns_names = {"a"}});
  const auto other = test::self_signed({.common_name = "a", .dns_names = {"a"}});
  const auto next = test::make_key("ED25519");
  const auto loaded = loaded_from(test::private_pem_of(one.key) + test::private_pem_of(other.key) +
                                  one.pem() + test::private_pem_of(next) + other.pem());
  EXPECT_THAT(found_in(loaded), ElementsAre("chain:1", "chain:1", "key"));
  EXPECT_EQ(loaded.credentials[2].bare_key->full, test::spki_of(next));
  EXPECT_EQ(loaded.credentials[2].key_type, KeyType::ed25519);
  EXPECT_THAT(loaded.credentials[2].chain, IsEmpty());
}

TEST(Loader, WhenTheEncodingsOfOneKeyDifferTheCertificateWins) {
  const auto key = test::shared_key("RSA:2048");
  const auto odd = test::issued_by(
      family().root, {.common_name = "odd", .dns_names = {}, .key = key, .spki = without_null(key)});
  const auto loaded = loaded_from(odd.pem() + test::private_pem_of(key));
  EXPECT_THAT(found_in(loaded), ElementsAre("chain:1"));
  EXPECT_EQ(loaded.credentials[0].chain[0].spki.full, without_null(key));
  EXPECT_THAT(loaded.notes,
              ElementsAre("f: the SPKI of the key differs in its encoding from the one in the certificate "
                          "\"CN=odd\", and it is the certificate's that counts"));
}

TEST(Loader, TheSameAcrossFiles) {
  const auto key = test::shared_key("RSA:2048");
  const auto odd = test::issued_by(
      family().root, {.common_name = "odd", .dns_names = {}, .key = key, .spki = without_null(key)});
  const auto next = test::make_key();
  std::vector<Loaded> loads;
  loads.push_back(load(octets(test::private_pem_of(key)), "key.pem").value());
  loads.push_back(load(octets(test::private_pem_of(next)), "next.pem").value());
  loads.push_back(load(octets(odd.pem()), "cert.pem").value());
  const auto all = together(std::move(loads));
  EXPECT_THAT(found_in(all), ElementsAre("chain:1", "key"));
  EXPECT_EQ(all.credentials[1].source, "next.pem");
  EXPECT_THAT(all.notes, ElementsAre(testing::StartsWith("key.pem: the SPKI of the key differs")));
}

Loaded together_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<Loaded> loads;
  for (const auto& [source, text] : files) loads.push_back(load(octets(text), source).value());
  return together(std::move(loads));
}

// certbot's cert.pem and chain.pem, given apart.
TEST(Loader, IssuersAreLookedForInEveryFile) {
  const auto& [root, intermediate, leaf] = family();
  const auto stranger = test::self_signed({.common_name = "Stranger", .dns_names = {}, .is_ca = true});
  for (const auto& files : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {{"cert.pem", leaf.pem()}, {"chain.pem", intermediate.pem() + root.pem()}},
           {{"chain.pem", intermediate.pem() + root.pem()}, {"cert.pem", leaf.pem()}},
           {{"root.pem", root.pem()}, {"cert.pem", leaf.pem()}, {"chain.pem", intermediate.pem()}},
           {{"other.pem", test::self_signed({"other", {}}).pem() + intermediate.pem()},
            {"cert.pem", leaf.pem()},
            {"root.pem", root.pem()}}}) {
    const auto all = together_of(files);
    const auto found = std::ranges::find(all.credentials, "cert.pem", &Credential::source);
    ASSERT_NE(found, all.credentials.end());
    EXPECT_EQ(found->chain.size(), 3U);
    EXPECT_EQ(all.credentials.size(), files.front().first == "other.pem" ? 2U : 1U);
    EXPECT_THAT(all.notes, IsEmpty());
  }
  EXPECT_THAT(found_in(together_of({{"cert.pem", leaf.pem()}, {"ca.pem", stranger.pem()}})),
              ElementsAre("chain:1", "chain:1"));
}

TEST(Loader, TheIssuerOfTheLeafsOwnFileComesFirst) {
  const auto& [root, intermediate, leaf] = family();
  const auto crossed = test::issued_by(
      test::self_signed({.common_name = "Old root", .dns_names = {}, .is_ca = true}),
      {.common_name = "Intermediate", .dns_names = {}, .is_ca = true, .key = intermediate.key});
  const auto all = together_of({{"old.pem", crossed.pem()}, {"cert.pem", leaf.pem() + intermediate.pem()}});
  const auto found = std::ranges::find(all.credentials, "cert.pem", &Credential::source);
  ASSERT_NE(found, all.credentials.end());
  EXPECT_EQ(found->chain.at(1).certificate.full, intermediate.der);
}

TEST(Loader, TellsEveryKeyAlsoThoseThatACertificateHolds) {
  const auto one = test::self_signed({"one", {}}), other = test::self_signed({"other", {}});
  const auto all =
      together_of({{"pair.pem", one.pem() + test::private_pem_of(one.key)}, {"other.pem", other.pem()}});
  ASSERT_FALSE(all.keys.empty());
  for (const auto& key : all.keys) EXPECT_EQ(key, all.credentials.front().chain.front().spki);
}

TEST(Loader, JunkCrlfAndTrustedCertificatesAreFine) {
  const auto& [root, intermediate, leaf] = family();
  const auto trust = der(0x30, {der(0x30, {der(0x06, {{0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01}})})});
  auto trusted = root.der;
  trusted.insert(trusted.end(), trust.begin(), trust.end());
  const auto file = "Bag Attributes\n    localKeyID: 01 \nsubject=CN = mail\n" + leaf.pem() +
                    " 1 s:CN = I\n   i:CN = R\n" + intermediate.pem() +
                    test::pem("TRUSTED CERTIFICATE", trusted) + "---\nServer certificate\n";
  EXPECT_THAT(found_in(loaded_from(file)), ElementsAre("chain:3"));
  EXPECT_THAT(found_in(loaded_from(with_crlf(file))), ElementsAre("chain:3"));
  EXPECT_THAT(found_in(loaded_from("\xEF\xBB\xBF" + leaf.pem())), ElementsAre("chain:1"));
}

TEST(Loader, ConcatenatedDerIsAChain) {
  EXPECT_THAT(found_in(loaded_from(string_of(family().root.der) + string_of(family().leaf.der) +
                                   string_of(family().intermediate.der))),
              ElementsAre("chain:3"));
}

TEST(Loader, BlocksOfNoUseAreNoted) {
  const auto loaded = loaded_from(family().leaf.pem() + test::pem("X509 CRL", Bytes{0x30, 0x00}));
  EXPECT_THAT(found_in(loaded), ElementsAre("chain:1"));
  EXPECT_THAT(loaded.notes, ElementsAre(testing::MatchesRegex("f:[0-9]+: the X509 CRL block is not used")));
}

Bytes crl_shape() {
  const auto algorithm = der(0x30, {der(0x06, {{0x2A}})});
  const auto date = der(0x17, {Bytes(13, '0')});
  return der(0x30, {der(0x30, {der(0x02, {{1}}), algorithm, der(0x30, {}), date, date}), algorithm,
                    der(0x03, {{0}})});
}

TEST(Loader, EachFileOfNoUseGetsItsOneLine) {
  const auto& leaf = family().leaf;
  const auto pkcs7 = der(0x30, {der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02}}),
                                der(0xA0, {der(0x30, {})})});
  const auto whole = std::to_string(leaf.der.size());
  auto cut_pem = leaf.pem();
  cut_pem.resize(cut_pem.size() / 2);
  const std::pair<std::string, std::string> table[] = {
      {"", "f: is empty"},
      {std::string(5000, '\0'), "f: holds nothing but zero octets"},
      {std::string("\x7F"
                   "ELF\x02\x01\x01\0",
                   8),
       "f: is neither PEM nor DER"},
      {"hello\n", "f: is text without a PEM block"},
      {"see -----BEGIN CERTIFICATE-----",
       "f:1: a PEM block that does not begin its line is not read; "
       "BEGIN and END are lines of their own (RFC 7468 section 2)"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA root@mail\n", "f: is an SSH public key"},
      {"\xFE\xED\xFE\xED",
       "f: is a Java keystore; convert it: keytool -importkeystore -deststoretype pkcs12"},
      {std::string("\xFF\xFE-\0-\0", 6), "f: is UTF-16 text; convert it: iconv -f utf-16 -t ascii"},
      {test::pem("OPENSSH PRIVATE KEY", Bytes(40)),
       "f: holds no certificate and no key, only the OPENSSH PRIVATE KEY block at line 1"},
      {test::pem("X509 CRL", crl_shape()),
       "f: holds no certificate and no key, only the X509 CRL block at line 1"},
      {string_of(crl_shape()), "f: is a certificate revocation list, not a certificate or a key"},
      {test::pem("PKCS7", pkcs7),
       "f: holds no certificate and no key, only the PKCS7 block at line 1; "
       "take the certificates out of it: openssl pkcs7 -print_certs"},
      {string_of(pkcs7),
       "f: is a PKCS#7 container, not a certificate or a key; "
       "take the certificates out of it: openssl pkcs7 -print_certs"},
      {test::pem("DH PARAMETERS", Bytes{0x30, 0x00}), "f: holds no certificate and no key"},
      {cut_pem, "f:1: the CERTIFICATE block is cut: its END line is missing"},
      {leaf.pem() + cut_pem, "f:" + std::to_string(1 + std::ranges::count(leaf.pem(), '\n')) +
                                 ": the CERTIFICATE block is cut: its END line is missing"},
      {string_of(ByteView(leaf.der).first(200)), "f: is cut: 200 of " + whole + " octets"},
      {string_of(leaf.der) + "\n", "f: is DER followed by octets that are not DER"},
      {test::pem("CERTIFICATE", ByteView(leaf.der).first(200)),
       "f:1: the CERTIFICATE block is cut: 200 of " + whole + " octets"},
      {test::pem("CERTIFICATE", pkcs7),
       "f:1: the CERTIFICATE block holds a PKCS#7 container, not a certificate"},
      {test::pem("CERTIFICATE", Bytes(60, 1)),
       "f:1: the CERTIFICATE block holds something unknown, not a certificate"},
      {test::pem("PRIVATE KEY", test::spki_of(leaf.key)),
       "f:1: the PRIVATE KEY block holds a public key, not a private key"},
      {string_of(der(0x30, {Bytes(5, 0)})), "f: is DER, but holds no certificate and no key"},
  };
  for (const auto& [file, expected] : table) EXPECT_EQ(error_of(file), expected);
}

TEST(Loader, OneBrokenBlockRefusesTheWholeFile) {
  auto broken = family().intermediate.pem();
  broken[broken.size() / 2] = '*';
  EXPECT_THAT(error_of(family().leaf.pem() + broken),
              testing::HasSubstr("is not base64: it is cut or damaged"));
}

TEST(Loader, AStoreOfSecretsIsNamedWithTheCommandThatOpensIt) {
  const std::string pem_base64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUI=";
  const std::pair<std::string, std::string> table[] = {
      {"\xEF\xBB\xBF "
       "{\"le\":{\"Account\":{},\"Certificates\":[{\"domain\":{\"main\":\"a\"},\"certificate\":\"" +
           pem_base64 + "\"}]}}",
       "f: is the JSON in which Traefik keeps its certificates, each in base64; take one out of it: "
       "jq -r '.. | select(.domain?.main? == \"NAME\") | .certificate' FILE | base64 -d"},
      {"{\"data\":{\"tls.crt\":\"" + pem_base64 + "\"}}",
       "f: is a Secret of Kubernetes as JSON, with its certificate in base64; take it out: "
       "jq -r '.data[\"tls.crt\"]' FILE | base64 -d"},
      {"{\"lease_id\":\"\",\"data\":{\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nMIG\"}}",
       "f: is JSON as Vault gives it, with PEM in its strings; take the certificates out of it: "
       "jq -r '.. | strings | select(contains(\"BEGIN CERT\"))' FILE"},
      {"[\"" + pem_base64 + "\"]",
       "f: is JSON with the base64 of PEM in its strings; take the first out of it: "
       "jq -r '.. | strings | select(startswith(\"LS0tLS1CRUd\"))' FILE | head -n 1 | base64 -d"},
      {"{\"key\":\"abc\"}", "f: is JSON without PEM in its strings"},
      {"kind: Secret\ndata:\n  tls.crt: " + pem_base64 + "\n",
       "f: is text with the base64 of PEM in it, as in a Secret of Kubernetes; take the first out of it: "
       "grep -o 'LS0tLS1CRUd[A-Za-z0-9+/=]*' FILE | head -n 1 | base64 -d"},
      {pem_base64 + "\n", "f: is the base64 of a PEM file; decode it: base64 -d FILE"},
      {"MIIBszCCAVmgAwIBAgIUSzN\n4oyeBfVE=\n",
       "f: is base64 without the BEGIN and END lines of PEM; decode it: base64 -d FILE"},
  };
  for (const auto& [file, expected] : table) EXPECT_EQ(error_of(file), expected);
}

TEST(Loader, AHundredMegabytesOfZerosAreReadOnce) {
  EXPECT_EQ(error_of(std::string(100'000'000, '\0')), "f: holds nothing but zero octets");
}

// Cut anywhere, a file never gives fewer certificates than it had: it gives an error.
TEST(Loader, ACutPemFileIsNeverReadAsAShorterOneInsideABlock) {
  const auto file = family().leaf.pem();
  for (std::size_t size = 1; size + 1 < file.size(); ++size)
    ASSERT_NE(error_of(file.substr(0, size)), "no error") << size;
}

}  // namespace loader_test
}  // namespace tlsa_update::x509
