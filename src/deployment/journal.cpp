#include "journal.hpp"

#include <algorithm>

#include "state_text.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr const char* prefix = "install.";
constexpr const char* suffix = "pending";
constexpr const char* unknown = "?";

std::string hidden_beside(const std::string& target, const std::string& ending) {
  const auto slash = target.rfind('/') + 1;
  return target.substr(0, slash) + "." + target.substr(slash) + ending;
}

// "STAGED REPLACED /path/of/target"; without the digests it is of a version that had none.
JournalEntry entry_from(const std::string& line) {
  const auto path = line.find('/');
  if (path == 0 || path == std::string::npos) return {line, {}, {}};
  JournalEntry entry{line.substr(path), {}, {}};
  const auto words = line.substr(0, path);
  const auto blank = words.find(' ');
  entry.staged = words.substr(0, blank);
  if (blank != std::string::npos) entry.replaced = words.substr(blank + 1, words.rfind(' ') - blank - 1);
  if (entry.replaced == unknown) entry.replaced.clear();
  return entry;
}

bool is(const std::string& digest, const std::string& recorded) {
  return recorded.empty() || digest == recorded;
}

// Renamed already, it holds the new content; before that the old one. Taken back, either.
bool is_as_left(const JournalEntry& entry, bool is_back) {
  if (entry.staged.empty()) return true;
  const auto now = digest_of_file(entry.target);
  if (is_back) return is(now, entry.staged) || is(now, entry.replaced);
  if (!state::file_exists(staged_name(entry.target))) return now == entry.staged;
  return is(now, entry.replaced) && digest_of_file(staged_name(entry.target)) == entry.staged;
}

}  // namespace

std::vector<std::string> journals_in(const std::string& state_directory) {
  return state_files(state_directory, prefix, suffix);
}

std::string journal_name(const std::vector<JournalEntry>& entries) {
  constexpr std::size_t characters = 16;
  std::vector<std::string> targets;
  for (const auto& entry : entries) targets.push_back(entry.target);
  std::ranges::sort(targets);
  std::string all;
  for (const auto& target : targets) all += target + "\n";
  return prefix + digest_of(as_bytes(all)).substr(0, characters) + "." + suffix;
}

Result<void> write(const Journal& journal, const std::string& state_directory) {
  std::string text = journal.is_back ? "back\n" : "forward\n";
  for (const auto& entry : journal.entries) {
    if (!entry.staged.empty())
      text += entry.staged + " " + (entry.replaced.empty() ? unknown : entry.replaced) + " ";
    text += entry.target + "\n";
  }
  return write_state_text(state_directory, journal.name, text);
}

Result<Journal> read_journal(const std::string& state_directory, const std::string& name) {
  const auto lines = read_state_lines(state_directory, name);
  if (!lines) return tl::unexpected(lines.error());
  Journal journal{name, !lines->empty() && lines->front() == "back", {}};
  for (std::size_t i = 1; i < lines->size(); ++i) journal.entries.push_back(entry_from((*lines)[i]));
  return journal;
}

std::string staged_name(const std::string& target) { return hidden_beside(target, ".tlsa-update"); }
std::string kept_name(const std::string& target) { return hidden_beside(target, ".tlsa-update-old"); }

std::optional<std::string> meddled_with(const Journal& journal) {
  for (const auto& entry : journal.entries) {
    if (!is_as_left(entry, journal.is_back)) return entry.target;
  }
  return std::nullopt;
}

}  // namespace tlsa_update::deployment
