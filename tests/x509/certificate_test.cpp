// The facts of one certificate, and above all the octets that its digests are taken of.
#include "certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/sha.h>

#include "pem.hpp"
#include "support/certificates.hpp"

namespace tlsa_update::x509 {
namespace certificate_test {

using test::der;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Certificate facts_of(const test::Issued& issued) {
  auto parsed = parse_certificate(issued.der);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().in({}).text();
    return {};
  }
  return parsed->facts;
}

std::string error_of(ByteView octets) {
  const auto parsed = parse_certificate(octets);
  return parsed ? "no error" : parsed.error().in({}).text();
}

std::string sha256_of(const Bytes& octets) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(octets.data(), octets.size(), digest.data());
  return to_hex(digest);
}

const test::Issued& ca() {
  static const auto issued = test::self_signed({.common_name = "CA", .dns_names = {}, .is_ca = true});
  return issued;
}

test::Issued leaf_with_spki(const Bytes& spki) {
  return test::issued_by(ca(), {.common_name = "a.example", .dns_names = {}, .spki = spki});
}

// RFC 6698 section 2.1.2: "the public key ... as defined in [RFC5280]", the octets of the certificate.
TEST(Certificate, TellsEveryKindOfKeyThatOpenSslMakes) {
  const std::pair<const char*, KeyType> table[] = {
      {"RSA:2048", KeyType::rsa},          {"RSA-PSS:2048", KeyType::rsa_pss}, {"P-256", KeyType::ecdsa},
      {"P-384", KeyType::ecdsa},           {"P-521", KeyType::ecdsa},          {"secp256k1", KeyType::ecdsa},
      {"brainpoolP256r1", KeyType::ecdsa}, {"ED25519", KeyType::ed25519},      {"ED448", KeyType::ed448},
      {"X25519", KeyType::other},          {"X448", KeyType::other},           {"DSA:1024", KeyType::other},
  };
  for (const auto& [type, expected] : table) {
    const auto key = test::shared_key(type);
    const auto facts =
        facts_of(test::issued_by(ca(), {.common_name = "a.example", .dns_names = {}, .key = key}));
    EXPECT_EQ(facts.key_type, expected) << type;
    EXPECT_EQ(to_hex(facts.spki.full), to_hex(test::spki_of(key))) << type;
    EXPECT_EQ(to_hex(facts.spki.sha2_256), sha256_of(test::spki_of(key))) << type;
  }
}

const Bytes null_parameters{0x05, 0x00};
const Bytes oid_rsa_encryption = der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01}});
const Bytes oid_rsassa_pss = der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A}});
const Bytes oid_x500_rsa = der(0x06, {{0x55, 0x08, 0x01, 0x01}});
const Bytes oid_ec = der(0x06, {{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01}});
const Bytes oid_p256 = der(0x06, {{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}});
const Bytes oid_ed25519 = der(0x06, {{0x2B, 0x65, 0x70}});
const Bytes oid_gost2012 = der(0x06, {{0x2A, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x01}});

// The BIT STRING at the end of an RSA key's usual SPKI.
Bytes rsa_bits() {
  const auto spki = test::spki_of(test::shared_key("RSA:2048"));
  constexpr std::size_t header = 4;
  const std::size_t algorithm = 2 + spki.at(header + 1);
  return {spki.begin() + static_cast<std::ptrdiff_t>(header + algorithm), spki.end()};
}

Bytes spki(const Bytes& oid, const Bytes& parameters, const Bytes& bits) {
  return der(0x30, {der(0x30, {oid, parameters}), bits});
}

Bytes pss_with_sha256() {
  const auto sha256 =
      der(0x30, {der(0x06, {{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}}), null_parameters});
  const auto mgf1 = der(0x30, {der(0x06, {{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08}}), sha256});
  return der(0x30, {der(0xA0, {sha256}), der(0xA1, {mgf1}), der(0xA2, {{0x02, 0x01, 0x20}})});
}

