// Keys in every form that lies about on a server: each gives the public half of one key.
#include "key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/pem.h>

#include "legacy_files.hpp"
#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::x509 {
namespace key_test {

using testing::HasSubstr;

const char* const words = "correct horse";

Secret secret(const std::string& text) { return Secret(Bytes(text.begin(), text.end())); }

ByteView octets(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// SPKI of the one bare key in the file, in hexadecimal; or the error.
std::string key_in(ByteView file, const Secret* passphrase = nullptr) {
  const auto loaded = load(file, "key.pem", passphrase);
  if (!loaded) return loaded.error().text();
  if (loaded->credentials.size() != 1 || !loaded->credentials[0].bare_key) return "not one bare key";
  return to_hex(loaded->credentials[0].bare_key->full);
}

std::string key_in(const std::string& file, const Secret* passphrase = nullptr) {
  return key_in(octets(file), passphrase);
}

std::string text_in(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string traditional_pem(const test::Key& key, const char* cipher = nullptr) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  auto* password = reinterpret_cast<unsigned char*>(const_cast<char*>(words));
  PEM_write_bio_PrivateKey_traditional(out.get(), key.get(),
                                       cipher != nullptr ? EVP_get_cipherbyname(cipher) : nullptr,
                                       cipher != nullptr ? password : nullptr, 13, nullptr, nullptr);
  return text_in(out.get());
}

std::string encrypted_pem(const test::Key& key) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), words, 13, nullptr, nullptr);
  return text_in(out.get());
}

Bytes pkcs1_public(const test::Key& key) {
  unsigned char* raw = nullptr;
  const int size = i2d_PublicKey(key.get(), &raw);
  Bytes der(raw, raw + size);
  OPENSSL_free(raw);
  return der;
}

Bytes body_of(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  PEM_read_bio(in.get(), &name, &header, &data, &size);
  Bytes body(data, data + size);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return body;
}

TEST(Key, APrivateKeyGivesItsPublicHalfForEveryTypeAndForm) {
  for (const char* type : {"RSA:2048", "RSA-PSS:2048", "P-256", "P-384", "P-521", "secp256k1", "ED25519",
                           "ED448", "X25519", "X448", "DSA:1024"}) {
    const auto key = test::shared_key(type);
    const auto spki = to_hex(test::spki_of(key));
    const auto phrase = secret(words);
    EXPECT_EQ(key_in(test::private_pem_of(key)), spki) << type << " PKCS#8 PEM";
    EXPECT_EQ(key_in(ByteView(test::private_der_of(key))), spki) << type << " PKCS#8 DER";
    EXPECT_EQ(key_in(encrypted_pem(key), &phrase), spki) << type << " encrypted PKCS#8 PEM";
    EXPECT_EQ(key_in(ByteView(body_of(encrypted_pem(key))), &phrase), spki)
        << type << " encrypted PKCS#8 DER";
    EXPECT_EQ(key_in(test::pem("PUBLIC KEY", test::spki_of(key))), spki) << type << " SPKI PEM";
    EXPECT_EQ(key_in(ByteView(test::spki_of(key))), spki) << type << " SPKI DER";
  }
}

TEST(Key, TheOldFormsOfRsaEcAndDsa) {
  const auto phrase = secret(words);
  for (const char* type : {"RSA:2048", "P-256", "P-521", "DSA:1024"}) {
    const auto key = test::shared_key(type);
    const auto spki = to_hex(test::spki_of(key));
    EXPECT_THAT(
        traditional_pem(key),
        testing::StartsWith(std::string("-----BEGIN ") +
                            (type[0] == 'P' ? "EC" : std::string(type).substr(0, 3)) + " PRIVATE KEY"));
    EXPECT_EQ(key_in(traditional_pem(key)), spki) << type;
    EXPECT_EQ(key_in(ByteView(body_of(traditional_pem(key)))), spki) << type;
    for (const char* cipher : {"AES-256-CBC", "AES-128-CBC", "DES-EDE3-CBC"})
      EXPECT_EQ(key_in(traditional_pem(key, cipher), &phrase), spki) << type << " " << cipher;
  }
}

TEST(Key, ARequestGivesItsKey) {
  for (const char* type : {"RSA:2048", "RSA-PSS:2048", "P-256", "ED25519", "ED448"}) {
    const auto key = test::shared_key(type);
    const auto request = test::request_of(key, "mail.example.com");
    const auto spki = to_hex(test::spki_of(key));
    EXPECT_EQ(key_in(test::pem("CERTIFICATE REQUEST", request)), spki) << type;
    EXPECT_EQ(key_in(test::pem("NEW CERTIFICATE REQUEST", request)), spki) << type;
    EXPECT_EQ(key_in(ByteView(request)), spki) << type;
  }
}

TEST(Key, ADamagedRequestIsRefused) {
  auto request = test::request_of(test::shared_key("P-256"), "mail.example.com");
  const std::string name = "mail";
  *std::search(request.begin(), request.end(), name.begin(), name.end()) = 'x';
  EXPECT_EQ(key_in(ByteView(request)),
            "key.pem: the certificate request is damaged: its own signature does not verify");
}

