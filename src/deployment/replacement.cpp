#include "tlsa_update/deployment/replacement.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr const char* journal_name = "install.pending";
constexpr const char* journal_beside = "install.pending.new";
constexpr std::size_t journal_limit = 16U << 20;  // octets

using Targets = std::vector<std::string>;

tl::unexpected<Error> unwritable(const std::string& path, int error) {
  return fail(ErrorCode::unreadable, std::strerror(error), path, state::permission_advice(error));
}

std::string beside(const std::string& target, const std::string& ending) {
  const auto slash = target.rfind('/') + 1;
  return target.substr(0, slash) + "." + target.substr(slash) + ending;
}
std::string staged_name(const std::string& target) { return beside(target, ".tlsa-update"); }
std::string kept_name(const std::string& target) { return beside(target, ".tlsa-update-old"); }

void sync_directory(const std::string& file) {
  const state::Descriptor directory(
      ::open(file.substr(0, file.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) (void)::fsync(directory.value());
}

bool holds_private_key(ByteView content) {
  const auto text = as_text(content);
  // What is no PEM certificate is treated as secret: DER keys and PKCS#12 have no label.
  return text.find("PRIVATE KEY-----") != std::string_view::npos ||
         text.find("-----BEGIN") == std::string_view::npos;
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

std::string user_name(uid_t id) {
  const passwd* user = ::getpwuid(id);
  return user == nullptr ? std::to_string(id) : user->pw_name;
}

std::string group_name(gid_t id) {
  const group* entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

// Who could read the old file, and will not be able to read the new one; "" for nobody. Root always can.
std::string lost_reader(const struct stat& before, const struct stat& after) {
  if ((after.st_mode & S_IROTH) != 0) return "";
  const bool has_group = before.st_gid == after.st_gid && (after.st_mode & S_IRGRP) != 0;
  if ((before.st_mode & S_IRGRP) != 0 && !has_group) return "the group " + group_name(before.st_gid);
  const bool has_owner = before.st_uid == after.st_uid || before.st_uid == 0;
  return has_owner ? "" : "the user " + user_name(before.st_uid);
}

// A service that cannot read its key does not start. Which mode is right only the administrator can say.
void warn_of_lost_reader(const Install& install, int staged, Events& events) {
  if (install.mode && !install.owner.empty()) return;
  struct stat before {};
  struct stat after {};
  if (::stat(install.to.c_str(), &before) != 0 || ::fstat(staged, &after) != 0) return;
  const auto lost = lost_reader(before, after);
  if (lost.empty()) return;
  std::ostringstream words;
  words << '0' << std::oct << (before.st_mode & (S_IRWXU | S_IRWXG)) << ' ' << user_name(before.st_uid) << ':'
        << group_name(before.st_gid);
  events.warning(install.to + ": " + lost + " can no longer read it; if it has to, write \"" + words.str() +
                 "\" at the end of its install line");
}

Result<void> stage(const NewFile& file, Events& events) {
  const std::string path = staged_name(file.install->to);
  (void)::unlink(path.c_str());  // what a killed run left
  const state::Descriptor staged(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!staged.is_open()) return unwritable(path, errno);
  const auto ids = ids_of(*file.install);
  if (!ids) return tl::unexpected(ids.error());
  if (::fchown(staged.value(), ids->first, ids->second) != 0) return unwritable(path, errno);
  const auto mode = file.install->mode.value_or(holds_private_key(file.content) ? 0600U : 0644U);
  if (::fchmod(staged.value(), static_cast<mode_t>(mode)) != 0) return unwritable(path, errno);
  warn_of_lost_reader(*file.install, staged.value(), events);
  return state::write_open_file(staged.value(), path, file.content);
}

void remove_staged(const Targets& targets) {
  for (const auto& target : targets) (void)::unlink(staged_name(target).c_str());
}

Result<void> stage_all(const std::vector<NewFile>& files, Events& events) {
  Targets begun;
  for (const auto& file : files) {
    begun.push_back(file.install->to);
    if (const auto staged = stage(file, events); !staged) {
      remove_staged(begun);
      return staged;
    }
    sync_directory(file.install->to);
  }
  return {};
}

// Gives the old file a second name, to go back to. There is none across mounts, for an immutable file, or for
// one of somebody else's: where that is so, the file cannot be put back.
bool keep(const std::string& target) {
  const auto kept = kept_name(target);
  (void)::unlink(kept.c_str());
  return ::link(target.c_str(), kept.c_str()) == 0 || errno == ENOENT;
}

// What is under way, as it stands in the state directory: which targets, and in which direction.
struct Journal {
  bool is_back = false;
  Targets targets;
};

Result<void> write(const Journal& journal, const std::string& state_directory) {
  std::string text = journal.is_back ? "back\n" : "forward\n";
  for (const auto& target : journal.targets) text += target + "\n";
  const std::string path = state_directory + "/" + journal_name;
  const std::string path_beside = state_directory + "/" + journal_beside;
  (void)::unlink(path_beside.c_str());
  const auto file = state::open_state_file(state_directory, journal_beside);
  if (!file) return tl::unexpected(file.error());
  const auto content = as_bytes(text);
  if (const auto written = state::write_open_file(file->value(), path_beside, content); !written)
    return written;
  if (::rename(path_beside.c_str(), path.c_str()) != 0) return unwritable(path, errno);
  sync_directory(path);
  return {};
}

Result<Journal> read(const std::string& state_directory) {
  const auto content = state::read_file(state_directory + "/" + journal_name, journal_limit);
  if (!content) return tl::unexpected(content.error());
  std::istringstream lines(std::string(content->begin(), content->end()));
  Journal journal;
  std::string line;
  std::getline(lines, line);
  journal.is_back = line == "back";
  while (std::getline(lines, line)) journal.targets.push_back(line);
  return journal;
}

// The journal goes first: what is left lying about without it is nobody's way back.
void close(const Journal& journal, const std::string& state_directory) {
  const std::string path = state_directory + "/" + journal_name;
  (void)::unlink(path.c_str());
  sync_directory(path);
  remove_staged(journal.targets);
  for (const auto& target : journal.targets) (void)::unlink(kept_name(target).c_str());
}

Result<void> go_back(Journal journal, const std::string& state_directory) {
  journal.is_back = true;
  (void)write(journal, state_directory);  // a full disk is no reason to leave the files apart
  for (const auto& target : journal.targets) {
    const auto kept = kept_name(target);
    if (!state::file_exists(kept)) continue;
    if (::rename(kept.c_str(), target.c_str()) != 0) {
      const auto why = std::string("the old file could not be put back: ") + std::strerror(errno);
      return fail(ErrorCode::unreadable, why, target, "put the old certificate and key back by hand");
    }
    sync_directory(target);
  }
  close(journal, state_directory);
  return {};
}

// What cannot be put back goes last: until then there is a way back.
Targets kept_first(const Targets& targets) {
  Targets reversible, irreversible;
  for (const auto& target : targets) (keep(target) ? reversible : irreversible).push_back(target);
  reversible.insert(reversible.end(), irreversible.begin(), irreversible.end());
  return reversible;
}

Result<void> rename_staged(const Targets& targets) {
  for (const auto& target : targets) {
    if (::rename(staged_name(target).c_str(), target.c_str()) != 0) return unwritable(target, errno);
    sync_directory(target);
  }
  return {};
}

// `left`: those of its targets that are not renamed yet.
Result<void> go_forward(const Journal& journal, const Targets& left, const std::string& state_directory) {
  const auto done = rename_staged(kept_first(left));
  if (done) {
    close(journal, state_directory);
    return {};
  }
  const auto back = go_back(journal, state_directory);
  return back ? done : back;
}

}  // namespace

Result<void> replace_files(const std::vector<NewFile>& files, const std::string& state_directory,
                           Events& events) {
  if (const auto staged = stage_all(files, events); !staged) return staged;
  Journal journal;
  for (const auto& file : files) journal.targets.push_back(file.install->to);
  if (const auto written = write(journal, state_directory); !written) {
    remove_staged(journal.targets);
    return written;
  }
  return go_forward(journal, journal.targets, state_directory);
}

bool is_replacement_begun(const std::string& state_directory) {
  return state::file_exists(state_directory + "/" + journal_name);
}

Result<void> finish_replacement(const std::string& state_directory, const std::set<std::string>& targets,
                                Events& events) {
  if (!is_replacement_begun(state_directory)) return {};
  auto journal = read(state_directory);
  if (!journal) return tl::unexpected(journal.error());
  // Root may be here with the state of an unprivileged user, who is not to say which files are renamed.
  std::erase_if(journal->targets, [&](const std::string& target) {
    if (targets.contains(target)) return false;
    events.warning(target +
                   ": its installation was cut off, and no install line names it any more: it is left alone");
    return true;
  });
  const EndSignals signals;
  events.info("an installation was cut off: it is brought to an end first");
  if (journal->is_back) return go_back(*journal, state_directory);
  Targets left;
  std::ranges::copy_if(journal->targets, std::back_inserter(left),
                       [](const std::string& target) { return state::file_exists(staged_name(target)); });
  return go_forward(*journal, left, state_directory);
}

}  // namespace tlsa_update::deployment
