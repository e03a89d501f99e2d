#include "state_text.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <unistd.h>

#include <openssl/sha.h>

#include "tlsa_update/core/secret.hpp"
#include "tlsa_update/state/files.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr std::size_t text_limit = 16U << 20;  // octets

}  // namespace

void sync_directory_of(const std::string& file) {
  const state::Descriptor directory(
      ::open(file.substr(0, file.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) (void)::fsync(directory.value());
}

Result<void> write_state_text(const std::string& directory, const std::string& name,
                              const std::string& text) {
  return state::replace_state_file(directory, name, as_bytes(text));
}

Result<std::vector<std::string>> read_state_lines(const std::string& directory, const std::string& name) {
  const auto content = state::read_file(directory + "/" + name, text_limit);
  if (!content) return tl::unexpected(content.error());
  std::istringstream text(std::string(content->begin(), content->end()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> state_files(const std::string& directory, const std::string& prefix,
                                     const std::string& suffix) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(suffix)) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

std::string digest_of(ByteView content) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(content.data(), content.size(), digest.data());
  return to_hex(digest);
}

std::string digest_of_file(const std::string& path) {
  if (!state::file_exists(path)) return "-";
  auto content = state::read_file(path, text_limit);
  if (!content) return "";
  const Secret secret(std::move(*content));
  return digest_of(secret.view());
}

}  // namespace tlsa_update::deployment
