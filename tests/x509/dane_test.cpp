// W5: what clients make of a chain by one record, of each of the reasons that they have to refuse it.
#include "tlsa_update/x509/dane.hpp"

#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::x509 {
namespace dane_test {

using namespace test;

const Name host = Name::parse("mail.example.com").value();
const Name domain = Name::parse("example.com").value();
const Name other = Name::parse("www.example.org").value();
const Time noon = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1) + std::chrono::hours(12);

struct Made {
  Issued root = self_signed({.common_name = "Root", .dns_names = {}, .is_ca = true});
  Request intermediate = {.common_name = "Intermediate", .dns_names = {}, .is_ca = true};
  Request leaf = {.common_name = "mail", .dns_names = {"mail.example.com"}};

  [[nodiscard]] Chain chain() const {
    const auto above = issued_by(root, intermediate);
    return chain_of({issued_by(above, leaf).der, above.der, root.der}, true).value();
  }
};

// "3 1 1" of the leaf; usages 2 and 0 of the intermediate, or of the root.
TlsaRecord record_of(const Chain& chain, const char* parameters, TaChoice ta = TaChoice::issuer) {
  const Credential credential{"chain.pem", chain, std::nullopt, KeyType::ecdsa};
  return records_of(credential, parse_parameters(parameters).value(), ta).value().front();
}

std::string refusal(const Chain& chain, const TlsaRecord& record, const std::vector<Name>& names = {host},
                    Time now = noon) {
  return chain_judge(now)->refusal(chain, record, names).value_or("");
}

TEST(Dane, AGoodChainIsAcceptedByEachRecordOfItsOwn) {
  const auto chain = Made{}.chain();
  for (const auto* parameters : {"3 1 1", "3 0 2", "3 1 0", "2 0 1", "2 1 1", "2 1 2"}) {
    const auto record = record_of(chain, parameters);
    const auto verdict = dane_verdict(chain, {record}, {host}, noon);
    EXPECT_EQ(verdict.matched, record) << parameters << ": " << verdict.refusal;
  }
  EXPECT_EQ(refusal(chain, record_of(chain, "2 0 1", TaChoice::root)), "");
}

TEST(Dane, ARecordOfAnotherChainAcceptsNothing) {
  const auto chain = Made{}.chain();
  for (const auto* parameters : {"3 1 1", "2 1 1"})
    EXPECT_EQ(refusal(chain, record_of(Made{}.chain(), parameters)), "no matching DANE TLSA records")
        << parameters;
}

TEST(Dane, NamesCountForUsage2AndAnyReferenceNameWillDo) {  // RFC 7672 section 3.2.2
  const auto chain = Made{}.chain();
  const auto anchor = record_of(chain, "2 1 1");
  EXPECT_EQ(refusal(chain, anchor, {other}), "hostname mismatch");
  EXPECT_EQ(refusal(chain, anchor, {other, host}), "");
  EXPECT_EQ(refusal(chain, anchor, {domain, other}), "hostname mismatch");
  EXPECT_EQ(refusal(chain, anchor, {}), "");  // nobody knows by which name clients come
  EXPECT_EQ(refusal(chain, record_of(chain, "3 1 1"), {other}), "");  // RFC 7671 section 5.1
}

TEST(Dane, DatesCountForUsage2) {
  const auto chain = Made{}.chain();
  const auto anchor = record_of(chain, "2 1 1");
  EXPECT_EQ(refusal(chain, anchor, {host}, noon - std::chrono::days(400)), "certificate is not yet valid");
  EXPECT_EQ(refusal(chain, anchor, {host}, noon + std::chrono::days(5000)), "certificate has expired");
  EXPECT_EQ(refusal(chain, record_of(chain, "3 1 1"), {host}, noon + std::chrono::days(5000)), "");
}

struct Fault {
  const char* name;
  void (*spoil)(Made&);
  TaChoice ta;
  const char* refusal;
};

const Fault faults[] = {
    {"TheLeafIsForClients", [](Made& made) { made.leaf.extended_key_usage = "clientAuth"; }, TaChoice::issuer,
     "unsuitable certificate purpose"},
    {"TheIssuerMayNotSignForTheHost",
     [](Made& made) { made.intermediate.name_constraints = "critical,permitted;DNS:example.org"; },
     TaChoice::issuer, "permitted subtree violation"},
    {"TheIntermediateHasExpired", [](Made& made) { made.intermediate.not_after = "20260201000000Z"; },
     TaChoice::root, "certificate has expired"},
    {"TheLeafHasExpired", [](Made& made) { made.leaf.not_after = "20260201000000Z"; }, TaChoice::issuer,
     "certificate has expired"},
};

class FaultyChain : public testing::TestWithParam<Fault> {};

TEST_P(FaultyChain, IsRefusedByItsAnchorAndAcceptedByItsKey) {
  const auto& fault = GetParam();
  Made made;
  fault.spoil(made);
  const auto chain = made.chain();
  EXPECT_EQ(refusal(chain, record_of(chain, "2 1 1", fault.ta)), fault.refusal);
  EXPECT_EQ(refusal(chain, record_of(chain, "3 1 1")), "");
}

INSTANTIATE_TEST_SUITE_P(Dane, FaultyChain, testing::ValuesIn(faults),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Dane, UsagesOf0And1NeedARootThatTheSystemTrusts) {
  const auto chain = Made{}.chain();
  for (const auto* parameters : {"1 1 1", "0 0 1"})
    EXPECT_NE(refusal(chain, record_of(chain, parameters)), "") << parameters;
}

TEST(Dane, ABrokenOrEmptyChainIsNotAccepted) {
  const auto chain = Made{}.chain();
  const auto anchor = record_of(chain, "2 1 1");
  EXPECT_NE(refusal({}, anchor), "");
  auto broken = chain;
  broken.front().certificate.full.resize(20);
  broken.front().certificate.sha2_256.fill(0);
  EXPECT_NE(refusal(broken, anchor), "");
  EXPECT_NE(refusal({chain.front()}, anchor), "");  // the anchor is not presented (RFC 7671 section 5.2.2)
}

}  // namespace dane_test
}  // namespace tlsa_update::x509
