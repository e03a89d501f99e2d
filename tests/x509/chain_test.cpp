// Chains in any order: who is the leaf, who signed whom.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::x509 {
namespace {

using test::Issued;
using testing::ElementsAre;

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

}  // namespace
}  // namespace tlsa_update::x509