// Each of these has another digest, or none, for tools that decode the key and encode it again.
TEST(Certificate, SpkiIsTakenVerbatimWhereOpenSslWouldEncodeItAnew) {
  const struct {
    const char* what;
    Bytes spki;
    KeyType type;
  } table[] = {
      {"RSA without NULL parameters", spki(oid_rsa_encryption, {}, rsa_bits()), KeyType::rsa},
      {"RSA by its X.500 name", spki(oid_x500_rsa, null_parameters, rsa_bits()), KeyType::rsa},
      {"RSA-PSS without parameters", spki(oid_rsassa_pss, {}, rsa_bits()), KeyType::rsa_pss},
      {"RSA-PSS with NULL parameters", spki(oid_rsassa_pss, null_parameters, rsa_bits()), KeyType::rsa_pss},
      {"RSA-PSS with explicit parameters", spki(oid_rsassa_pss, pss_with_sha256(), rsa_bits()),
       KeyType::rsa_pss},
      {"RSA-PSS with empty parameters", spki(oid_rsassa_pss, der(0x30, {}), rsa_bits()), KeyType::rsa_pss},
      {"GOST R 34.10-2012",
       spki(oid_gost2012, der(0x30, {der(0x06, {{0x2A, 0x85, 0x03}})}), der(0x03, {Bytes(65)})),
       KeyType::other},
      {"an algorithm of the future", spki(der(0x06, {{0x2B, 0x06, 0x01, 0x04}}), {}, der(0x03, {Bytes(33)})),
       KeyType::other},
  };
  for (const auto& [what, octets, type] : table) {
    const auto facts = facts_of(leaf_with_spki(octets));
    EXPECT_EQ(to_hex(facts.spki.full), to_hex(octets)) << what;
    EXPECT_EQ(to_hex(facts.spki.sha2_256), sha256_of(octets)) << what;
    EXPECT_EQ(facts.key_type, type) << what;
  }
}

// A certificate of RSA without NULL parameters. The digests are those of the octets that `openssl asn1parse`
// shows and `dd` cuts out, by `openssl dgst`. `openssl x509 -pubkey` would have given b71e7d95 for the first.
constexpr const char* no_null_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICCzCCAXSgAwIBAgIUY0xBLVV/4R2WK1qs0oZvsg4oRbQwDQYJKoZIhvcNAQELBQAwGjEYMBYGA1UEAwwPbm8tbnVsbC5l\n"
    "eGFtcGxlMB4XDTI2MTEyMTIzMjMzNVoXDTM2MTExODIzMjMzNVowGjEYMBYGA1UEAwwPbm8tbnVsbC5leGFtcGxlMIGdMAsG\n"
    "CSqGSIb3DQEBAQOBjQAwgYkCgYEAyYClvdcbwtdSV7+Lka5WaPnGttCIyiMtJssPz95arhU6sKBlXS4qqhwsqppS6UtTsq0N\n"
    "8LuE55XFYBXw2xASUe9RYNOVly+v0ec3+ImTXrD0ufezvvPcz0sUuLlFVIJtllV+AA8qSMiBo3Vt7thTwFdfbu8An8HYGizc\n"
    "H7q/FjMCAwEAAaNQME4wHQYDVR0OBBYEFAAP/pRpnE/lhkEX7ezhm09u5HWMMB8GA1UdIwQYMBaAFAAP/pRpnE/lhkEX7ezh\n"
    "m09u5HWMMAwGA1UdEwEB/wQCMAAwDQYJKoZIhvcNAQELBQADgYEAlbsrUcDkywMC9mvdvzcTxT5IYFd1jlullxZzUS4v4cwp\n"
    "/lmRMnb0FTdx5cx5esIJo8bOwrCbpEYrm2bImi+Oh3ClD4X5lONrI4q38Q/2aRiiDz72lTQG3envn0Ba5wVLSeuB4Z87lbqn\n"
    "LwN0rHXSLsNavOYkZzA/479xr19kJAA=\n"
    "-----END CERTIFICATE-----\n";

