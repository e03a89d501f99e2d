// Chains in any order: who is the leaf, who signed whom.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::x509 {
namespace chain_test {

using test::Issued;
using testing::ElementsAre;
using testing::IsEmpty;

ByteView octets(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::vector<Bytes> ders(const Chain& chain) {
  std::vector<Bytes> result;
  for (const auto& one : chain) result.push_back(one.certificate.full);
  return result;
}

// The chains of a file that holds these certificates in this order.
std::vector<std::vector<Bytes>> chains_of_file(const std::vector<Issued>& certificates) {
  std::string file;
  for (const auto& one : certificates) file += one.pem();
  const auto loaded = load(octets(file), "chain.pem");
  if (!loaded) {
    ADD_FAILURE() << loaded.error().text();
    return {};
  }
  std::vector<std::vector<Bytes>> chains;
  for (const auto& credential : loaded->credentials) chains.push_back(ders(credential.chain));
  return chains;
}

TEST(Chain, IsFoundInEveryOrderOfTheFile) {
  const auto [root, intermediate, leaf] = test::make_family();
  std::vector<Issued> order{leaf, intermediate, root};
  std::vector<int> places{0, 1, 2};
  do {
    const auto chains = chains_of_file({order[static_cast<std::size_t>(places[0])],
                                        order[static_cast<std::size_t>(places[1])],
                                        order[static_cast<std::size_t>(places[2])]});
    EXPECT_THAT(chains, ElementsAre(ElementsAre(leaf.der, intermediate.der, root.der)));
  } while (std::next_permutation(places.begin(), places.end()));
}

test::Request named(const std::string& name) { return {.common_name = name, .dns_names = {}}; }

test::Request ca_named(const std::string& name, test::Key key = nullptr) {
  return {.common_name = name, .dns_names = {}, .is_ca = true, .key = std::move(key)};
}

std::vector<std::string> notes_of_file(const std::vector<Issued>& certificates) {
  std::string file;
  for (const auto& one : certificates) file += one.pem();
  return load(octets(file), "chain.pem").value().notes;
}

TEST(Chain, EndsWhereTheFileEnds) {
  const auto [root, intermediate, leaf] = test::make_family();
  EXPECT_THAT(chains_of_file({leaf}), ElementsAre(ElementsAre(leaf.der)));
  EXPECT_THAT(chains_of_file({leaf, intermediate}), ElementsAre(ElementsAre(leaf.der, intermediate.der)));
  // The link between them is missing.
  EXPECT_THAT(chains_of_file({leaf, root}), ElementsAre(ElementsAre(leaf.der)));
}

TEST(Chain, ARsaAndAnEcdsaLeafShareTheirIntermediates) {
  const auto [root, intermediate, leaf] = test::make_family();
  const auto rsa = test::issued_by(intermediate, {.common_name = "mail.example.com",
                                                  .dns_names = {"mail.example.com"},
                                                  .key = test::shared_key("RSA:2048")});
  const std::vector<Issued> file{root, rsa, intermediate, leaf};
  EXPECT_THAT(chains_of_file(file), ElementsAre(ElementsAre(rsa.der, intermediate.der, root.der),
                                                ElementsAre(leaf.der, intermediate.der, root.der)));
  EXPECT_THAT(notes_of_file(file), IsEmpty());
}

TEST(Chain, CertificatesForDifferentNamesAreNoted) {
  const auto one = test::self_signed({.common_name = "a", .dns_names = {"a.example"}});
  const auto other = test::self_signed({.common_name = "b", .dns_names = {"b.example"}});
  EXPECT_THAT(chains_of_file({one, other}), ElementsAre(ElementsAre(one.der), ElementsAre(other.der)));
  EXPECT_THAT(notes_of_file({one, other}),
              ElementsAre("chain.pem: holds 2 certificates for different names; each is used"));
}

TEST(Chain, TheSignatureDecidesNotTheName) {
  const auto real = test::self_signed(ca_named("CA"));
  // The same name and, as its key identifier is a digest of its key, another key identifier.
  const auto impostor = test::self_signed(ca_named("CA"));
  const auto leaf = test::issued_by(real, named("leaf"));
  EXPECT_THAT(chains_of_file({impostor, leaf, real}), ElementsAre(ElementsAre(leaf.der, real.der)));
}

TEST(Chain, TheSignatureDecidesAlsoWithoutKeyIdentifiers) {
  auto old = named("CA");
  old.version = 1;
  const auto real = test::self_signed(old);
  const auto impostor = test::self_signed(old);
  auto request = named("leaf");
  request.version = 1;
  const auto leaf = test::issued_by(real, request);
  EXPECT_THAT(chains_of_file({impostor, leaf, real}), ElementsAre(ElementsAre(leaf.der, real.der)));
}

TEST(Chain, AnIssuerWhoseKeyOpenSslDoesNotKnowIsFoundByName) {
  using test::der;
  auto request = ca_named("GOST CA");
  request.spki = der(0x30, {der(0x30, {der(0x06, {{0x2A, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x01}})}),
                            der(0x03, {Bytes(65)})});
  const auto gost = test::self_signed(request);
  const auto leaf = test::issued_by(gost, named("leaf"));
  EXPECT_THAT(chains_of_file({gost, leaf}), ElementsAre(ElementsAre(leaf.der, gost.der)));
}

TEST(Chain, CrossSignedIntermediatesAreAllAboveTheLeafAndRootsComeLast) {
  const auto old_root = test::self_signed(ca_named("Old Root"));
  const auto new_root = test::self_signed(ca_named("New Root"));
  const auto crossed = test::issued_by(old_root, ca_named("New Root", new_root.key));
  const auto intermediate = test::issued_by(new_root, ca_named("Intermediate"));
  const auto leaf = test::issued_by(intermediate, named("leaf"));
  EXPECT_THAT(chains_of_file({new_root, old_root, crossed, leaf, intermediate}),
              ElementsAre(ElementsAre(leaf.der, intermediate.der, crossed.der, new_root.der, old_root.der)));
}

TEST(Chain, CertificatesThatSignEachOtherDoNotHang) {
  const auto one = test::self_signed(ca_named("One"));
  const auto two = test::self_signed(ca_named("Two"));
  const auto one_by_two = test::issued_by(two, ca_named("One", one.key));
  const auto two_by_one = test::issued_by(one, ca_named("Two", two.key));
  const auto leaf = test::issued_by(one, named("leaf"));
  EXPECT_THAT(chains_of_file({one_by_two, two_by_one}),
              ElementsAre(ElementsAre(one_by_two.der, two_by_one.der)));
  EXPECT_THAT(chains_of_file({two_by_one, one_by_two, leaf}),
              ElementsAre(ElementsAre(leaf.der, one_by_two.der, two_by_one.der)));
}

TEST(Chain, ARenewedSelfSignedCertificateOfTheSameKeyIsNotItsOwnIssuer) {
  const auto key = test::make_key();
  auto request = named("a.example");
  request.key = key;
  const auto before = test::self_signed(request);
  const auto after = test::self_signed(request);
  EXPECT_THAT(chains_of_file({before, after}), ElementsAre(ElementsAre(before.der), ElementsAre(after.der)));
}

TEST(Chain, ACertificateTwiceCountsOnce) {
  const auto [root, intermediate, leaf] = test::make_family();
  EXPECT_THAT(chains_of_file({leaf, intermediate, leaf, intermediate}),
              ElementsAre(ElementsAre(leaf.der, intermediate.der)));
}

TEST(Chain, ACaAloneIsACredentialAndBesideALeafAStray) {
  const auto [root, intermediate, leaf] = test::make_family();
  const auto stranger = test::self_signed(ca_named("Stranger"));
  EXPECT_THAT(chains_of_file({root}), ElementsAre(ElementsAre(root.der)));
  EXPECT_THAT(chains_of_file({root, intermediate}), ElementsAre(ElementsAre(intermediate.der, root.der)));
  EXPECT_THAT(chains_of_file({stranger, leaf, intermediate}),
              ElementsAre(ElementsAre(leaf.der, intermediate.der)));
  EXPECT_THAT(
      notes_of_file({stranger, leaf}),
      ElementsAre("chain.pem: the CA certificate \"CN=Stranger\" has signed nothing here and is not used"));
}

TEST(Chain, OfAPeerBeginsWithItsFirstCertificateAndLeavesOutTheUnrelated) {
  const auto [root, intermediate, leaf] = test::make_family();
  const auto stranger = test::self_signed(named("stranger"));
  const auto chain = chain_of({leaf.der, stranger.der, root.der, intermediate.der}, true);
  EXPECT_THAT(ders(chain.value()), ElementsAre(leaf.der, intermediate.der, root.der));
  // RFC 8446 section 4.4.2: the first is the sender's own, whatever it is.
  EXPECT_THAT(ders(chain_of({root.der, leaf.der}, true).value()), ElementsAre(root.der));
  EXPECT_THAT(ders(chain_of({root.der, leaf.der, intermediate.der}, false).value()),
              ElementsAre(leaf.der, intermediate.der, root.der));
}

TEST(Chain, OfAPeerSaysWhichCertificateIsBroken) {
  const auto [root, intermediate, leaf] = test::make_family();
  auto cut = intermediate.der;
  cut.pop_back();
  EXPECT_EQ(chain_of({}, true).error().text(), "the chain holds no certificate");
  EXPECT_EQ(chain_of({leaf.der, cut}, true).error().text(),
            "certificate 2 of the chain is cut: " + std::to_string(cut.size()) + " of " +
                std::to_string(cut.size() + 1) + " octets");
}

TEST(Chain, OneNameAHundredTimesIsRefusedAndNotComputedForever) {
  // Without key identifiers each certificate might be the issuer of each.
  const auto key = test::make_key();
  const auto ca = test::self_signed(ca_named("CA"));
  test::Request request = named("CA");
  request.version = 1;
  std::vector<Issued> certificates;
  for (int i = 0; i < 60; ++i) certificates.push_back(test::issued_by(ca, request));
  std::vector<Bytes> octets_of_all;
  for (const auto& one : certificates) octets_of_all.push_back(one.der);
  EXPECT_EQ(chain_of(octets_of_all, true).error().text(),
            "holds too many certificates of one name to find their order");
}

TEST(Chain, MoreThanAHundredCertificatesAreNoChain) {
  std::vector<Bytes> chain;
  auto issuer = test::self_signed(ca_named("CA 0"));
  for (int i = 1; i < 120; ++i) {
    chain.push_back(issuer.der);
    issuer = test::issued_by(issuer, ca_named("CA " + std::to_string(i)));
  }
  EXPECT_EQ(chain_of(chain, false).error().text(), "holds a chain of more than 100 certificates");
}

}  // namespace chain_test
}  // namespace tlsa_update::x509
