#include "tlsa_update/x509/loader.hpp"

#include <algorithm>
#include <array>
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

std::string note_of_stray(const std::string& source, const Certificate& stray) {
  return source + ": the CA certificate \"" + stray.subject + "\" has signed nothing here and is not used";
}

Loaded loaded_from(Chains chains, const Findings& findings, const std::string& source) {
  Loaded loaded;
  if (chains.chains.size() > 1 && serve_different_names(chains.chains))
    loaded.notes.push_back(source + ": holds " + std::to_string(chains.chains.size()) +
                           " certificates for different names; each is used");
  for (auto& stray : chains.strays) {
    loaded.notes.push_back(note_of_stray(source, stray));
    loaded.strays.push_back({source, {std::move(stray)}, std::nullopt, KeyType::other});
  }
  for (const auto& [label, line] : findings.unused)
    loaded.notes.push_back(FileFault("the {} block is not used", {label}).at(line).in(source).text());
  for (const auto& fault : findings.out_of_reach) {
    const auto why = fault.in(source);
    loaded.notes.push_back(why.where + ": " + why.what +
                           "; it is passed over, as the file has a certificate");
  }
  loaded.has_unread_keys = !findings.out_of_reach.empty();
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

// Issuers of a leaf may be in any of the files.
void join_files(Loaded& all, const std::vector<Credential>& others) {
  auto strays = all.strays;
  strays.insert(strays.end(), others.begin(), others.end());
  join_chains(all.credentials, strays);
  std::set<std::array<std::uint8_t, 32>> used;
  for (const auto& credential : all.credentials)
    for (const auto& certificate : credential.chain) used.insert(certificate.certificate.sha2_256);
  for (const auto& stray : all.strays) {
    if (used.contains(stray.chain.front().certificate.sha2_256))
      std::erase(all.notes, note_of_stray(stray.source, stray.chain.front()));
  }
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

Loaded together(std::vector<Loaded> loads, const std::vector<Credential>& others) {
  start_openssl();
  Loaded all;
  std::vector<Credential> bare_keys;
  for (auto& load : loads) {
    std::ranges::move(load.notes, std::back_inserter(all.notes));
    std::ranges::move(load.strays, std::back_inserter(all.strays));
    std::ranges::move(load.keys, std::back_inserter(all.keys));
    all.has_unread_keys = all.has_unread_keys || load.has_unread_keys;
    for (auto& credential : load.credentials)
      (credential.bare_key ? bare_keys : all.credentials).push_back(std::move(credential));
  }
  if (loads.size() > 1 || !others.empty()) join_files(all, others);
  if (bare_keys.empty()) return all;
  const auto certificates = certificates_by_key(all.credentials);
  std::set<Bytes> seen;
  std::vector<Credential> without_certificate;
  for (auto& credential : bare_keys) {
    const auto identity = identity_of(*credential.bare_key);
    const auto found = certificates.find(identity);
    all.keys.push_back(found == certificates.end() ? *credential.bare_key : found->second->spki);
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
