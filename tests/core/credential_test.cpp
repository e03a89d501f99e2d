#include "tlsa_update/core/credential.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "make_chain.hpp"

namespace tlsa_update {
namespace credential_test {

using namespace testing;

const Certificate server = leaf("server");
const Certificate issuing = ca("Issuing CA");
const Certificate top = root("Root");

TlsaRecord record(const char* combination, const Selected& part) {
  const auto made = parameters(combination);
  return {made, part.data(made.matching_type)};
}

std::string trouble(const Result<TlsaRecords>& records) {
  return records ? "none" : records.error().what + " | " + records.error().advice;
}

TEST(Credential, EachMatchingTypeHasItsData) {
  const Selected part = selected("x");
  EXPECT_EQ(part.data(MatchingType::full), part.full);
  EXPECT_EQ(part.data(MatchingType::sha2_256).size(), 32U);
  EXPECT_EQ(part.data(MatchingType::sha2_512).size(), 64U);
  EXPECT_EQ(part.data(MatchingType::priv_match), Bytes{});
  EXPECT_EQ(part.data(static_cast<MatchingType>(3)), Bytes{});
}

TEST(Credential, KeyTypesHaveNames) {
  const std::pair<KeyType, std::string_view> table[] = {
      {KeyType::rsa, "rsa"},         {KeyType::rsa_pss, "rsa-pss"}, {KeyType::ecdsa, "ecdsa"},
      {KeyType::ed25519, "ed25519"}, {KeyType::ed448, "ed448"},     {KeyType::other, "other"},
  };
  for (const auto& [type, name] : table) EXPECT_EQ(text(type), name);
}

// RFC 6698 section 2.1.1: usages 3 and 1 are of the end entity, 2 and 0 of its issuers.
TEST(RecordsOf, UsageAndSelectorChooseTheCertificateAndItsPart) {
  const Credential whole = credential({server, issuing, top});
  struct Row {
    const char* combination;
    TaChoice ta;
    std::vector<Selected> parts;
  };
  const Row table[] = {
      {"3 1 1", TaChoice::issuer, {server.spki}},         {"3 0 2", TaChoice::all, {server.certificate}},
      {"1 1 0", TaChoice::root, {server.spki}},           {"1 0 1", TaChoice::issuer, {server.certificate}},
      {"2 0 1", TaChoice::issuer, {issuing.certificate}}, {"2 1 2", TaChoice::root, {top.spki}},
      {"0 0 1", TaChoice::root, {top.certificate}},       {"2 1 1", TaChoice::all, {issuing.spki, top.spki}},
  };
  for (const auto& row : table) {
    TlsaRecords expected;
    for (const auto& part : row.parts) expected.push_back(record(row.combination, part));
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(records_of(whole, parameters(row.combination), row.ta).value(), expected) << row.combination;
  }
}

TEST(RecordsOf, TwoIssuersOfOneKeyAreOneRecord) {
  Certificate crossed = issuing;
  crossed.certificate = selected("cross-signed");
  const auto records = records_of(credential({server, issuing, crossed}), parameters("2 1 1"), TaChoice::all);
  EXPECT_EQ(records.value(), (TlsaRecords{record("2 1 1", issuing.spki)}));
}

TEST(RecordsOf, ASelfSignedCertificateIsItsOwnIssuer) {
  for (const auto ta : {TaChoice::issuer, TaChoice::root, TaChoice::all}) {
    for (const auto& alone : {self_signed("alone"), top}) {
      EXPECT_EQ(records_of(credential({alone}), parameters("2 0 1"), ta).value(),
                (TlsaRecords{record("2 0 1", alone.certificate)}));
      EXPECT_EQ(records_of(credential({alone}), parameters("3 1 1"), ta).value(),
                (TlsaRecords{record("3 1 1", alone.spki)}));
    }
  }
}

TEST(RecordsOf, ABareKeyGivesUsages3And1OfSelector1Only) {
  const Credential key = bare_key("server");
  EXPECT_EQ(records_of(key, parameters("3 1 1"), TaChoice::issuer).value(),
            (TlsaRecords{record("3 1 1", server.spki)}));
  EXPECT_EQ(records_of(key, parameters("1 1 2"), TaChoice::issuer).value(),
            (TlsaRecords{record("1 1 2", server.spki)}));
  EXPECT_EQ(
      trouble(records_of(key, parameters("2 1 1"), TaChoice::issuer)),
      "a key alone gives no record of usage 2, which names the CA certificate that signed the server's "
      "certificate (RFC 6698 section 2.1.1) | give the certificate with its chain (fullchain.pem), or use "
      "--tlsa \"3 1 1\"");
  EXPECT_FALSE(records_of(key, parameters("0 0 1"), TaChoice::issuer));
  EXPECT_EQ(
      trouble(records_of(key, parameters("3 0 1"), TaChoice::issuer)),
      "a key alone gives no record of selector 0, which is the whole certificate (RFC 6698 section 2.1.2) | "
      "give the certificate, or use selector 1: --tlsa \"3 1 1\"");
}

// What the articles do: openssl x509 -in chain.pem, and the digest of that.
TEST(RecordsOf, CaCertificatesAloneAreTheTrustAnchors) {
  struct Row {
    Chain chain;
    const char* combination;
    TaChoice ta;
    TlsaRecords records;
  };
  const Row table[] = {
      {{issuing}, "2 1 1", TaChoice::issuer, {record("2 1 1", issuing.spki)}},
      {{issuing}, "0 0 1", TaChoice::issuer, {record("0 0 1", issuing.certificate)}},
      {{issuing, top}, "2 1 1", TaChoice::issuer, {record("2 1 1", issuing.spki)}},
      {{issuing, top}, "2 1 1", TaChoice::root, {record("2 1 1", top.spki)}},
      {{top}, "2 1 1", TaChoice::issuer, {record("2 1 1", top.spki)}},
  };
  for (const auto& row : table) {
    const auto records = records_of(credential(row.chain), parameters(row.combination), row.ta);
    ASSERT_TRUE(records) << records.error().text();
    EXPECT_EQ(*records, row.records);
  }
  EXPECT_EQ(records_of(credential({issuing, top}), parameters("2 1 1"), TaChoice::all)->size(), 2U);
}

TEST(RecordsOf, RefusalsTeach) {
  struct Row {
    Chain chain;
    const char* combination;
    TaChoice ta;
    std::string_view why;
  };
  Certificate impostor = issuing;
  impostor.is_ca = false;
  const Row table[] = {
      {{issuing, top},
       "3 1 1",
       TaChoice::issuer,
       "the file holds CA certificates only: CN=Issuing CA is a CA"},
      {{issuing}, "1 1 1", TaChoice::issuer, "the file holds CA certificates only"},
      {{issuing}, "2 0 1", TaChoice::root, "the root is wanted, and the files given do not contain it"},
      {{server},
       "2 0 1",
       TaChoice::issuer,
       "no issuer is in the files given, and usage 2 names the issuer of CN=server"},
      {{server}, "0 0 1", TaChoice::all, "no issuer is in the files given"},
      {{server, issuing},
       "2 0 1",
       TaChoice::root,
       "the root is wanted, and the files given do not contain it: the last certificate is of CN=Root"},
      {{server, impostor},
       "2 0 1",
       TaChoice::issuer,
       "CN=Issuing CA stands as an issuer but is no CA certificate"},
  };
  for (const auto& row : table) {
    const auto records = records_of(credential(row.chain), parameters(row.combination), row.ta);
    ASSERT_FALSE(records) << row.why;
    EXPECT_TRUE(records.error().what.starts_with(row.why)) << records.error().what;
    EXPECT_EQ(records.error().code, ErrorCode::bad_data);
    EXPECT_EQ(records.error().where, "mail.pem");
    EXPECT_FALSE(records.error().advice.empty());
  }
}

TEST(RecordsOf, ParametersThatAreNotAssignedGiveNothing) {
  for (const TlsaParameters odd :
       {TlsaParameters{Usage::priv_cert}, TlsaParameters{Usage::dane_ee, Selector::priv_sel},
        TlsaParameters{Usage::dane_ee, Selector::spki, MatchingType::priv_match},
        TlsaParameters{static_cast<Usage>(4)}}) {
    EXPECT_FALSE(records_of(credential({server}), odd, TaChoice::issuer));
    EXPECT_FALSE(records_of(bare_key("server"), odd, TaChoice::issuer));
  }
}

// RFC 7671 section 5: what a client that is served the chain finds.
TEST(Matches, ALeafMatchesEndEntityRecordsAndAnIssuerMatchesTrustAnchorRecords) {
  const Chain chain{server, issuing, top};
  EXPECT_TRUE(matches(record("3 1 1", server.spki), chain));
  EXPECT_TRUE(matches(record("1 0 0", server.certificate), chain));
  EXPECT_TRUE(matches(record("2 0 1", issuing.certificate), chain));
  EXPECT_TRUE(matches(record("0 1 2", top.spki), chain));
  EXPECT_FALSE(matches(record("3 1 1", server.certificate), chain));  // the right data for another selector
  EXPECT_FALSE(matches(record("3 1 1", issuing.spki), chain));
  EXPECT_FALSE(matches(record("2 1 1", server.spki), chain));
  EXPECT_FALSE(matches(record("3 1 1", leaf("other").spki), chain));
  EXPECT_FALSE(matches(record("2 0 1", top.certificate), {server, issuing}));  // not sent: RFC 7671 5.2.2
  EXPECT_FALSE(matches(record("3 1 1", server.spki), {}));
}

TEST(Matches, ASelfSignedLeafIsItsOwnTrustAnchor) {
  const Certificate alone = self_signed("alone");
  EXPECT_TRUE(matches(record("2 0 1", alone.certificate), {alone}));
  EXPECT_TRUE(matches(record("3 0 1", alone.certificate), {alone}));
}

TEST(Matches, WhatIsNotAssignedOrEmptyMatchesNothing) {
  const Bytes digest = server.spki.data(MatchingType::sha2_256);
  for (const TlsaParameters odd :
       {TlsaParameters{static_cast<Usage>(4)}, TlsaParameters{Usage::priv_cert},
        TlsaParameters{Usage::dane_ee, static_cast<Selector>(2)},
        TlsaParameters{Usage::dane_ee, Selector::spki, static_cast<MatchingType>(3)}}) {
    EXPECT_FALSE(matches({odd, digest}, {server}));
    EXPECT_FALSE(matches({odd, {}}, {server}));
  }
  Certificate hollow = server;
  hollow.spki.full.clear();
  EXPECT_FALSE(matches({parameters("3 1 0"), {}}, {hollow}));
}

// RFC 6125 section 6.4.3, RFC 7672 section 3.2.3: the asterisk is the whole first label and one label.
TEST(Covers, AnAsteriskStandsForOneWholeLabel) {
  struct Row {
    const char* certificate;
    const char* host;
    bool is_covered;
  };
  const Row table[] = {
      {"mail.example.com", "mail.example.com", true},
      {"MAIL.example.com.", "mail.example.com", true},
      {"*.example.com", "mail.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", "a.b.example.com", false},
      {"m*.example.com", "mail.example.com", false},
      {"mail.*.com", "mail.example.com", false},
      {"*.com", "example.com", false},
      {"*", "com", false},
      {"example.com", "mail.example.com", false},
      {"", "mail.example.com", false},
      {"a..b", "mail.example.com", false},
      {"*.example.com", ".", false},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", true},
  };
  for (const auto& row : table) {
    Certificate certificate = server;
    certificate.dns_names = {"other.example.net", row.certificate};
    EXPECT_EQ(covers(certificate, Name::parse(row.host).value()), row.is_covered)
        << row.certificate << " and " << row.host;
  }
}

}  // namespace credential_test
}  // namespace tlsa_update
