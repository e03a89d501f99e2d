#include "deploy.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.hpp"
#include "files.hpp"
#include "ledger_file.hpp"
#include "log.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::cli {
namespace {

constexpr std::size_t file_limit = 16U << 20;        // octets
constexpr std::chrono::seconds reload_timeout{120};  // a mail server that reloads longer hangs

tl::unexpected<Error> unwritable(const std::string& path, const std::string& what,
                                 const std::string& advice = {}) {
  return fail(ErrorCode::unreadable, what, path, advice);
}

bool holds_private_key(ByteView content) {
  const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  // What is no PEM certificate is treated as secret: DER keys and PKCS#12 have no label.
  return text.find("PRIVATE KEY-----") != std::string_view::npos ||
         text.find("-----BEGIN") == std::string_view::npos;
}

const Selected& key_of(const Credential& credential) {
  return credential.chain.empty() ? *credential.bare_key : credential.chain.front().spki;
}

// Is this one of the credentials that were found ready? A certificate must be the same one; a key, its key.
bool is_wanted(const Credential& found, const std::vector<GivenCredential>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const GivenCredential& given) {
    if (given.role != Role::current || key_of(*given.credential) != key_of(found)) return false;
    return found.chain.empty() || given.credential->chain.empty() ||
           found.chain.front().certificate == given.credential->chain.front().certificate;
  });
}

// A key without its certificate, or beside another one, is a service that does not start.
Result<void> check_keys(const std::vector<Credential>& found, const Chain& installed) {
  for (const auto& credential : found) {
    const bool is_pair = !credential.chain.empty() || installed.empty() ||
                         std::any_of(installed.begin(), installed.end(), [&](const Certificate& certificate) {
                           return certificate.spki == *credential.bare_key;
                         });
    if (!is_pair)
      return fail(ErrorCode::unsafe, "is the key of none of the certificates that are installed with it",
                  credential.source, "install a certificate and its own key");
  }
  return {};
}

// RFC 7671 section 5.2.2: the trust anchor must be among the certificates that the server sends.
Result<void> check_trust_anchors(const WantedService& service, const Chain& installed) {
  for (const auto& wanted : service.desired.records) {
    if (wanted.role != Role::current || wanted.record.parameters.of_end_entity()) continue;
    if (!matches(wanted.record, installed)) {
      return fail(ErrorCode::unsafe,
                  "no installed file holds the trust anchor that the record " +
                      wanted.record.parameters.text() + " names (RFC 7671 section 5.2.2)",
                  service.settings->label, "install the full chain");
    }
  }
  return {};
}

