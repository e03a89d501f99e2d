#include "soundness.hpp"

#include <algorithm>
#include <filesystem>

#include "state_text.hpp"
#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/deployment/target_groups.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr std::size_t target_limit = 16U << 20;     // octets
constexpr std::size_t neighbour_limit = 64U << 10;  // octets: of a file that may hold a key
constexpr int most_neighbours = 500;

// Is this one of the credentials that were found ready? A certificate must be the same one; a key, its key.
bool is_wanted(const Credential& found, const std::vector<GivenCredential>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const GivenCredential& given) {
    if (given.role != Role::current || key_of(*given.credential) != key_of(found)) return false;
    return found.chain.empty() || given.credential->chain.empty() ||
           found.chain.front().certificate == given.credential->chain.front().certificate;
  });
}

// A file of its own for the issuers, as some servers read them.
bool is_chain_of_wanted(const Credential& found, const std::vector<GivenCredential>& wanted) {
  return holds_only_issuers(found) && std::ranges::any_of(wanted, [&](const GivenCredential& given) {
           const Chain& chain = given.credential->chain;
           return given.role == Role::current &&
                  std::ranges::all_of(found.chain, [&](const Certificate& issuer) {
                    return std::ranges::find(chain, issuer) != chain.end();
                  });
         });
}

// A key without its certificate, or a certificate without its key, is a service that does not start, or whose
// one half is dead. Without any key among the files all keys are elsewhere.
Result<void> check_keys(const x509::Loaded& installed) {
  const auto is_leaf = [](const Credential& one) { return !one.chain.empty() && !holds_only_issuers(one); };
  const bool has_leaf = std::ranges::any_of(installed.credentials, is_leaf);
  for (const auto& one : installed.credentials) {
    if (one.bare_key && has_leaf) {
      return fail(ErrorCode::unsafe, "is the key of none of the certificates that are installed with it",
                  one.source, "install a certificate and its own key");
    }
    const auto& keys = installed.keys;
    if (is_leaf(one) && !keys.empty() && !installed.has_unread_keys &&
        std::ranges::find(keys, one.chain.front().spki) == keys.end()) {
      return fail(ErrorCode::unsafe,
                  "is installed without its key, and the keys that are installed are of others", one.source,
                  "install each certificate and its own key");
    }
  }
  return {};
}

// RFC 7671 section 5.2.2: the trust anchor must be among the certificates that the server sends.
Result<void> check_trust_anchors(const ServiceFiles& service, const Chain& installed) {
  for (const auto& wanted : service.records) {
    if (wanted.role != Role::current || wanted.record.parameters.of_end_entity()) continue;
    if (!matches(wanted.record, installed)) {
      return fail(ErrorCode::unsafe,
                  "no installed file holds the trust anchor that the record " +
                      wanted.record.parameters.text() + " names (RFC 7671 section 5.2.2)",
                  service.service, "install the full chain");
    }
  }
  return {};
}

bool is_leaf(const Credential& one) { return !one.chain.empty() && !holds_only_issuers(one); }

// What cannot be read, or holds no certificate and no key, tells nothing.
std::optional<x509::Loaded> load_file(const std::string& path, std::size_t limit, const Secret* passphrase) {
  auto content = state::read_file(path, limit);
  if (!content) return std::nullopt;
  const Secret secret(std::move(*content));
  auto loaded = x509::load(secret.view(), path, passphrase);
  if (!loaded) return std::nullopt;
  return std::move(*loaded);
}

bool has_key(const x509::Loaded& loaded, const Selected& spki) {
  return std::ranges::find(loaded.keys, spki) != loaded.keys.end();
}

bool has_leaf_of(const x509::Loaded& loaded, const Selected& spki) {
  return std::ranges::any_of(loaded.credentials, [&](const Credential& one) {
    return is_leaf(one) && one.chain.front().spki == spki;
  });
}

// Somewhere beside the target, or among what other install lines bring: is there a file of which this holds?
template <class Claim>
bool is_found(const std::string& target, const std::vector<SourceFile>& files, const Secret* passphrase,
              const std::vector<std::string>& other_sources, const Claim& claim) {
  const auto holds = [&](const std::string& path, std::size_t limit) {
    const auto loaded = load_file(path, limit, passphrase);
    return loaded && claim(*loaded);
  };
  if (std::ranges::any_of(other_sources, [&](const auto& path) { return holds(path, target_limit); }))
    return true;
  std::set<std::string> replaced;
  for (const auto& file : files) replaced.insert(canonical_target(file.install->to));
  std::error_code error;
  int looked_at = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(target).parent_path(), error)) {
    if (++looked_at > most_neighbours) return false;
    const auto path = entry.path().string();
    if (entry.path().filename().string().starts_with('.') || !entry.is_regular_file(error)) continue;
    if (!replaced.contains(canonical_target(path)) && holds(path, neighbour_limit)) return true;
  }
  return false;
}

// Has it the key of this certificate, or the certificate of this key?
bool is_partner(const x509::Loaded& other, const Credential& one) {
  return is_leaf(one) ? has_key(other, key_of(one)) : has_leaf_of(other, key_of(one));
}

