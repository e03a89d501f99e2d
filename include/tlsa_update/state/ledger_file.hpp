// The ledger's file: one small JSON document in the state directory, changed under a lock, written beside,
// fsynced and renamed. A file that cannot be read as a ledger is put aside and a new one begun: that only
// lengthens waits.
#pragma once

#include <functional>
#include <string>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/ledger.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::state {

[[nodiscard]] std::string to_json(const Ledger& ledger);
// Errors: bad_data; unreadable for a ledger of a newer program, which is sound and not to be replaced.
[[nodiscard]] Result<Ledger> ledger_from_json(std::string_view text);

class LedgerFile {
 public:
  // Creates the directory and its parents (0700) when they are missing; refuses one that others may write to,
  // a symbolic link, and a file with several hard links. Errors: unreadable.
  [[nodiscard]] static Result<LedgerFile> open(const std::string& directory, Events& events);
  // For commands that only look: a directory or file that is not there is an empty ledger.
  // Error unreadable; its topic is access where this user is one who may not read it.
  [[nodiscard]] static Result<Ledger> read(const std::string& directory, Events& events);
  // The same, with the error told as a warning.
  [[nodiscard]] static Ledger peek(const std::string& directory, Events& events);

  [[nodiscard]] Result<Ledger> load() const;

  // Reads, changes and writes under the lock, so that two runs cannot lose each other's entries. Error
  // not_yet when another process holds the lock for more than a few seconds.
  [[nodiscard]] Result<Ledger> change(const std::function<void(Ledger&)>& edit) const;

 private:
  LedgerFile(Descriptor directory, std::string path, Events& events)
      : directory_(std::move(directory)), path_(std::move(path)), events_(&events) {}
  [[nodiscard]] Result<void> write(const Ledger& ledger) const;

  Descriptor directory_;
  std::string path_;  // of the directory, for messages
  Events* events_;
};

// Replaces another file of the state directory whole; what root makes in the directory of another user
// belongs to that user.
[[nodiscard]] Result<void> replace_state_file(const std::string& directory, const std::string& name,
                                              ByteView content);

// Held for a whole run of deploy, prune and run: one at a time on this machine. Error not_yet names the file.
class RunLock {
 public:
  [[nodiscard]] static Result<RunLock> take(const std::string& directory);

 private:
  explicit RunLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

}  // namespace tlsa_update::state
