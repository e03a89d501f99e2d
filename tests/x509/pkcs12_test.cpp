// PKCS#12 containers as OpenSSL, Java and old Windows write them.
#include "pkcs12.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/pkcs12.h>

#include "legacy_files.hpp"
#include "pem.hpp"
#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::x509 {
namespace pkcs12_test {

using testing::ElementsAre;

Secret secret(const std::string& text) { return Secret(Bytes(text.begin(), text.end())); }

struct Protection {
  int key = 0;  // 0: OpenSSL's default, -1: none
  int certificates = 0;
  int iterations = 0;
  int mac_iterations = 0;  // 0: OpenSSL's default, -1: no MAC
};

X509Ptr x509_of(const test::Issued& issued) {
  const unsigned char* cursor = issued.der.data();
  return X509Ptr(d2i_X509(nullptr, &cursor, static_cast<long>(issued.der.size())));
}

Bytes container(const test::Family& family, const char* passphrase, const Protection& protection = {}) {
  const auto leaf = x509_of(family.leaf);
  STACK_OF(X509)* others = sk_X509_new_null();
  sk_X509_push(others, x509_of(family.root).release());
  sk_X509_push(others, x509_of(family.intermediate).release());
  const Pkcs12Ptr pkcs12(PKCS12_create(passphrase, "mail", family.leaf.key.get(), leaf.get(), others,
                                       protection.key, protection.certificates, protection.iterations,
                                       protection.mac_iterations, 0));
  sk_X509_pop_free(others, X509_free);
  unsigned char* octets = nullptr;
  const int size = pkcs12 ? i2d_PKCS12(pkcs12.get(), &octets) : 0;
  Bytes der(octets, octets + size);
  OPENSSL_free(octets);
  return der;
}

std::vector<std::vector<Bytes>> chains_in(ByteView file, const Secret* passphrase) {
  const auto loaded = load(file, "mail.p12", passphrase);
  if (!loaded) {
    ADD_FAILURE() << loaded.error().text();
    return {};
  }
  std::vector<std::vector<Bytes>> chains;
  for (const auto& credential : loaded->credentials) {
    chains.emplace_back();
    for (const auto& one : credential.chain) chains.back().push_back(one.certificate.full);
  }
  return chains;
}

std::string error_of(ByteView file, const Secret* passphrase = nullptr) {
  const auto loaded = load(file, "mail.p12", passphrase);
  return loaded ? "no error" : loaded.error().text();
}

TEST(Pkcs12, GivesItsChainAndItsKeyAddsNothing) {
  const auto family = test::make_family();
  const auto phrase = secret("s3cret");
  const Protection table[] = {
      {},
      {-1, -1, 0, 0},
      {NID_aes_128_cbc, NID_aes_256_cbc, 10, 10},
      {NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2048, 1},
      {0, 0, 0, -1},
  };
  for (const auto& protection : table)
    EXPECT_THAT(chains_in(container(family, "s3cret", protection), &phrase),
                ElementsAre(ElementsAre(family.leaf.der, family.intermediate.der, family.root.der)));
}

TEST(Pkcs12, OldContainersWithRc2GoThroughTheLegacyProvider) {
  const auto blocks = pem_blocks(test::legacy_pkcs12_base64);
  const auto phrase = secret("correct horse");
  const auto loaded = load(blocks.value().at(0).body.view(), "old.p12", &phrase);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  ASSERT_EQ(loaded->credentials.size(), 1U);
  EXPECT_EQ(to_hex(loaded->credentials[0].chain.at(0).spki.sha2_256), test::legacy_spki_sha2_256);
}

TEST(Pkcs12, AnEmptyOrNoPassphraseNeedsNoFile) {
  const auto family = test::make_family();
  const Secret empty;
  EXPECT_EQ(chains_in(container(family, ""), nullptr).size(), 1U);
  EXPECT_EQ(chains_in(container(family, ""), &empty).size(), 1U);
  EXPECT_EQ(chains_in(container(family, nullptr), nullptr).size(), 1U);
}

TEST(Pkcs12, ANonAsciiPassphraseIsUtf8) {
  const auto family = test::make_family();
  const auto phrase = secret("p\xC3\xA4ss");
  EXPECT_EQ(chains_in(container(family, "p\xC3\xA4ss"), &phrase).size(), 1U);
}

TEST(Pkcs12, WithoutOrWithAWrongPassphraseSaysSo) {
  const auto file = container(test::make_family(), "s3cret");
  const auto wrong = secret("secret");
  EXPECT_EQ(error_of(file),
            "mail.p12: the PKCS#12 container is encrypted; give its passphrase with --passphrase-file");
  EXPECT_EQ(
      error_of(file, &wrong),
      "mail.p12: the PKCS#12 container cannot be decrypted: the passphrase is wrong, or the file is damaged; "
      "check --passphrase-file");
}

TEST(Pkcs12, ItsCertificatesSufficeIfOnlyItsKeyIsEncrypted) {
  const auto loaded = load(container(test::make_family(), "s3cret", {0, -1, 0, -1}), "mail.p12");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->credentials.front().chain.size(), 3U);
  EXPECT_THAT(loaded->notes, ElementsAre("mail.p12: the PKCS#12 container holds a key that is encrypted; "
                                         "it is passed over, as the file has a certificate"));
}

TEST(Pkcs12, ACutOrDamagedContainerIsRefused) {
  const auto file = container(test::make_family(), "s3cret", {-1, -1, 0, 1});
  const auto phrase = secret("s3cret");
  for (std::size_t size = 1; size < file.size(); size += 7)
    ASSERT_NE(error_of(ByteView(file).first(size), &phrase), "no error") << size;
  auto damaged = file;
  damaged[file.size() / 2] ^= 1;
  EXPECT_NE(error_of(damaged, &phrase), "no error");
}

TEST(Pkcs12, CannotAskForHoursOfKeyDerivation) {
  const auto family = test::make_family();
  auto file = container(family, "s3cret", {-1, -1, 0, 0x010203});
  const Bytes count{0x02, 0x03, 0x01, 0x02, 0x03};
  const auto place = std::search(file.begin(), file.end(), count.begin(), count.end());
  ASSERT_NE(place, file.end());
  *(place + 2) = 0x7F;
  const auto phrase = secret("s3cret");
  EXPECT_EQ(error_of(file, &phrase),
            "mail.p12: the PKCS#12 container asks for more than 5000000 iterations to derive its key");
}

}  // namespace pkcs12_test
}  // namespace tlsa_update::x509
