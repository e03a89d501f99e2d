#include "tlsa_update/deployment/deployment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "rights.hpp"
#include "soundness.hpp"
#include "state_text.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/deployment/replacement.hpp"
#include "tlsa_update/deployment/target_groups.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr std::size_t file_limit = 16U << 20;  // octets

tl::unexpected<Error> unwritable(const std::string& path, const std::string& what,
                                 const std::string& advice = {}) {
  return fail(ErrorCode::unreadable, what, path, advice);
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

std::optional<Secret> content_of(const std::string& path) {
  auto present = state::read_file(path, file_limit);
  if (!present) return std::nullopt;
  return Secret(std::move(*present));
}

bool has_same_words(const Install& one, const Install& other) {
  return one.mode == other.mode && one.owner == other.owner && one.group == other.group;
}

// What other install lines bring: a key may be for a service that reads it elsewhere.
std::vector<std::string> sources_of_others(const std::vector<ServiceFiles>& configured,
                                           const ServiceFiles& service) {
  std::vector<std::string> sources;
  for (const auto& other : configured) {
    if (other.service == service.service) continue;
    for (const auto& install : other.installs) sources.push_back(install.from);
  }
  return sources;
}

}  // namespace

ReloadMarks Surroundings::marks() const {
  TargetsByService targets;
  for (const auto& service : configured) {
    for (const auto& install : service.installs) targets[service.service].insert(install.to);
  }
  return {state_directory, std::move(targets)};
}

Result<Deployment> Deployment::prepare(const std::vector<ServiceFiles>& services,
                                       const Surroundings& surroundings) {
  Deployment deployment(surroundings);
  for (const auto& service : services) {
    if (const auto added = deployment.add(service, surroundings); !added)
      return tl::unexpected(added.error());
  }
  return deployment;
}

Result<void> Deployment::add(const ServiceFiles& service, const Surroundings& surroundings) {
  services_.push_back(service.service);
  const auto passphrase = state::read_passphrase(service.passphrase_file);
  if (!passphrase) return tl::unexpected(passphrase.error());
  const Secret* secret = *passphrase ? &**passphrase : nullptr;
  std::vector<SourceFile> sources;
  std::vector<Secret> contents;
  contents.reserve(service.installs.size());
  for (const auto& install : service.installs) {
    if (auto sound = check_target(install.to); !sound) return sound;
    auto content = state::read_file(install.from, file_limit);
    if (!content) return tl::unexpected(content.error());
    contents.emplace_back(std::move(*content));
    auto loaded = x509::load(contents.back().view(), install.from, secret);
    if (!loaded) return tl::unexpected(loaded.error());
    sources.push_back({&install, &contents.back(), std::move(*loaded)});
  }
  if (auto sound = check_credentials(service, sources); !sound) return sound;
  if (auto sound = check_pairs(sources, secret, sources_of_others(surroundings.configured, service)); !sound)
    return sound;
  const auto installed = installed_files(state_directory_);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!surroundings.force) {
      if (auto sound = check_target_content(sources[i], installed); !sound) return sound;
    }
    if (auto added = add(*sources[i].install, std::move(contents[i])); !added) return added;
  }
  return {};
}

Result<void> Deployment::add(const Install& install, Secret content) {
  const auto same = std::ranges::find_if(files_, [&](const File& file) {
    return canonical_target(file.install.to) == canonical_target(install.to);
  });
  if (same == files_.end()) {
    const auto present = content_of(install.to);
    const bool differs = !present || !std::ranges::equal(present->view(), content.view());
    if (differs) {
      if (auto readable = try_rights(install, holds_private_key(content.view())); !readable) return readable;
    }
    files_.push_back({install, std::move(content), differs, std::nullopt});
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
  return !differing().empty() ||
         std::ranges::any_of(services_, [&](const std::string& service) { return marks_.is_due(service); });
}

std::vector<std::string> Deployment::differing() const {
  std::vector<std::string> targets;
  for (const auto& file : files_) {
    if (file.differs) targets.push_back(file.install.to);
  }
  return targets;
}

std::vector<Chain> Deployment::replaced() const {
  std::vector<Chain> all;
  for (const auto& target : differing()) std::ranges::move(chains_in(target), std::back_inserter(all));
  return all;
}

Result<void> Deployment::mark_reloads() const {
  ReloadMark mark;
  for (const auto& file : files_) mark.targets.insert(file.install.to);
  for (const auto& chain : replaced()) mark.replaced.insert(to_hex(chain.front().certificate.sha2_256));
  for (const auto& service : services_) {
    if (auto marked = marks_.set(service, mark); !marked) return marked;
  }
  return {};
}

// Nothing was replaced: who had no reload to come has none now.
void Deployment::forget_marks(const std::vector<std::string>& services) const {
  if (is_replacement_begun(state_directory_)) return;
  for (const auto& service : services) marks_.conclude(service);
}

// A signal does not cut in while one file is new and the other old.
Result<void> Deployment::install(Events& events) {
  std::vector<NewFile> changes;
  for (auto& file : files_) {
    if (!file.differs) continue;
    changes.push_back({&file.install, file.content.view()});
    file.before = content_of(file.install.to);
  }
  if (changes.empty()) return {};
  const EndSignals signals;
  std::vector<std::string> unmarked;
  std::ranges::copy_if(services_, std::back_inserter(unmarked),
                       [&](const std::string& service) { return !marks_.is_due(service); });
  if (auto marked = mark_reloads(); !marked) return marked;
  if (auto replaced = replace_files(changes, state_directory_, events); !replaced) {
    forget_marks(unmarked);
    return replaced;
  }
  for (const auto& change : changes)
    events.info(change.install->to + ": installed from " + change.install->from);
  if (!signals.has_come()) return {};
  return fail(ErrorCode::not_yet, "stopped by a signal before the reload", services_.front(), "run again");
}

Result<void> Deployment::put_back(Events& events) {
  std::vector<NewFile> changes;
  std::map<std::string, std::string> taken_back;
  for (const auto& file : files_) {
    if (!file.differs) continue;
    if (!file.before)
      return fail(ErrorCode::unsafe, "cannot be put back: it was not there before, or could not be read",
                  file.install.to, "look at the service's own log");
    changes.push_back({&file.install, file.before->view()});
    taken_back[file.install.to] = digest_of(file.content.view());
  }
  if (changes.empty())
    return fail(ErrorCode::unsafe, "nothing was replaced that could be put back", services_.front(),
                "look at the service's own log");
  const EndSignals signals;
  if (auto replaced = replace_files(changes, state_directory_, events); !replaced) return replaced;
  remember_taken_back(taken_back, state_directory_);
  for (const auto& change : changes) events.warning(change.install->to + ": the old file is put back");
  return {};
}

}  // namespace tlsa_update::deployment