TEST(Certificate, DigestsAreThoseThatOpensslDgstTakesOfTheRawOctets) {
  const auto blocks = pem_blocks(no_null_pem);
  const auto body = blocks.value().at(0).body.view();
  const auto facts = facts_of({Bytes(body.begin(), body.end()), nullptr});
  EXPECT_EQ(to_hex(facts.spki.sha2_256), "6e94eec2c44faae82146bd0b3fc4a2b4801b928e9becc8f8983f1a56039d0868");
  EXPECT_EQ(to_hex(facts.spki.sha2_512),
            "19964ab0cf5c14f467ecb098bb328db64f24821cd47f83f05d4b351c02ede434"
            "e3aea8fb5461cd0a183b29b1f3c258cfb572af04133d5c4d8b77bffb777783e1");
  EXPECT_EQ(to_hex(facts.certificate.sha2_256),
            "84c591212ee2f4f66a506f66a52fc17754b9c64ed943c888c9e34afac6f8c486");
  EXPECT_TRUE(facts.is_self_signed);
}

TEST(Certificate, AKeyThatOpenSslShouldKnowButCannotReadIsBroken) {
  const std::pair<const char*, Bytes> table[] = {
      {"RSA, no numbers", spki(oid_rsa_encryption, null_parameters, der(0x03, {{0x00, 0x30, 0x01, 0x02}}))},
      {"RSA, empty", spki(oid_rsa_encryption, null_parameters, der(0x03, {{0x00}}))},
      {"P-256, not on the curve", spki(oid_ec, oid_p256, der(0x03, {{0x00, 0x04}, Bytes(64, 1)}))},
      {"P-256, short", spki(oid_ec, oid_p256, der(0x03, {{0x00, 0x04}, Bytes(20, 1)}))},
      {"Ed25519, short", spki(oid_ed25519, {}, der(0x03, {Bytes(20)}))},
  };
  for (const auto& [what, octets] : table)
    EXPECT_THAT(error_of(leaf_with_spki(octets).der), HasSubstr("has a broken public key")) << what;
}

TEST(Certificate, AnSpkiThatIsNotDerIsRefused) {
  auto issued = leaf_with_spki(spki(oid_gost2012, {}, der(0x03, {Bytes(65, 0)})));
  const Bytes bits = der(0x03, {Bytes(65, 0)});
  const auto place = std::search(issued.der.begin(), issued.der.end(), bits.begin(), bits.end());
  ASSERT_NE(place, issued.der.end());
  *(place + 2) = 3;      // three bits of the last octet are unused ...
  *(place + 66) = 0x01;  // ... and not zero, against X.690 section 11.2.1
  EXPECT_THAT(error_of(issued.der), HasSubstr("not in DER"));
}

TEST(Certificate, DatesReachFromBefore1970To9999) {
  const std::tuple<const char*, const char*, Time> table[] = {
      {"500101000000Z", "1950", std::chrono::sys_days(std::chrono::year(1950) / 1 / 1)},
      {"19691231235959Z", "1969", std::chrono::sys_days(std::chrono::year(1970) / 1 / 1) - Seconds(1)},
      {"491231235959Z", "2049", std::chrono::sys_days(std::chrono::year(2050) / 1 / 1) - Seconds(1)},
      {"20500101000000Z", "2050", std::chrono::sys_days(std::chrono::year(2050) / 1 / 1)},
      {"99991231235959Z", "RFC 5280 section 4.1.2.5: no expiry",
       std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + std::chrono::hours(24) - Seconds(1)},
  };
  for (const auto& [text, why, expected] : table) {
    const auto facts = facts_of(
        test::self_signed({.common_name = "a", .dns_names = {}, .not_before = text, .not_after = text}));
    EXPECT_EQ(facts.not_before, expected) << why;
    EXPECT_EQ(facts.not_after, expected) << why;
  }
}

