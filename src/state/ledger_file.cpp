#include "tlsa_update/state/ledger_file.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "replace_in.hpp"

namespace tlsa_update::state {
namespace {

constexpr const char* ledger_name = "ledger.json";
constexpr const char* broken_name = "ledger.json.broken";
constexpr const char* ledger_lock = "ledger.lock";  // a file of its own: the ledger itself is replaced
constexpr const char* run_lock = "run.lock";
constexpr std::size_t ledger_limit = 512U << 20;  // octets
constexpr std::chrono::seconds ledger_patience{10};
constexpr std::chrono::seconds run_patience{1};

tl::unexpected<Error> bad_state(const std::string& path, const std::string& what,
                                const std::string& advice = {}) {
  return fail(ErrorCode::unreadable, what, path, advice);
}

tl::unexpected<Error> not_allowed(const std::string& path) {
  return tl::unexpected<Error>({ErrorCode::unreadable,
                                "Permission denied: this user may not read the ledger, which knows whose "
                                "records these are and what is "
                                "waited for",
                                path,
                                {},
                                Topic::access});
}

bool is_root() { return ::geteuid() == 0; }

// Nobody but us (or root) may be able to plant or change what we believe. Root believes the keeper of the
// state directory: a hook of root's and an unprivileged timer share one ledger.
Result<void> check_private(int fd, const std::string& path, uid_t keeper) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return bad_state(path, std::strerror(errno));
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0 && !(is_root() && facts.st_uid == keeper)) {
    return bad_state(path, "belongs to another user", "chown it to the user that runs tlsa-update");
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return bad_state(path, "others may write to it", "chmod go-w it");
  if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) return bad_state(path, "is no regular file");
  if (S_ISREG(facts.st_mode) && facts.st_nlink > 1) {
    return bad_state(path, "has several hard links", "remove it; a new one is made");
  }
  return {};
}

uid_t keeper_of(int directory) {
  struct stat facts {};
  return ::fstat(directory, &facts) == 0 ? facts.st_uid : ::geteuid();
}

// Parents as well, as ~/.local/state of a new user; like it, for the user alone (XDG Base Directory).
bool make_directory(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    (void)::mkdir(path.substr(0, slash).c_str(), S_IRWXU);
  return ::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST;
}

Result<Descriptor> open_directory(const std::string& path) {
  if (!make_directory(path)) {
    return bad_state(path, std::string("the state directory cannot be made: ") + std::strerror(errno),
                     "make it, or name another with --state-directory");
  }
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.is_open())
    return bad_state(path, std::strerror(errno), "the state directory must be a directory, no link");
  const auto keeper = keeper_of(directory.value());
  if (const auto sound = check_private(directory.value(), path, keeper); !sound)
    return tl::unexpected(sound.error());
  return directory;
}

Result<Descriptor> open_in(int directory, const std::string& path, const char* name, int flags) {
  // O_NONBLOCK: a FIFO in the place of a file is refused, not waited for.
  constexpr int always = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  Descriptor file(::openat(directory, name, flags | always, S_IRUSR | S_IWUSR));
  const std::string full = path + "/" + name;
  const bool is_to_be_read = (flags & (O_WRONLY | O_RDWR)) == 0;
  if (!file.is_open() && errno == EACCES && is_to_be_read) return not_allowed(full);
  if (!file.is_open()) return bad_state(full, std::strerror(errno));
  const auto keeper = keeper_of(directory);
  if (const auto sound = check_private(file.value(), full, keeper); !sound)
    return tl::unexpected(sound.error());
  const bool hand_over = is_root() && keeper != 0 && (flags & O_CREAT) != 0;
  if (hand_over && ::fchown(file.value(), keeper, static_cast<gid_t>(-1)) != 0)
    return bad_state(full, std::strerror(errno));
  return file;
}

Result<Descriptor> lock(int directory, const std::string& path, const char* name,
                        std::chrono::seconds patience) {
  auto file = open_in(directory, path, name, O_RDWR | O_CREAT);
  if (!file) return file;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (::flock(file->value(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return bad_state(path + "/" + name, std::strerror(errno));
    if (std::chrono::steady_clock::now() >= give_up) {
      return fail(ErrorCode::not_yet, "another tlsa-update holds the lock", path + "/" + name,
                  "run again when it has ended");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return file;
}

// What is there, or nothing. A broken ledger is put aside where somebody can look at it.
Result<Ledger> load_from(int directory, const std::string& path, bool put_aside, Events& events) {
  struct stat facts {};
  if (::fstatat(directory, ledger_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) return Ledger{};
  const auto file = open_in(directory, path, ledger_name, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  const std::string full = path + "/" + ledger_name;
  const auto content = read_open_file(file->value(), full, ledger_limit);
  if (!content) return tl::unexpected(content.error());
  auto ledger = ledger_from_json(as_text(*content));
  if (ledger) return ledger;
  if (ledger.error().code == ErrorCode::unreadable)
    return bad_state(full, ledger.error().what, ledger.error().advice);
  events.warning(full + ledger.error().where + ": " + ledger.error().what +
                 "; a new ledger is begun: waits start again, and records that are not wanted"
                 " now count as foreign");
  if (put_aside) (void)::renameat(directory, ledger_name, directory, broken_name);
  return Ledger{};
}

}  // namespace

Result<LedgerFile> LedgerFile::open(const std::string& directory, Events& events) {
  auto opened = open_directory(directory);
  if (!opened) return tl::unexpected(opened.error());
  return LedgerFile(std::move(*opened), directory, events);
}

Result<Ledger> LedgerFile::read(const std::string& directory, Events& events) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened.is_open() && errno == EACCES) return not_allowed(directory);
  if (!opened.is_open()) return Ledger{};
  return load_from(opened.value(), directory, false, events);
}

Ledger LedgerFile::peek(const std::string& directory, Events& events) {
  auto ledger = read(directory, events);
  if (ledger) return std::move(*ledger);
  events.warning(ledger.error().text());
  return {};
}

Result<Ledger> LedgerFile::load() const {
  const auto held = lock(directory_.value(), path_, ledger_lock, ledger_patience);
  if (!held) return tl::unexpected(held.error());
  return load_from(directory_.value(), path_, true, *events_);
}

Result<Ledger> LedgerFile::change(const std::function<void(Ledger&)>& edit) const {
  const auto held = lock(directory_.value(), path_, ledger_lock, ledger_patience);
  if (!held) return tl::unexpected(held.error());
  auto ledger = load_from(directory_.value(), path_, true, *events_);
  if (!ledger) return ledger;
  edit(*ledger);
  if (const auto done = write(*ledger); !done) return tl::unexpected(done.error());
  return ledger;
}

Result<void> LedgerFile::write(const Ledger& ledger) const {
  const std::string text = to_json(ledger);
  return replace_in(directory_, path_, ledger_name, as_bytes(text), [&](const std::string& beside) {
    return open_in(directory_.value(), path_, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  });
}

Result<void> replace_state_file(const std::string& directory, const std::string& name, ByteView content) {
  const auto opened = open_directory(directory);
  if (!opened) return tl::unexpected(opened.error());
  return replace_in(*opened, directory, name, content, [&](const std::string& beside) {
    return open_in(opened->value(), directory, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  });
}

Result<RunLock> RunLock::take(const std::string& directory) {
  const auto opened = open_directory(directory);
  if (!opened) return tl::unexpected(opened.error());
  auto file = lock(opened->value(), directory, run_lock, run_patience);
  if (!file) return tl::unexpected(file.error());
  return RunLock(std::move(*file));
}

}  // namespace tlsa_update::state
