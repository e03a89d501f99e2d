#include "installed.hpp"

#include "state_text.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr const char* file_name = "installed";
constexpr std::string_view stays = "installed";
constexpr std::string_view taken_back = "taken-back";

// "DIGEST installed|taken-back /path/of/target"
void write(const InstalledFiles& files, const std::string& state_directory) {
  std::string text;
  for (const auto& [target, one] : files) {
    text += one.digest + " " + std::string(one.is_taken_back ? taken_back : stays) + " " + target + "\n";
  }
  (void)write_state_text(state_directory, file_name, text);
}

}  // namespace

InstalledFiles installed_files(const std::string& state_directory) {
  InstalledFiles files;
  const auto lines = read_state_lines(state_directory, file_name);
  if (!lines) return files;
  for (const auto& line : *lines) {
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    files[line.substr(second + 1)] = {line.substr(0, first),
                                      line.substr(first + 1, second - first - 1) == taken_back};
  }
  return files;
}

void remember_installed(const std::vector<JournalEntry>& entries, const std::string& state_directory) {
  auto files = installed_files(state_directory);
  for (const auto& entry : entries) {
    if (!entry.staged.empty()) files[entry.target] = {entry.staged, false};
  }
  write(files, state_directory);
}

void remember_taken_back(const std::map<std::string, std::string>& digests,
                         const std::string& state_directory) {
  auto files = installed_files(state_directory);
  for (const auto& [target, digest] : digests) files[target] = {digest, true};
  write(files, state_directory);
}

bool holds_private_key(ByteView content) {
  const auto text = as_text(content);
  return text.find("PRIVATE KEY-----") != std::string_view::npos ||
         text.find("-----BEGIN") == std::string_view::npos;
}

}  // namespace tlsa_update::deployment
