#include "tlsa_update/x509/loader.hpp"

#include "certificate.hpp"
#include "chain.hpp"
#include "der.hpp"
#include "pem.hpp"

namespace tlsa_update::x509 {
namespace {

// What a file has brought so far.
struct Findings {
  std::vector<ParsedCertificate> certificates;
};

Result<void> take_der(ByteView der, Findings& findings) {
  auto certificate = parse_certificate(der);
  if (!certificate) return tl::unexpected(certificate.error());
  findings.certificates.push_back(std::move(*certificate));
  return {};
}

Result<Findings> findings_in_pem(std::string_view text) {
  auto blocks = pem_blocks(text);
  if (!blocks) return tl::unexpected(blocks.error());
  Findings findings;
  for (const auto& block : *blocks) {
    if (block.label != "CERTIFICATE") continue;
    auto taken = take_der(block.body.view(), findings);
    if (!taken) return tl::unexpected(taken.error());
  }
  return findings;
}

Result<Findings> findings_in(ByteView file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (has_pem(text)) return findings_in_pem(text);
  Findings findings;
  if (auto taken = take_der(file, findings); !taken) return tl::unexpected(taken.error());
  return findings;
}

Result<Loaded> loaded(Findings findings, const std::string& source) {
  auto chains = chains_of(std::move(findings.certificates));
  if (!chains) return tl::unexpected(chains.error());
  Loaded result;
  for (auto& chain : chains->chains) {
    const auto key_type = chain.front().key_type;
    result.credentials.push_back({source, std::move(chain), std::nullopt, key_type});
  }
  if (result.credentials.empty()) return fail(ErrorCode::bad_data, "holds no certificate and no key");
  return result;
}

}  // namespace

Result<Loaded> load(ByteView file, const std::string& source, const Secret*) {
  start_openssl();
  const auto in_file = [&](Error error) {
    error.where = source;
    return error;
  };
  auto findings = findings_in(file);
  if (!findings) return tl::unexpected(in_file(findings.error()));
  return loaded(std::move(*findings), source).map_error(in_file);
}

Result<Chain> chain_of(const std::vector<Bytes>& der_certificates, bool first_is_leaf) {
  start_openssl();
  std::vector<ParsedCertificate> certificates;
  for (const auto& der : der_certificates) {
    auto certificate = parse_certificate(der);
    if (!certificate) return tl::unexpected(certificate.error());
    certificates.push_back(std::move(*certificate));
  }
  if (certificates.empty()) return fail(ErrorCode::bad_data, "no certificate");
  if (first_is_leaf) return chain_from_leaf(std::move(certificates));
  auto chains = chains_of(std::move(certificates));
  if (!chains) return tl::unexpected(chains.error());
  return std::move(chains->chains.front());
}

}  // namespace tlsa_update::x509
