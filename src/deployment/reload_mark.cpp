#include "tlsa_update/deployment/reload_mark.hpp"

#include <algorithm>
#include <unistd.h>

#include "state_text.hpp"
#include "tlsa_update/deployment/target_groups.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr std::string_view mark_prefix = "reload-";
constexpr std::string_view mark_suffix = ".pending";
constexpr std::string_view target_word = "target ";
constexpr std::string_view replaced_word = "replaced ";

// No two names have the same.
std::string mark_of(const std::string& service) {
  std::string file;
  for (const char c : service) file += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return std::string(mark_prefix) + file + std::string(mark_suffix);
}

ReloadMark read(const std::string& directory, const std::string& file) {
  ReloadMark mark;
  const auto lines = read_state_lines(directory, file);
  if (!lines) return mark;
  for (const auto& line : *lines) {
    if (line.starts_with(target_word)) mark.targets.insert(line.substr(target_word.size()));
    if (line.starts_with(replaced_word)) mark.replaced.insert(line.substr(replaced_word.size()));
  }
  return mark;
}

bool have_common(const std::set<std::string>& marked, const std::set<std::string>& installed) {
  return std::ranges::any_of(
      installed, [&](const std::string& target) { return marked.contains(canonical_target(target)); });
}

}  // namespace

Result<void> ReloadMarks::set(const std::string& service, const ReloadMark& mark) const {
  const auto file = mark_of(service);
  auto all = read(state_directory_, file);
  for (const auto& target : mark.targets) all.targets.insert(canonical_target(target));
  all.replaced.insert(mark.replaced.begin(), mark.replaced.end());
  std::string text;
  for (const auto& target : all.targets) text += std::string(target_word) + target + "\n";
  for (const auto& digest : all.replaced) text += std::string(replaced_word) + digest + "\n";
  return write_state_text(state_directory_, file, text);
}

std::set<std::string> ReloadMarks::files_of(const std::string& service) const {
  std::set<std::string> files;
  if (state::file_exists(state_directory_ + "/" + mark_of(service))) files.insert(mark_of(service));
  std::set<std::string> of_others;
  for (const auto& [other, targets] : services_) of_others.insert(mark_of(other));
  const auto ours = services_.find(service);
  if (ours == services_.end()) return files;
  for (const auto& file : state_files(state_directory_, std::string(mark_prefix), std::string(mark_suffix))) {
    if (of_others.contains(file)) continue;
    if (have_common(read(state_directory_, file).targets, ours->second)) files.insert(file);
  }
  return files;
}

bool ReloadMarks::is_due(const std::string& service) const { return !files_of(service).empty(); }

std::set<std::string> ReloadMarks::replaced(const std::string& service) const {
  std::set<std::string> all;
  for (const auto& file : files_of(service)) all.merge(read(state_directory_, file).replaced);
  return all;
}

// Each of the services that read its files has a mark of its own from then on.
void ReloadMarks::take_over(const std::string& file) const {
  const auto mark = read(state_directory_, file);
  for (const auto& [service, targets] : services_) {
    if (have_common(mark.targets, targets) && !set(service, mark)) return;
  }
  (void)::unlink((state_directory_ + "/" + file).c_str());
}

void ReloadMarks::conclude(const std::string& service) const {
  const auto own = mark_of(service);
  for (const auto& file : files_of(service)) {
    if (file != own) take_over(file);
  }
  (void)::unlink((state_directory_ + "/" + own).c_str());
}

}  // namespace tlsa_update::deployment
