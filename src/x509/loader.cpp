#include "tlsa_update/x509/loader.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "chain.hpp"
#include "findings.hpp"
#include "foreign.hpp"

namespace tlsa_update::x509 {
namespace {

FileFault nothing_usable(const std::vector<Unused>& unused) {
  if (unused.empty()) return FileFault("holds no certificate and no key");
  std::string blocks;
  for (const auto& [label, line] : unused)
    blocks +=
        (blocks.empty() ? "" : " and ") + ("the " + label.text()) + " block at line " + std::to_string(line);
  const bool is_pkcs7 =
      std::ranges::any_of(unused, [](const auto& one) { return one.label.text() == "PKCS7"; });
  return FileFault("holds no certificate and no key, only {}", {Fact::not_of_file(blocks)},
                   is_pkcs7 ? advice_for_pkcs7 : Words(""));
}

// Certificates that share no name with the first of their file may be there by mistake.
bool serve_different_names(const std::vector<Chain>& chains) {
  const auto& first = chains.front().front().dns_names;
  const std::set<std::string> names(first.begin(), first.end());
  return std::ranges::any_of(chains, [&](const Chain& chain) {
    const auto& others = chain.front().dns_names;
    return others != first &&
           std::ranges::none_of(others, [&](const auto& name) { return names.contains(name); });
  });
}

Loaded loaded_from(Chains chains, const Findings& findings, const std::string& source) {
  Loaded loaded;
  if (chains.chains.size() > 1 && serve_different_names(chains.chains))
    loaded.notes.push_back(source + ": holds " + std::to_string(chains.chains.size()) +
                           " certificates for different names; each is used");
  for (const auto& stray : chains.strays)
    loaded.notes.push_back(source + ": the CA certificate \"" + stray.subject +
                           "\" has signed nothing here and is not used");
  for (const auto& [label, line] : findings.unused)
    loaded.notes.push_back(FileFault("the {} block is not used", {label}).at(line).in(source).text());
  for (const auto& fault : findings.out_of_reach) {
    const auto why = fault.in(source);
    loaded.notes.push_back(why.where + ": " + why.what +
                           "; it is passed over, as the file has a certificate");
  }
  for (auto& chain : chains.chains) {
    const auto key_type = chain.front().key_type;
    loaded.credentials.push_back({source, std::move(chain), std::nullopt, key_type});
  }
  for (const auto& key : findings.keys) loaded.credentials.push_back({source, {}, key.spki, key.type});
  return loaded;
}

std::map<Bytes, const Certificate*> certificates_by_key(const std::vector<Credential>& credentials) {
  std::map<Bytes, const Certificate*> by_key;
  for (const auto& credential : credentials)
    for (const auto& certificate : credential.chain)
      by_key.emplace(identity_of(certificate.spki), &certificate);
  return by_key;
}

std::string note_of_reencoding(const Credential& key, const Certificate& certificate) {
  return key.source + ": the SPKI of the key differs in its encoding from the one in the certificate \"" +
         certificate.subject + "\", and it is the certificate's that counts";
}

}  // namespace

Result<Loaded> load(ByteView file, const std::string& source, const Secret* passphrase) {
  start_openssl();
  auto findings = Findings::in(file, Passphrase::of(passphrase));
  if (!findings) return tl::unexpected(findings.error().in(source));
  if (findings->certificates.empty()) {
    // A certificate has all that a key could give; without one every key counts.
    if (!findings->out_of_reach.empty()) return tl::unexpected(findings->out_of_reach.front().in(source));
    if (findings->keys.empty()) return tl::unexpected(nothing_usable(findings->unused).in(source));
  }
  auto chains = chains_of(std::move(findings->certificates));
  if (!chains) {
    chains.error().where = source;
    return tl::unexpected(chains.error());
  }
  return together({loaded_from(std::move(*chains), *findings, source)});
}

Loaded together(std::vector<Loaded> loads) {
  start_openssl();
  Loaded all;
  std::vector<Credential> bare_keys;
  for (auto& load : loads) {
    std::ranges::move(load.notes, std::back_inserter(all.notes));
    for (auto& credential : load.credentials)
      (credential.bare_key ? bare_keys : all.credentials).push_back(std::move(credential));
  }
  if (bare_keys.empty()) return all;
  const auto certificates = certificates_by_key(all.credentials);
  std::set<Bytes> seen;
  std::vector<Credential> without_certificate;
  for (auto& credential : bare_keys) {
    const auto identity = identity_of(*credential.bare_key);
    const auto found = certificates.find(identity);
    if (found == certificates.end()) {
      if (seen.insert(identity).second) without_certificate.push_back(std::move(credential));
    } else if (found->second->spki != *credential.bare_key) {
      all.notes.push_back(note_of_reencoding(credential, *found->second));
    }
  }
  std::ranges::move(without_certificate, std::back_inserter(all.credentials));
  return all;
}

Result<Chain> chain_of(const std::vector<Bytes>& der_certificates, bool first_is_leaf) {
  start_openssl();
  std::vector<ParsedCertificate> certificates;
  for (const auto& der : der_certificates) {
    auto certificate = parse_certificate(der);
    if (!certificate) {
      const auto number = certificates.size() + 1;
      return tl::unexpected(certificate.error().of("certificate {} of the chain", {number}).in({}));
    }
    certificates.push_back(std::move(*certificate));
  }
  if (certificates.empty()) return fail(ErrorCode::bad_data, "the chain holds no certificate");
  if (first_is_leaf) return chain_from_leaf(std::move(certificates));
  auto chains = chains_of(std::move(certificates));
  if (!chains) return tl::unexpected(chains.error());
  return std::move(chains->chains.front());
}

}  // namespace tlsa_update::x509