// Is what replaces the old content of a target, by itself, without the other half of its pair? A new
// certificate of the same key is not, unless the old file held the key as well.
bool comes_apart(const Credential& one, const x509::Loaded& old) {
  if (is_leaf(one)) {
    const bool had_leaf = std::ranges::any_of(old.credentials, is_leaf);
    const bool had_key = !old.keys.empty() || old.has_unread_keys;
    return had_key || (had_leaf && !has_leaf_of(old, key_of(one)));
  }
  return one.bare_key && !old.keys.empty() && !has_key(old, key_of(one));
}

tl::unexpected<Error> alone(const Credential& one, const std::string& source) {
  const bool is_certificate = is_leaf(one);
  const std::string half = is_certificate ? "key" : "certificate";
  return fail(ErrorCode::unsafe,
              "is to be installed without its " + half + ", and no " + half +
                  " of it lies beside its target: the service could not start",
              source, "give an install line for its " + half + " as well");
}

bool is_installed_already(const SourceFile& file) {
  return digest_of_file(file.install->to) == digest_of(file.content->view());
}

std::optional<Time> newest(const std::vector<Credential>& credentials) {
  std::optional<Time> newest;
  for (const auto& one : credentials) {
    if (is_leaf(one) && (!newest || one.chain.front().not_before > *newest))
      newest = one.chain.front().not_before;
  }
  return newest;
}

}  // namespace

Result<void> check_credentials(const ServiceFiles& service, const std::vector<SourceFile>& files) {
  std::vector<x509::Loaded> loads;
  for (const auto& file : files) {
    for (const auto& credential : file.loaded.credentials) {
      if (!is_wanted(credential, service.credentials) &&
          !is_chain_of_wanted(credential, service.credentials)) {
        return fail(ErrorCode::unsafe, "is not of a credential that was found ready", file.install->from,
                    "give it as --cert as well; if it was renewed just now, run again");
      }
    }
    loads.push_back(file.loaded);
  }
  const auto together = x509::together(std::move(loads));
  if (auto sound = check_keys(together); !sound) return sound;
  Chain installed;
  for (const auto& one : together.credentials)
    installed.insert(installed.end(), one.chain.begin(), one.chain.end());
  return installed.empty() ? Result<void>{} : check_trust_anchors(service, installed);
}

// A restart would find a certificate and the key of another: the service would not start.
Result<void> check_pairs(const std::vector<SourceFile>& files, const Secret* passphrase,
                         const std::vector<std::string>& other_sources) {
  const bool has_keys = std::ranges::any_of(
      files, [](const SourceFile& file) { return !file.loaded.keys.empty() || file.loaded.has_unread_keys; });
  const bool has_leaves = std::ranges::any_of(
      files, [](const SourceFile& file) { return std::ranges::any_of(file.loaded.credentials, is_leaf); });
  if (has_keys && has_leaves) return {};  // check_keys has seen to it
  for (const auto& file : files) {
    const auto old = load_file(file.install->to, target_limit, passphrase);
    if (!old || is_installed_already(file)) continue;
    for (const auto& one : file.loaded.credentials) {
      if (!comes_apart(one, *old)) continue;
      const auto fits = [&](const x509::Loaded& other) { return is_partner(other, one); };
      if (!is_found(file.install->to, files, passphrase, other_sources, fits))
        return alone(one, file.install->from);
    }
  }
  return {};
}

Result<void> check_target_content(const SourceFile& file, const InstalledFiles& installed) {
  const auto& target = file.install->to;
  const auto now = digest_of_file(target);
  const auto wanted = digest_of(file.content->view());
  if (now == "-" || now == wanted) return {};
  const auto last = installed.find(target);
  if (last != installed.end() && last->second.digest == wanted) {
    return fail(ErrorCode::unsafe,
                last->second.is_taken_back
                    ? "was put back, as the service presented no chain with what " + file.install->from +
                          " still holds"
                    : "was changed by hand after " + file.install->from + " had been installed there",
                target, "it is left alone until the next renewal; --force installs the same file once more");
  }
  if (last != installed.end() && last->second.digest == now) return {};
  const auto old = load_file(target, target_limit, nullptr);
  const auto of_old = old ? newest(old->credentials) : std::nullopt;
  const auto of_new = newest(file.loaded.credentials);
  if (!of_old || !of_new || *of_old <= *of_new) return {};
  return fail(ErrorCode::unsafe,
              "holds a certificate that is valid from " + rfc3339(*of_old) + " on, and the one in " +
                  file.install->from + " is older (" + rfc3339(*of_new) + ")",
              target,
              "do the install line's files stand the wrong way round? --force installs the older one");
}

std::vector<Chain> chains_in(const std::string& target) {
  std::vector<Chain> chains;
  const auto loaded = load_file(target, target_limit, nullptr);
  if (!loaded) return chains;
  for (const auto& one : loaded->credentials) {
    if (is_leaf(one)) chains.push_back(one.chain);
  }
  return chains;
}

}  // namespace tlsa_update::deployment
