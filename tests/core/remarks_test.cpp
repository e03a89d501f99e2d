#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "make_chain.hpp"
#include "tlsa_update/core/lint.hpp"
#include "tlsa_update/core/report.hpp"

namespace tlsa_update {
namespace remarks_test {

using namespace testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::optional<Service> smtp = Service{Name::parse("mail.example.com").value(), 25, Protocol::tcp};
const std::optional<Service> imaps = Service{Name::parse("mail.example.com").value(), 993, Protocol::tcp};
const Name owner = Name::parse("_25._tcp.mail.example.com").value();

Credential issued_by(const std::string& issuer) {
  Certificate certificate = leaf("server");
  certificate.issuer = issuer;
  return credential({certificate, root("Issuing CA")});
}

TlsaRecords records_of_all(const std::vector<Credential>& credentials, std::vector<const char*> combinations,
                           TaChoice ta = TaChoice::issuer) {
  TlsaRecords all;
  for (const auto& one : credentials) {
    for (const auto* const combination : combinations) {
      const auto records = records_of(one, parameters(combination), ta).value();
      all.insert(all.end(), records.begin(), records.end());
    }
  }
  return all;
}

// The sentences, which show the facts in them.
std::vector<std::string> sentences(const Remarks& remarks) {
  std::vector<std::string> list;
  for (const auto& remark : remarks) list.push_back(text(remark));
  return list;
}

template <class... Arguments>
std::vector<std::string> said_of(const Arguments&... arguments) {
  return sentences(remarks(arguments...));
}

std::vector<std::string> said_of_rrset(const std::vector<Credential>& credentials, const TlsaRecords& records,
                                       std::uint32_t ttl) {
  std::vector<const Credential*> given;
  for (const auto& credential : credentials) given.push_back(&credential);
  return sentences(remarks(owner, given, records, ttl));
}

TEST(Remarks, TheRecommendedRecordOfAGoodCertificateHasNone) {
  EXPECT_THAT(said_of(issued_by("CN=R11, O=Let's Encrypt"), parameters("3 1 1"), smtp, noon), IsEmpty());
  EXPECT_THAT(said_of(bare_key("server"), parameters("3 1 1"), smtp, noon), IsEmpty());
  EXPECT_THAT(said_of(credential({leaf("server"), root("Issuing CA")}), parameters("2 0 1"), smtp, noon),
              IsEmpty());
}

// RFC 7671 section 5.1: with usage 3 clients MUST ignore the validity period.
TEST(Remarks, ExpiryMattersButForUsage3) {
  const Credential good = credential({leaf("server"), root("Issuing CA")});
  const Time later = issued + std::chrono::days(366);
  const Time earlier = issued - std::chrono::days(1);
  EXPECT_THAT(said_of(good, parameters("3 1 1"), imaps, later),
              ElementsAre("the certificate CN=server in mail.pem expired at 2027-01-01T00:00:00Z, which DANE "
                          "clients ignore with usage 3 (RFC 7671 section 5.1)"));
  EXPECT_THAT(
      said_of(good, parameters("1 1 1"), imaps, earlier),
      ElementsAre("the certificate CN=server in mail.pem is not valid before 2026-01-01T00:00:00Z, and "
                  "clients refuse it with usage 1"));
  EXPECT_THAT(said_of(good, parameters("2 0 1"), imaps, later),
              ElementsAre(HasSubstr("CN=server"), HasSubstr("CN=Issuing CA")));
  EXPECT_THAT(said_of(good, parameters("2 0 1"), imaps, issued + std::chrono::days(365)), IsEmpty());
  EXPECT_THAT(said_of(good, parameters("2 0 1"), imaps, issued), IsEmpty());
}

// RFC 7672 section 3.2.2, RFC 7673 section 6; RFC 7671 section 5.1: not with usage 3.
TEST(Remarks, NamesMatterButForUsage3) {
  Certificate elsewhere = leaf("server");
  elsewhere.dns_names = {"www.example.com", "*.example.net"};
  const Credential wrong = credential({elsewhere, root("Issuing CA")});
  EXPECT_THAT(said_of(wrong, parameters("3 1 1"), smtp, noon), IsEmpty());
  EXPECT_THAT(said_of(wrong, parameters("2 0 1"), std::nullopt, noon), IsEmpty());
  EXPECT_THAT(
      said_of(wrong, parameters("2 0 1"), smtp, noon),
      ElementsAre("the certificate CN=server in mail.pem is for www.example.com, *.example.net and not for "
                  "mail.example.com., and clients check names with usage 2 (the mail or service domain "
                  "would do as well: RFC 7672 section 3.2.2, RFC 7673 section 6)"));
  elsewhere.dns_names.clear();
  EXPECT_THAT(said_of(credential({elsewhere}), parameters("1 1 1"), imaps, noon),
              ElementsAre(HasSubstr("is for no host name at all")));
}

// RFC 7672 section 3.2.2: the next-hop domain; RFC 7673 section 6: the service domain.
TEST(Remarks, TheDomainWhoseRecordLedToTheHostIsASecondName) {
  Certificate of_domain = leaf("server");
  of_domain.dns_names = {"example.org"};
  const Credential good = credential({of_domain, root("Issuing CA")});
  EXPECT_THAT(said_of(good, parameters("2 0 1"), smtp, noon, Name::parse("example.org").value()), IsEmpty());
  EXPECT_THAT(said_of(good, parameters("2 0 1"), smtp, noon, Name::parse("example.net").value()),
              ElementsAre(HasSubstr("and not for mail.example.com. or example.net.")));
}

// RFC 7672 section 3.1.3: SMTP servers SHOULD NOT publish usages 0 and 1.
TEST(Remarks, PkixUsagesOnPort25) {
  const Credential good = credential({leaf("server"), root("Issuing CA")});
  EXPECT_THAT(
      said_of(good, parameters("1 1 1"), smtp, noon),
      ElementsAre("usage 1 on port 25 is unusable for many mail servers; use usage 3 (RFC 7672 section "
                  "3.1.3)"));
  EXPECT_THAT(said_of(good, parameters("0 0 1"), smtp, noon), ElementsAre(HasSubstr("usage 0 on port 25")));
  EXPECT_THAT(said_of(good, parameters("1 1 1"), imaps, noon), IsEmpty());
  EXPECT_THAT(said_of(bare_key("server"), parameters("1 1 1"), smtp, noon),
              ElementsAre(HasSubstr("usage 1 on port 25")));
}

TEST(Remarks, ParametersThatTheRfcAdvisesAgainst) {
  const Credential good = credential({leaf("server"), ca("Issuing CA")});
  EXPECT_THAT(said_of(good, parameters("3 1 0"), imaps, noon),
              ElementsAre(HasSubstr("RFC 7671 section 10.1.2")));
}

// RFC 7671 section 5.2.1 prefers selector 0; public CAs sign the same key anew.
TEST(Remarks, TheSelectorOfATrustAnchorDependsOnTheCa) {
  const Credential by_public_ca = credential({leaf("server"), ca("Issuing CA")});
  const Credential by_own_ca = credential({leaf("server"), root("Own CA")});
  for (const auto& one : {by_public_ca, by_own_ca, credential({ca("Issuing CA")})}) {
    EXPECT_THAT(
        said_of(one, parameters("2 1 1"), imaps, noon),
        ElementsAre(AllOf(HasSubstr("2 1 1 matches every certificate of the CA's key: right for a public CA"),
                          Not(HasSubstr("recommended")))));
  }
  EXPECT_THAT(said_of(by_own_ca, parameters("2 0 1"), imaps, noon), IsEmpty());
  for (const auto& one : {by_public_ca, credential({ca("Issuing CA")})}) {
    EXPECT_THAT(said_of(one, parameters("2 0 1"), imaps, noon),
                ElementsAre(HasSubstr("2 0 1 matches this one CA certificate: right for a CA of your own")));
  }
}

TEST(Remarks, AWholeLeafThatIsRenewedOften) {
  EXPECT_THAT(said_of(credential({leaf("server")}), parameters("3 0 1"), imaps, noon), IsEmpty());
  EXPECT_THAT(
      said_of(issued_by("CN=R11, O=Let's Encrypt"), parameters("3 0 1"), imaps, noon),
      ElementsAre("3 0 1 changes at every renewal even with the same key, and the certificate CN=server in "
                  "mail.pem is renewed often (issued by Let's Encrypt); selector 1 stays as long as the key "
                  "does"));
  Certificate brief = leaf("server");
  brief.not_after = brief.not_before + std::chrono::days(90);
  EXPECT_THAT(said_of(credential({brief}), parameters("1 0 1"), imaps, noon),
              ElementsAre(HasSubstr("is renewed often (it lives 90 d)")));
  EXPECT_THAT(said_of(credential({brief}), parameters("3 1 1"), imaps, noon), IsEmpty());
}

TEST(Remarks, AnIssuerThatIsOneOfSeveral) {
  EXPECT_THAT(
      said_of(issued_by("CN=R11, O=Let's Encrypt"), parameters("2 0 1"), imaps, noon),
      ElementsAre("Let's Encrypt picks one of several issuers for each certificate (now CN=R11, O=Let's "
                  "Encrypt), so the next renewal can match no record of usage 2; publish every candidate, "
                  "or use 3 1 1"));
  EXPECT_THAT(said_of(issued_by("CN=Own CA"), parameters("2 0 1"), imaps, noon), IsEmpty());
}

TEST(Remarks, ASelfSignedLeafAsItsOwnTrustAnchor) {
  EXPECT_THAT(
      said_of(credential({self_signed("alone")}), parameters("2 0 1"), imaps, noon),
      ElementsAre("the certificate CN=alone in mail.pem is self-signed, so usage 2 is its own digest and "
                  "changes with it; 3 1 1 says the same and stays as long as the key"));
}

TEST(RemarksOnAnRrset, AnOrdinaryOneHasNone) {
  const std::vector<Credential> now_and_next{credential({leaf("server")}), bare_key("next")};
  EXPECT_THAT(said_of_rrset(now_and_next, records_of_all(now_and_next, {"3 1 1"}), 3600), IsEmpty());
}

TEST(RemarksOnAnRrset, MoreThan12Records) {
  TlsaRecords many;
  for (std::uint8_t i = 0; i < 13; ++i) many.push_back({parameters("3 1 1"), Bytes(32, i)});
  EXPECT_THAT(
      said_of_rrset({}, many, 3600),
      ElementsAre("13 records at _25._tcp.mail.example.com. are more than the 12 that large senders can "
                  "process"));
  many.pop_back();
  EXPECT_THAT(said_of_rrset({}, many, 3600), IsEmpty());
}

// RFC 7671 section 10.1.1: large answers do not pass everywhere.
TEST(RemarksOnAnRrset, AnAnswerTooLargeForUdp) {
  const TlsaRecords whole{{parameters("3 1 0"), Bytes(900)}};
  EXPECT_THAT(said_of_rrset({}, whole, 3600), ElementsAre(HasSubstr("has about 1215 octets")));
}

TEST(RemarksOnAnRrset, AnRsaAndAnEcdsaKeyAreNoRollover) {
  Certificate second = leaf("second");
  std::vector<Credential> pair{credential({leaf("first")}), credential({second})};
  EXPECT_THAT(said_of_rrset(pair, records_of_all(pair, {"3 1 1"}), 3600), IsEmpty());
  second.key_type = KeyType::ecdsa;
  pair[1] = credential({second});
  EXPECT_THAT(
      said_of_rrset(pair, records_of_all(pair, {"3 1 1"}), 3600),
      ElementsAre("the 3 1 1 records at _25._tcp.mail.example.com. are of an RSA and an ECDSA key: where a "
                  "server presents both side by side this is no rollover, though monitors may take it for "
                  "one"));
}

// RFC 7671 section 9: each digest has to cover every credential.
TEST(RemarksOnAnRrset, TwoDigestsThatCoverDifferentKeys) {
  const std::vector<Credential> both{credential({leaf("one")}), bare_key("other")};
  EXPECT_THAT(said_of_rrset(both, records_of_all(both, {"3 1 1", "3 1 2"}), 3600), IsEmpty());
  const TlsaRecords split{records_of(both[0], parameters("3 1 1"), TaChoice::issuer).value()[0],
                          records_of(both[1], parameters("3 1 2"), TaChoice::issuer).value()[0]};
  EXPECT_THAT(
      said_of_rrset(both, split, 3600),
      ElementsAre(HasSubstr("the 3 1 1 and the 3 1 2 records at _25._tcp.mail.example.com. cover different "
                            "keys")));
}

// RFC 7671 section 5.2.2: a server MUST send the trust anchor certificate.
TEST(RemarksOnAnRrset, ARootHasToBeSent) {
  const std::vector<Credential> whole{credential({leaf("server"), root("Issuing CA"), root("Root")})};
  EXPECT_THAT(said_of_rrset(whole, records_of_all(whole, {"2 0 1"}), 3600), IsEmpty());
  EXPECT_THAT(said_of_rrset(whole, records_of_all(whole, {"0 0 1"}, TaChoice::root), 3600), IsEmpty());
  EXPECT_THAT(
      said_of_rrset(whole, records_of_all(whole, {"2 0 1"}, TaChoice::root), 3600),
      ElementsAre("the trust anchor CN=Root of mail.pem is a root, which the server has to send with its "
                  "chain (RFC 7671 section 5.2.2)"));
}

TEST(RemarksOnAnRrset, TheLastRecordOfAllIsDeleted) {
  EXPECT_THAT(said_of_rrset({}, {}, 3600),
              ElementsAre("the last TLSA record at _25._tcp.mail.example.com. is deleted"));
}

TEST(RemarksOnAnRrset, TtlsThatAreLongOrShort) {
  const TlsaRecord one{parameters("3 1 1"), Bytes(32, 1)};
  EXPECT_THAT(said_of_rrset({}, {one}, 86400), IsEmpty());
  EXPECT_THAT(said_of_rrset({}, {one}, 300), IsEmpty());
  EXPECT_THAT(said_of_rrset({}, {one}, 86401), ElementsAre(HasSubstr("is over a day")));
  EXPECT_THAT(said_of_rrset({}, {one}, 299), ElementsAre(HasSubstr("is under 5 minutes")));
}

// Each kind has its own sentence, and the table of them is in the order of the kinds.
TEST(Remark, EveryKindHasWordsOfItsOwn) {
  std::set<std::string> all;
  const int last = static_cast<int>(RemarkKind::short_ttl);
  for (int kind = 0; kind <= last; ++kind) {
    Remark remark{.kind = static_cast<RemarkKind>(kind)};
    remark.record = TlsaRecord{parameters("3 1 1"), Bytes(32, 1)};
    remark.time = noon;
    remark.names = {"name"};
    all.insert(text(remark));
  }
  EXPECT_EQ(all.size(), last + 1U);
}

}  // namespace remarks_test
}  // namespace tlsa_update
