#include "tlsa_update/deployment/replacement.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installed.hpp"
#include "journal.hpp"
#include "rights.hpp"
#include "state_text.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

using Entries = std::vector<JournalEntry>;

tl::unexpected<Error> unwritable(const std::string& path, int error) {
  return fail(ErrorCode::unreadable, std::strerror(error), path, state::permission_advice(error));
}

// The old file's mode is kept, and so is its fault.
void warn_of_everybody(const Install& install, mode_t mode, Events& events) {
  if (install.mode || (mode & S_IROTH) == 0) return;
  events.warning(install.to +
                 ": every user of this machine can read this private key, as they could read the one that it "
                 "replaces; give its mode and owner at the end of its install line");
}

Result<void> stage(const NewFile& file, Events& events) {
  const std::string path = staged_name(file.install->to);
  (void)::unlink(path.c_str());  // what a killed run left
  const state::Descriptor staged(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!staged.is_open()) return unwritable(path, errno);
  const bool is_secret = holds_private_key(file.content);
  const auto replaced = rights_of(file.install->to);
  const auto rights = rights_for(*file.install, replaced, is_secret);
  if (!rights) return tl::unexpected(rights.error());
  if (auto given = give(*rights, staged.value(), *file.install, replaced); !given) return given;
  if (is_secret && replaced) warn_of_everybody(*file.install, rights->mode, events);
  return state::write_open_file(staged.value(), path, file.content);
}

void remove_staged(const Entries& entries) {
  for (const auto& entry : entries) (void)::unlink(staged_name(entry.target).c_str());
}

Result<Entries> stage_all(const std::vector<NewFile>& files, Events& events) {
  Entries begun;
  for (const auto& file : files) {
    begun.push_back({file.install->to, digest_of(file.content), digest_of_file(file.install->to)});
    if (const auto staged = stage(file, events); !staged) {
      remove_staged(begun);
      return tl::unexpected(staged.error());
    }
    sync_directory_of(file.install->to);
  }
  return begun;
}

// Gives the old file a second name, to go back to. There is none across mounts, for an immutable file, or for
// one of somebody else's: where that is so, the file cannot be put back.
bool keep(const std::string& target) {
  const auto kept = kept_name(target);
  (void)::unlink(kept.c_str());
  return ::link(target.c_str(), kept.c_str()) == 0 || errno == ENOENT;
}

// The journal goes first: what is left lying about without it is nobody's way back.
void close(const Journal& journal, const std::string& state_directory) {
  const std::string path = state_directory + "/" + journal.name;
  (void)::unlink(path.c_str());
  sync_directory_of(path);
  remove_staged(journal.entries);
  for (const auto& entry : journal.entries) (void)::unlink(kept_name(entry.target).c_str());
}

Result<void> go_back(Journal journal, const std::string& state_directory) {
  journal.is_back = true;
  (void)write(journal, state_directory);  // a full disk is no reason to leave the files apart
  for (const auto& [target, staged, replaced] : journal.entries) {
    const auto kept = kept_name(target);
    if (!state::file_exists(kept)) continue;
    if (::rename(kept.c_str(), target.c_str()) != 0) {
      const auto why = std::string("the old file could not be put back: ") + std::strerror(errno);
      return fail(ErrorCode::unreadable, why, target, "put the old certificate and key back by hand");
    }
    sync_directory_of(target);
  }
  close(journal, state_directory);
  return {};
}

// What cannot be put back goes last: until then there is a way back.
Entries kept_first(const Entries& entries) {
  Entries reversible, irreversible;
  for (const auto& entry : entries) (keep(entry.target) ? reversible : irreversible).push_back(entry);
  reversible.insert(reversible.end(), irreversible.begin(), irreversible.end());
  return reversible;
}

Result<void> rename_staged(const Entries& entries) {
  for (const auto& entry : entries) {
    if (::rename(staged_name(entry.target).c_str(), entry.target.c_str()) != 0)
      return unwritable(entry.target, errno);
    sync_directory_of(entry.target);
  }
  return {};
}

// `left`: those of its targets that are not renamed yet.
Result<void> go_forward(const Journal& journal, const Entries& left, const std::string& state_directory) {
  const auto done = rename_staged(kept_first(left));
  if (done) {
    remember_installed(journal.entries, state_directory);
    close(journal, state_directory);
    return {};
  }
  const auto back = go_back(journal, state_directory);
  return back ? done : back;
}

Result<void> finish(const Journal& journal, const std::string& state_directory, Events& events) {
  if (const auto target = meddled_with(journal)) {
    events.warning(
        *target +
        ": was changed since its installation was cut off: the installation is given up, and all of "
        "its files are left as they are");
    close(journal, state_directory);
    return {};
  }
  events.info("an installation was cut off: it is brought to an end first");
  if (journal.is_back) return go_back(journal, state_directory);
  Entries left;
  std::ranges::copy_if(journal.entries, std::back_inserter(left), [](const JournalEntry& entry) {
    return state::file_exists(staged_name(entry.target));
  });
  return go_forward(journal, left, state_directory);
}

}  // namespace

Result<void> replace_files(const std::vector<NewFile>& files, const std::string& state_directory,
                           Events& events) {
  auto staged = stage_all(files, events);
  if (!staged) return tl::unexpected(staged.error());
  const Journal journal{journal_name(*staged), false, std::move(*staged)};
  if (const auto written = write(journal, state_directory); !written) {
    remove_staged(journal.entries);
    return written;
  }
  return go_forward(journal, journal.entries, state_directory);
}

bool is_replacement_begun(const std::string& state_directory) {
  return !journals_in(state_directory).empty();
}

Result<void> finish_replacement(const std::string& state_directory, const std::set<std::string>& targets,
                                Events& events) {
  const EndSignals signals;
  for (const auto& name : journals_in(state_directory)) {
    auto journal = read_journal(state_directory, name);
    if (!journal) return tl::unexpected(journal.error());
    // Root may be here with the state of an unprivileged user, who is not to say which files are renamed.
    std::erase_if(journal->entries, [&](const JournalEntry& entry) {
      if (targets.contains(entry.target)) return false;
      events.warning(entry.target +
                     ": its installation was cut off, and no install line names it: it is left alone");
      return true;
    });
    if (journal->entries.empty()) continue;
    if (auto done = finish(*journal, state_directory, events); !done) return done;
  }
  return {};
}

}  // namespace tlsa_update::deployment