TEST(Key, APkcs1PublicKeyBecomesAnSpki) {
  const auto key = test::shared_key("RSA:2048");
  EXPECT_EQ(key_in(test::pem("RSA PUBLIC KEY", pkcs1_public(key))), to_hex(test::spki_of(key)));
  EXPECT_EQ(key_in(ByteView(pkcs1_public(key))), to_hex(test::spki_of(key)));
}

TEST(Key, ParametersBesideAKeyAreSkipped) {
  const auto key = test::shared_key("P-256");
  const auto parameters =
      test::pem("EC PARAMETERS", Bytes{0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07});
  const auto loaded =
      load(octets(parameters + traditional_pem(key) + test::pem("DH PARAMETERS", Bytes{0x30, 0x00})), "k");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->credentials.size(), 1U);
  EXPECT_TRUE(loaded->notes.empty());
}

TEST(Key, AnEncryptedKeyNeedsItsPassphrase) {
  const auto key = test::shared_key("P-256");
  const auto wrong = secret("incorrect horse");
  const auto long_one = secret(std::string(2000, 'x'));
  const std::string needs = " is encrypted; give its passphrase with --passphrase-file";
  const std::string refused =
      " cannot be decrypted: the passphrase is wrong, or the file is damaged; check --passphrase-file";
  EXPECT_EQ(key_in(encrypted_pem(key)), "key.pem:1: the ENCRYPTED PRIVATE KEY block" + needs);
  EXPECT_EQ(key_in(traditional_pem(key, "AES-256-CBC")), "key.pem:1: the EC PRIVATE KEY block" + needs);
  EXPECT_EQ(key_in(ByteView(body_of(encrypted_pem(key)))), "key.pem: the encrypted private key" + needs);
  EXPECT_EQ(key_in(encrypted_pem(key), &wrong), "key.pem:1: the ENCRYPTED PRIVATE KEY block" + refused);
  EXPECT_EQ(key_in(traditional_pem(key, "AES-256-CBC"), &long_one),
            "key.pem:1: the EC PRIVATE KEY block" + refused);
  EXPECT_EQ(key_in(encrypted_pem(key), &long_one), "key.pem:1: the ENCRYPTED PRIVATE KEY block" + refused);
}

TEST(Key, AWrongPassphraseNeverGivesAKey) {
  // One in 256 wrong passphrases decrypts to something with proper padding.
  const auto old_form = traditional_pem(test::shared_key("P-256"), "AES-128-CBC");
  for (int i = 0; i < 1000; ++i) {
    const auto wrong = secret("wrong " + std::to_string(i));
    const auto error = key_in(old_form, &wrong);
    ASSERT_THAT(error, testing::StartsWith("key.pem:1: the EC PRIVATE KEY block ")) << i;
  }
}

TEST(Key, OldAlgorithmsGoThroughTheLegacyProvider) {
  const auto phrase = secret(words);
  const std::string files[] = {test::legacy_des_pem, test::legacy_rc2_pem, test::legacy_md5_des_pem};
  for (const auto& file : files) {
    const auto loaded = load(octets(file), "key.pem", &phrase);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
    EXPECT_EQ(to_hex(loaded->credentials.at(0).bare_key.value().sha2_256), test::legacy_spki_sha2_256);
  }
}

TEST(Key, AFileCannotAskForHoursOfKeyDerivation) {
  // PBES2 with PBKDF2 of 2^31 - 1 iterations, and scrypt of 2^17 x 1 x 2^17.
  using test::der;
  const Bytes pbes2 = der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D}});
  const Bytes pbkdf2 = der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C}});
  const Bytes scrypt = der(0x06, {{0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B}});
  const Bytes cipher = der(
      0x30, {der(0x06, {{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A}}), der(0x04, {Bytes(16)})});
  const Bytes salt = der(0x04, {Bytes(8)});
  const auto encrypted = [&](const Bytes& function) {
    return der(0x30, {der(0x30, {pbes2, der(0x30, {function, cipher})}), der(0x04, {Bytes(64)})});
  };
  const Bytes many = der(0x02, {{0x7F, 0xFF, 0xFF, 0xFF}});
  const Bytes n = der(0x02, {{0x02, 0x00, 0x00}});
  const auto phrase = secret(words);
  const std::string refused =
      "key.pem: the encrypted private key asks for more than 5000000 iterations to derive its key";
  EXPECT_EQ(key_in(ByteView(encrypted(der(0x30, {pbkdf2, der(0x30, {salt, many})}))), &phrase), refused);
  EXPECT_EQ(
      key_in(ByteView(encrypted(der(0x30, {scrypt, der(0x30, {salt, n, der(0x02, {{1}}), n})}))), &phrase),
      refused);
}

TEST(Key, AnEcKeyWithItsCurveSpeltOutIsRead) {
  const auto key = test::make_key("P-256");
  EVP_PKEY_set_utf8_string_param(key.get(), "encoding", "explicit");
  const auto spki = test::spki_of(key);
  ASSERT_GT(spki.size(), 200U);
  EXPECT_EQ(key_in(test::private_pem_of(key)), to_hex(spki));
  EXPECT_EQ(key_in(ByteView(spki)), to_hex(spki));
}