TEST(Certificate, AMalformedDateIsRefused) {
  auto issued = test::self_signed({.common_name = "a", .dns_names = {}, .not_after = "20501231235959Z"});
  const std::string date = "20501231235959Z";
  const auto place = std::search(issued.der.begin(), issued.der.end(), date.begin(), date.end());
  ASSERT_NE(place, issued.der.end());
  *(place + 4) = '7';  // month 72
  EXPECT_EQ(error_of(issued.der), "has a malformed notAfter time");
}

TEST(Certificate, IsACaByItsBasicConstraints) {
  EXPECT_TRUE(facts_of(ca()).is_ca);
  EXPECT_FALSE(facts_of(test::self_signed({.common_name = "a", .dns_names = {}})).is_ca);
  EXPECT_TRUE(facts_of(test::self_signed({.common_name = "a", .dns_names = {}, .version = 1})).is_ca);
  EXPECT_FALSE(facts_of(test::issued_by(ca(), {.common_name = "a", .dns_names = {}, .version = 1})).is_ca);
}

TEST(Certificate, IsSelfSignedOnlyWhenItsOwnKeyVerifiesIt) {
  EXPECT_TRUE(facts_of(ca()).is_self_signed);
  EXPECT_FALSE(facts_of(test::issued_by(ca(), {.common_name = "a", .dns_names = {}})).is_self_signed);
  // Its own name as the issuer proves nothing.
  EXPECT_FALSE(facts_of(test::issued_by(ca(), {.common_name = "CA", .dns_names = {}})).is_self_signed);
}

TEST(Certificate, DnsNamesAreWhatAClientCompares) {
  const auto names = [](const std::string& common_name, const std::vector<std::string>& dns_names) {
    return facts_of(test::self_signed({.common_name = common_name, .dns_names = dns_names})).dns_names;
  };
  EXPECT_THAT(names("cn.example", {"Mail.Example.COM", "*.example.org"}),
              ElementsAre("mail.example.com", "*.example.org"));
  EXPECT_THAT(names("cn.example", {"xn--bcher-KVA.example."}), ElementsAre("xn--bcher-kva.example"));
  // RFC 6125 section 6.4.4: the common name counts only when there is no dNSName.
  EXPECT_THAT(names("CN.example", {}), ElementsAre("cn.example"));
  EXPECT_THAT(names("cn.example", {std::string("good.example\0.evil.example", 26)}), IsEmpty());
  EXPECT_THAT(names("Example Root CA", {}), IsEmpty());
  EXPECT_THAT(names("cn.example", {"", "ok.example",
                                   "b\xFC"
                                   "cher.example",
                                   "a b"}),
              ElementsAre("ok.example"));
}

TEST(Certificate, NamesAreEscapedForPeople) {
  const auto subject = [](const std::string& name) {
    return facts_of(test::self_signed({.common_name = name, .dns_names = {}})).subject;
  };
  EXPECT_EQ(subject("mail.example.com"), "CN=mail.example.com");
  EXPECT_EQ(subject("a,b"), "CN=a\\,b");
  EXPECT_EQ(subject("B\xC3\xBC"
                    "cher"),
            "CN=B\xC3\xBC"
            "cher");
  EXPECT_EQ(subject("a\x1B[2Jb\n"), "CN=a\\1B[2Jb\\0A");
}

TEST(Certificate, CutOrFollowedOctetsAreRefused) {
  const auto& whole = ca().der;
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_NE(error_of(ByteView(whole).first(size)), "no error") << size;
  EXPECT_EQ(error_of(ByteView(whole).first(100)),
            "is cut: 100 of " + std::to_string(whole.size()) + " octets");
  auto longer = whole;
  longer.push_back(0);
  EXPECT_EQ(error_of(longer), "is followed by other octets");
}

}  // namespace certificate_test
}  // namespace tlsa_update::x509
