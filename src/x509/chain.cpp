#include "chain.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <openssl/objects.h>

namespace tlsa_update::x509 {
namespace {

using Index = std::size_t;
using Indices = std::vector<Index>;

constexpr std::size_t most_in_chain = 100;  // OpenSSL's clients follow no longer one either

struct ByName {
  bool operator()(const X509_NAME* a, const X509_NAME* b) const { return X509_NAME_cmp(a, b) < 0; }
};

// RFC 5280 section 4.2.1.1: the authority key identifier of one is the subject key identifier of the other.
// Either may be absent.
bool key_identifiers_agree(X509* issued, X509* issuer) {
  const ASN1_OCTET_STRING* wanted = X509_get0_authority_key_id(issued);
  const ASN1_OCTET_STRING* present = X509_get0_subject_key_id(issuer);
  return wanted == nullptr || present == nullptr || ASN1_OCTET_STRING_cmp(wanted, present) == 0;
}

bool can_verify(X509* issued, const EVP_PKEY* key) {
  int digest = NID_undef;
  int algorithm = NID_undef;
  return key != nullptr && OBJ_find_sigid_algs(X509_get_signature_nid(issued), &digest, &algorithm) == 1 &&
         (digest == NID_undef || EVP_get_digestbynid(digest) != nullptr);
}

// Names and key identifiers agree already.
bool has_signed(X509* issuer, X509* issued) {
  EVP_PKEY* key = X509_get0_pubkey(issuer);
  if (!can_verify(issued, key)) return true;
  return X509_verify(issued, key) == 1;
}

// Who issued whom among the certificates of one file.
class Issuers {
 public:
  static Result<Issuers> of(const std::vector<ParsedCertificate>& certificates);

  [[nodiscard]] bool has_issued(Index i) const { return has_issued_.contains(i); }

  // `leaf`, then everything above it, nearest first.
  [[nodiscard]] Result<Indices> upwards_from(Index leaf) const {
    Indices order{leaf};
    std::set<Index> seen{leaf};  // cross-certified CAs make loops
    for (Index at = 0; at < order.size(); ++at)
      for (const Index issuer : issuers_[order[at]])
        if (order.size() <= most_in_chain && seen.insert(issuer).second) order.push_back(issuer);
    if (order.size() > most_in_chain)
      return fail(ErrorCode::bad_data,
                  "holds a chain of more than " + std::to_string(most_in_chain) + " certificates");
    return order;
  }