Result<std::pair<uid_t, gid_t>> ids_of(const Install& install) {
  auto ids = std::pair{static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  if (!install.owner.empty()) {
    const passwd* user = ::getpwnam(install.owner.c_str());
    if (user == nullptr)
      return fail(ErrorCode::configuration, "there is no user \"" + install.owner + "\"", install.to);
    ids.first = user->pw_uid;
  }
  if (!install.group.empty()) {
    const group* entry = ::getgrnam(install.group.c_str());
    if (entry == nullptr)
      return fail(ErrorCode::configuration, "there is no group \"" + install.group + "\"", install.to);
    ids.second = entry->gr_gid;
  }
  return ids;
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
  auto present = read_file(path, file_limit);
  if (!present) return false;
  const Secret secret(std::move(*present));
  return std::ranges::equal(secret.view(), content);
}

std::string staged_name(const std::string& target) {
  const auto slash = target.rfind('/') + 1;
  return target.substr(0, slash) + "." + target.substr(slash) + ".tlsa-update";
}

Result<void> stage(const Install& install, ByteView content) {
  const std::string path = staged_name(install.to);
  (void)::unlink(path.c_str());  // what a killed run left
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return unwritable(path, std::strerror(errno), permission_advice(errno));
  const auto ids = ids_of(install);
  if (!ids) return tl::unexpected(ids.error());
  if (::fchown(file.value(), ids->first, ids->second) != 0) return unwritable(path, std::strerror(errno));
  const auto mode = install.mode.value_or(holds_private_key(content) ? 0600U : 0644U);
  if (::fchmod(file.value(), static_cast<mode_t>(mode)) != 0) return unwritable(path, std::strerror(errno));
  return write_open_file(file.value(), path, content);
}

void sync_directory(const std::string& file) {
  const Descriptor directory(
      ::open(file.substr(0, file.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) (void)::fsync(directory.value());
}

std::string marker_path(const ServiceSettings& settings, const std::string& state_directory) {
  const std::string label =
      settings.label.empty() ? settings.names.empty() ? "" : settings.names.front().text : settings.label;
  std::string file;  // no two labels have the same
  for (const char c : label) file += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return state_directory + "/reload-" + file + ".pending";
}

}  // namespace

Result<Deployment> Deployment::prepare(const WantedService& service, const std::string& state_directory) {
  Deployment deployment(service, marker_path(*service.settings, state_directory));
  const auto passphrase = read_passphrase(service.settings->passphrase_file);
  if (!passphrase) return tl::unexpected(passphrase.error());
  std::vector<Credential> found;
  Chain installed;
  for (const auto& install : service.settings->installs) {
    auto content = read_file(install.from, file_limit);
    if (!content) return tl::unexpected(content.error());
    Secret secret(std::move(*content));
    const auto loaded = x509::load(secret.view(), install.from, *passphrase ? &**passphrase : nullptr);
    if (!loaded) return tl::unexpected(loaded.error());
    for (const auto& credential : loaded->credentials) {
      if (!is_wanted(credential, service.credentials)) {
        return fail(ErrorCode::unsafe, "is not of a credential that was found ready", install.from,
                    "give it as --cert as well; if it was renewed just now, run again");
      }
      installed.insert(installed.end(), credential.chain.begin(), credential.chain.end());
      found.push_back(credential);
    }
    if (const auto sound = check_target(install.to); !sound) return tl::unexpected(sound.error());
    const bool differs = !is_content_of(install.to, secret.view());
    deployment.files_.push_back({install, std::move(secret), differs});
  }
  if (const auto sound = check_keys(found, installed); !sound) return tl::unexpected(sound.error());
  if (const auto sound = check_trust_anchors(service, installed); !installed.empty() && !sound)
    return tl::unexpected(sound.error());
  return deployment;
}

bool Deployment::is_needed() const { return !differing().empty() || file_exists(marker_); }

std::vector<std::string> Deployment::differing() const {
  std::vector<std::string> targets;
  for (const auto& file : files_) {
    if (file.differs) targets.push_back(file.install.to);
  }
  return targets;
}

// All are staged before the first is renamed, so that a full disk changes nothing and the pair is apart for
// no longer than between two renames.
Result<void> Deployment::replace_files() const {
  for (const auto& file : files_) {
    const auto staged = file.differs ? stage(file.install, file.content.view()) : Result<void>{};
    if (staged) continue;
    for (const auto& other : files_) (void)::unlink(staged_name(other.install.to).c_str());
    return staged;
  }
  for (const auto& file : files_) {
    if (!file.differs) continue;
    if (::rename(staged_name(file.install.to).c_str(), file.install.to.c_str()) != 0) {
      return unwritable(file.install.to, std::strerror(errno));
    }
    sync_directory(file.install.to);
    log_info(file.install.to + ": installed from " + file.install.from);
  }
  return {};
}

Result<void> Deployment::carry_out() const {
  const auto slash = marker_.rfind('/');
  const auto marked = open_state_file(marker_.substr(0, slash), marker_.substr(slash + 1));
  if (!marked) return tl::unexpected(marked.error());
  sync_directory(marker_);
  if (auto replaced = replace_files(); !replaced) return replaced;
  return reload_.empty() ? Result<void>{} : run_command(reload_, reload_timeout);
}

void Deployment::conclude() const { (void)::unlink(marker_.c_str()); }

}  // namespace tlsa_update::cli
