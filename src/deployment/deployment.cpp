#include "tlsa_update/deployment/deployment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include "tlsa_update/core/acceptance.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/deployment/replacement.hpp"
#include "tlsa_update/deployment/target_groups.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/state/ledger_file.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr std::size_t file_limit = 16U << 20;  // octets

tl::unexpected<Error> unwritable(const std::string& path, const std::string& what,
                                 const std::string& advice = {}) {
  return fail(ErrorCode::unreadable, what, path, advice);
}

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

// A symbolic or hard link would leave somebody reading the old file: the pair would come apart.
Result<void> check_target(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return unwritable(path, std::strerror(errno));
  }
  if (S_ISLNK(facts.st_mode))
    return unwritable(path, "is a symbolic link", "install to the file that it points to");
  if (!S_ISREG(facts.st_mode)) return unwritable(path, "is no regular file");
  if (facts.st_nlink > 1) return unwritable(path, "has several hard links", "remove the other names");
  return {};
}

bool is_content_of(const std::string& path, ByteView content) {
  auto present = state::read_file(path, file_limit);
  if (!present) return false;
  const Secret secret(std::move(*present));
  return std::ranges::equal(secret.view(), content);
}

// Stands from before the first file is new until the service is known to present it.
std::string marker_of(const std::string& service) {
  std::string file;  // no two labels have the same
  for (const char c : service) file += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return "reload-" + file + ".pending";
}

bool has_same_words(const Install& one, const Install& other) {
  return one.mode == other.mode && one.owner == other.owner && one.group == other.group;
}

}  // namespace

Result<Deployment> Deployment::prepare(const std::vector<ServiceFiles>& services,
                                       const std::string& state_directory) {
  Deployment deployment(state_directory);
  for (const auto& service : services) {
    if (const auto added = deployment.add(service); !added) return tl::unexpected(added.error());
  }
  return deployment;
}

Result<void> Deployment::add(const ServiceFiles& service) {
  services_.push_back(service.service);
  const auto passphrase = state::read_passphrase(service.passphrase_file);
  if (!passphrase) return tl::unexpected(passphrase.error());
  std::vector<x509::Loaded> loads;
  for (const auto& install : service.installs) {
    auto content = state::read_file(install.from, file_limit);
    if (!content) return tl::unexpected(content.error());
    Secret secret(std::move(*content));
    auto loaded = x509::load(secret.view(), install.from, *passphrase ? &**passphrase : nullptr);
    if (!loaded) return tl::unexpected(loaded.error());
    for (const auto& credential : loaded->credentials) {
      if (!is_wanted(credential, service.credentials) &&
          !is_chain_of_wanted(credential, service.credentials)) {
        return fail(ErrorCode::unsafe, "is not of a credential that was found ready", install.from,
                    "give it as --cert as well; if it was renewed just now, run again");
      }
    }
    loads.push_back(std::move(*loaded));
    if (auto added = add(install, std::move(secret)); !added) return added;
  }
  const auto together = x509::together(std::move(loads));
  if (auto sound = check_keys(together); !sound) return sound;
  Chain installed;
  for (const auto& one : together.credentials)
    installed.insert(installed.end(), one.chain.begin(), one.chain.end());
  return installed.empty() ? Result<void>{} : check_trust_anchors(service, installed);
}

Result<void> Deployment::add(const Install& install, Secret content) {
  const auto same = std::ranges::find_if(files_, [&](const File& file) {
    return canonical_target(file.install.to) == canonical_target(install.to);
  });
  if (same == files_.end()) {
    if (auto sound = check_target(install.to); !sound) return sound;
    const bool differs = !is_content_of(install.to, content.view());
    files_.push_back({install, std::move(content), differs});
    return {};
  }
  if (!std::ranges::equal(same->content.view(), content.view())) {
    return fail(ErrorCode::configuration, "is to hold both " + same->install.from + " and " + install.from,
                install.to, "give each a target of its own");
  }
  if (!has_same_words(same->install, install)) {
    return fail(ErrorCode::configuration, "is installed twice, with different modes or owners", install.to,
                "give the same words in both lines");
  }
  return {};
}

bool Deployment::is_needed() const {
  return !differing().empty() || std::ranges::any_of(services_, [&](const std::string& service) {
    return is_reload_due(service, state_directory_);
  });
}

std::vector<std::string> Deployment::differing() const {
  std::vector<std::string> targets;
  for (const auto& file : files_) {
    if (file.differs) targets.push_back(file.install.to);
  }
  return targets;
}

// A signal does not cut in while one file is new and the other old.
Result<void> Deployment::install(Events& events) const {
  std::vector<NewFile> changes;
  for (const auto& file : files_) {
    if (file.differs) changes.push_back({&file.install, file.content.view()});
  }
  if (changes.empty()) return {};
  const EndSignals signals;
  for (const auto& service : services_) {
    const auto marked = state::open_state_file(state_directory_, marker_of(service));
    if (!marked) return tl::unexpected(marked.error());
  }
  if (auto replaced = replace_files(changes, state_directory_, events); !replaced) return replaced;
  for (const auto& change : changes)
    events.info(change.install->to + ": installed from " + change.install->from);
  if (!signals.has_come()) return {};
  return fail(ErrorCode::not_yet, "stopped by a signal before the reload", services_.front(), "run again");
}

bool is_reload_due(const std::string& service, const std::string& state_directory) {
  return state::file_exists(state_directory + "/" + marker_of(service));
}

void conclude_reload(const std::string& service, const std::string& state_directory) {
  (void)::unlink((state_directory + "/" + marker_of(service)).c_str());
}

}  // namespace tlsa_update::deployment