 private:
  std::vector<Indices> issuers_;
  std::set<Index> has_issued_;
};

Result<Issuers> Issuers::of(const std::vector<ParsedCertificate>& certificates) {
  std::multimap<const X509_NAME*, Index, ByName> by_subject;
  for (Index i = 0; i < certificates.size(); ++i)
    by_subject.emplace(X509_get_subject_name(certificates[i].x509.get()), i);

  // Real files need about two each; a file made to need the square of that is not worth the time.
  std::size_t signatures_left = 64 + 8 * certificates.size();
  Issuers result;
  result.issuers_.resize(certificates.size());
  for (Index i = 0; i < certificates.size(); ++i) {
    if (certificates[i].facts.is_self_signed) continue;
    X509* issued = certificates[i].x509.get();
    const auto [first, last] = by_subject.equal_range(X509_get_issuer_name(issued));
    for (auto candidate = first; candidate != last; ++candidate) {
      const Index j = candidate->second;
      X509* issuer = certificates[j].x509.get();
      if (j == i || !key_identifiers_agree(issued, issuer)) continue;
      if (signatures_left-- == 0)
        return fail(ErrorCode::bad_data, "holds too many certificates of one name to find their order");
      if (!has_signed(issuer, issued)) continue;
      result.issuers_[i].push_back(j);
      result.has_issued_.insert(j);
    }
  }
  forget_errors();
  return result;
}

void drop_duplicates(std::vector<ParsedCertificate>& certificates) {
  std::set<std::array<std::uint8_t, 32>> seen;
  std::erase_if(certificates,
                [&](const auto& one) { return !seen.insert(one.facts.certificate.sha2_256).second; });
}

// They were parsed before.
void add(const Chain& chain, std::vector<ParsedCertificate>& certificates) {
  for (const auto& one : chain) {
    if (auto parsed = parse_certificate(one.certificate.full)) certificates.push_back(std::move(*parsed));
  }
}

Chain chain_in(const Indices& order, const std::vector<ParsedCertificate>& certificates) {
  Chain chain;
  for (const Index i : order) chain.push_back(certificates[i].facts);
  std::stable_partition(chain.begin() + 1, chain.end(), [](const auto& one) { return !one.is_self_signed; });
  return chain;
}

bool is_above(const Chain& chain, const Certificate& issuer) {
  return !chain.empty() && std::find(chain.begin() + 1, chain.end(), issuer) != chain.end();
}

// A CA certificate that turned out to stand above another credential is none of its own.
void drop_issuers_of_others(std::vector<Credential>& credentials) {
  for (Index i = 0; i < credentials.size();) {
    const Chain& chain = credentials[i].chain;
    const bool is_issuer = !chain.empty() && chain.front().is_ca &&
                           std::ranges::any_of(credentials, [&](const Credential& other) {
                             return &other != &credentials[i] && is_above(other.chain, chain.front());
                           });
    if (is_issuer) {
      credentials.erase(credentials.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

Indices leaves_among(const std::vector<ParsedCertificate>& certificates, const Issuers& issuers) {
  Indices leaves;
  for (Index i = 0; i < certificates.size(); ++i)
    if (!issuers.has_issued(i)) leaves.push_back(i);
  // CAs that only certify each other in a ring.
  if (leaves.empty()) leaves.push_back(0);
  const auto is_end_entity = [&](Index i) { return !certificates[i].facts.is_ca; };
  if (std::ranges::any_of(leaves, is_end_entity)) std::erase_if(leaves, std::not_fn(is_end_entity));
  return leaves;
}

}  // namespace

Result<Chains> chains_of(std::vector<ParsedCertificate> certificates) {
  drop_duplicates(certificates);
  if (certificates.empty()) return Chains{};
  const auto issuers = Issuers::of(certificates);
  if (!issuers) return tl::unexpected(issuers.error());

  Chains result;
  std::set<Index> placed;
  for (const Index leaf : leaves_among(certificates, *issuers)) {
    const auto order = issuers->upwards_from(leaf);
    if (!order) return tl::unexpected(order.error());
    result.chains.push_back(chain_in(*order, certificates));
    placed.insert(order->begin(), order->end());
  }
  for (Index i = 0; i < certificates.size(); ++i)
    if (!placed.contains(i)) result.strays.push_back(certificates[i].facts);
  return result;
}

void join_chains(std::vector<Credential>& credentials, const std::vector<Credential>& strays) {
  // Of several issuers that would do, the one of the leaf's own file comes first.
  std::vector<ParsedCertificate> certificates;
  for (const bool of_issuers : {false, true}) {
    for (const auto& one : credentials)
      if (holds_only_issuers(one) == of_issuers) add(one.chain, certificates);
  }
  for (const auto& one : strays) add(one.chain, certificates);
  drop_duplicates(certificates);
  std::map<std::array<std::uint8_t, 32>, Index> places;
  for (Index i = 0; i < certificates.size(); ++i)
    places.emplace(certificates[i].facts.certificate.sha2_256, i);

  const auto issuers = Issuers::of(certificates);
  if (!issuers) return;
  for (auto& one : credentials) {
    if (one.chain.empty()) continue;
    const auto order = issuers->upwards_from(places.at(one.chain.front().certificate.sha2_256));
    if (order) one.chain = chain_in(*order, certificates);
  }
  drop_issuers_of_others(credentials);
}

Result<Chain> chain_from_leaf(std::vector<ParsedCertificate> certificates) {
  drop_duplicates(certificates);
  const auto issuers = Issuers::of(certificates);
  if (!issuers) return tl::unexpected(issuers.error());
  return issuers->upwards_from(0).map([&](const Indices& order) { return chain_in(order, certificates); });
}

}  // namespace tlsa_update::x509
