// A folder of a test's own, gone when the test has ended, and what lies in it. For the tests of cli.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace tlsa_update {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tlsa-update-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string text() const { return path_.string(); }

  // Written, with this mode; gives the path.
  std::string write(const std::string& name, const std::string& content, unsigned mode = 0600) const {
    const auto path = *this / name;
    std::ofstream(path) << content;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    return path;
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(*this / name).rdbuf();
    return content.str();
  }

  [[nodiscard]] unsigned mode(const std::string& name) const {
    return static_cast<unsigned>(std::filesystem::status(*this / name).permissions());
  }

  // Names in it, sorted and in one line.
  [[nodiscard]] std::string names() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) all.insert(entry.path().filename());
    std::string line;
    for (const auto& name : all) line += (line.empty() ? "" : " ") + name;
    return line;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace tlsa_update
