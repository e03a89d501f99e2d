// What an installation that is under way has begun, as the state directory keeps it: which files, what each
// held and is to hold, and in which direction the installation goes. So the next run can bring it to an end,
// and sees if somebody else was at the files meanwhile.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::deployment {

struct JournalEntry {
  std::string target;
  std::string staged;    // digest of what is to be installed; empty: not known, of an older version
  std::string replaced;  // digest of what was there before, "-" for nothing; empty: not known
};

struct Journal {
  std::string name;  // of its file: one for each set of targets, so that configurations do not meet
  bool is_back = false;
  std::vector<JournalEntry> entries;
};

[[nodiscard]] std::vector<std::string> journals_in(const std::string& state_directory);  // names
[[nodiscard]] std::string journal_name(const std::vector<JournalEntry>& entries);
[[nodiscard]] Result<void> write(const Journal& journal, const std::string& state_directory);
[[nodiscard]] Result<Journal> read_journal(const std::string& state_directory, const std::string& name);

// The hidden names beside a target: of the new file before it is renamed, and of the old one after that.
[[nodiscard]] std::string staged_name(const std::string& target);
[[nodiscard]] std::string kept_name(const std::string& target);

// The first target that is no longer as the installation left it; nothing when all are.
[[nodiscard]] std::optional<std::string> meddled_with(const Journal& journal);

}  // namespace tlsa_update::deployment
