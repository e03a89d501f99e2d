// Files, read whole within a limit. Every error names the file and what the system said
// (ErrorCode::unreadable).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update::state {

// Closes itself; standard input stays open.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  [[nodiscard]] int value() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

[[nodiscard]] bool file_exists(const std::string& path);

// What to do about this errno, when it is a matter of permission; else nothing.
[[nodiscard]] std::string permission_advice(int error);

// "-" is standard input. Directories, sockets and files over `limit` octets are errors.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t limit);

// A file that holds a secret: refused when others than its owner may read it (group included), or when it
// belongs to another user than us or root.
[[nodiscard]] Result<Secret> read_secret_file(const std::string& path, std::size_t limit);

// The first line of a secret file, without its end; nothing when there is no path.
[[nodiscard]] Result<std::optional<Secret>> read_passphrase(const std::string& path);

// The whole of an open file, from where it stands.
[[nodiscard]] Result<Bytes> read_open_file(int fd, const std::string& path, std::size_t limit,
                                           std::size_t expected = 0);

// All of `content`, then fsync. Error unreadable: a full disk, a limit.
[[nodiscard]] Result<void> write_open_file(int fd, const std::string& path, ByteView content);

// Replaces a file whole: whoever reads it meets the old content or the new. `mode` (0644) for the new file.
// Error unreadable.
[[nodiscard]] Result<void> replace_file(const std::string& path, ByteView content, unsigned mode);

// A NAME before it is parsed, and where it stands.
struct NameText {
  std::string text;
  std::size_t line = 0;  // of --names-from, from 1 on; 0: in the command line or the configuration
};

// NAMEs, one a line, read as they are asked for; blank lines and what follows # are skipped.
class NameLines {
 public:
  [[nodiscard]] static Result<NameLines> open(const std::string& path);  // "-" is standard input

  // Nothing at the end. Error unreadable, also for a line that is too long to hold names.
  [[nodiscard]] Result<std::optional<NameText>> next();

 private:
  NameLines(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  [[nodiscard]] Result<std::optional<std::string>> next_line();

  Descriptor descriptor_;
  std::string path_;
  std::string ahead_;      // read, and not yet given
  std::size_t place_ = 0;  // in `ahead_`
  std::size_t lines_ = 0;  // given so far
  bool is_at_end_ = false;
};

[[nodiscard]] Result<std::vector<NameText>> read_names(const std::string& path);  // all of them

}  // namespace tlsa_update::state