TEST(Key, IdentityDoesNotDependOnTheEncoding) {
  const auto key = test::make_key("P-256");
  const auto plain = test::spki_of(key);
  EVP_PKEY_set_utf8_string_param(key.get(), "point-format", "compressed");
  const auto compressed = test::spki_of(key);
  ASSERT_NE(plain, compressed);
  const auto identity = [](const Bytes& spki) { return identity_of(key_of_spki(spki).value().spki); };
  EXPECT_EQ(identity(plain), identity(compressed));
  EXPECT_NE(identity(plain), identity(test::spki_of(test::make_key("P-256"))));
}

// PKCS#8 (RFC 5958 section 2) of an algorithm by the octets of its OID.
std::string key_of_algorithm(const Bytes& oid) {
  const auto octets_of_key = test::der(0x04, {Bytes(34, 7)});
  const auto algorithm = test::der(0x30, {test::der(0x06, {oid})});
  return test::pem("PRIVATE KEY", test::der(0x30, {test::der(0x02, {{0}}), algorithm, octets_of_key}));
}

const Bytes nobodys_algorithm{0x2A, 0x03, 0x04, 0x05};  // 1.2.3.4.5

// SEC1 (RFC 5915 section 3).
std::string key_on_curve(const Bytes& oid) {
  const auto curve = test::der(0xA0, {test::der(0x06, {oid})});
  return test::pem("EC PRIVATE KEY",
                   test::der(0x30, {test::der(0x02, {{1}}), test::der(0x04, {Bytes(32, 7)}), curve}));
}

// The notes of a file that gives one chain; or the error.
std::string notes_of(const std::string& file, const Secret* passphrase = nullptr) {
  const auto loaded = load(octets(file), "f", passphrase);
  if (!loaded) return loaded.error().text();
  if (loaded->credentials.size() != 1 || loaded->credentials[0].chain.empty()) return "not one chain";
  std::string notes;
  for (const auto& note : loaded->notes) notes += note;
  return notes;
}

TEST(Key, ACertificateOfTheSameFileSufficesForAKeyThatCannotBeRead) {
  const auto key = test::make_key();
  const auto leaf = test::self_signed({.common_name = "mail.example.com", .dns_names = {}, .key = key}).pem();
  const auto line = "f:" + std::to_string(1 + std::ranges::count(leaf, '\n')) + ": ";
  const std::string passed_over = "; it is passed over, as the file has a certificate";

  EXPECT_EQ(notes_of(leaf + encrypted_pem(key)),
            line + "the ENCRYPTED PRIVATE KEY block is encrypted" + passed_over);
  EXPECT_EQ(notes_of(leaf + traditional_pem(key, "AES-256-CBC")),
            line + "the EC PRIVATE KEY block is encrypted" + passed_over);
  EXPECT_EQ(notes_of(leaf + key_of_algorithm(nobodys_algorithm)),
            line + "the PRIVATE KEY block is of an algorithm that this OpenSSL does not know: 1.2.3.4.5" +
                passed_over);
  EXPECT_EQ(notes_of(key_on_curve(nobodys_algorithm) + leaf),
            "f:1: the EC PRIVATE KEY block is of an algorithm that this OpenSSL does not know: 1.2.3.4.5" +
                passed_over);
}

TEST(Key, AWrongPassphraseAndABrokenKeyRefuseTheFileAlsoBesideACertificate) {
  const auto key = test::make_key();
  const auto leaf = test::self_signed({.common_name = "mail.example.com", .dns_names = {}, .key = key}).pem();
  const auto wrong_words = secret("battery staple");

  EXPECT_THAT(notes_of(leaf + encrypted_pem(key), &wrong_words), HasSubstr("the passphrase is wrong"));
  const auto rsa = key_of_algorithm({0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01});
  EXPECT_THAT(notes_of(leaf + rsa), HasSubstr("the PRIVATE KEY block is broken"));
}

TEST(Key, AloneAKeyThatCannotBeReadIsRefusedByTheNameOfItsAlgorithm) {
  EXPECT_EQ(key_in(key_of_algorithm(nobodys_algorithm)),
            "key.pem:1: the PRIVATE KEY block is of an algorithm that this OpenSSL does not know: 1.2.3.4.5");
  // A key that can be read does not make up for one that cannot.
  EXPECT_THAT(key_in(test::private_pem_of(test::make_key()) + key_of_algorithm(nobodys_algorithm)),
              HasSubstr("does not know: 1.2.3.4.5"));
  const std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>> ml_dsa(
      EVP_PKEY_CTX_new_from_name(nullptr, "ML-DSA-65", nullptr));
  forget_errors();
  if (ml_dsa) GTEST_SKIP() << "this OpenSSL knows ML-DSA";
  EXPECT_THAT(key_in(key_of_algorithm({0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12})),
              HasSubstr("does not know: ML-DSA-65 (2.16.840.1.101.3.4.3.18)"));
}

}  // namespace key_test
}  // namespace tlsa_update::x509
