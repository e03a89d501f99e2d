#include "tlsa_update/state/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "replace_in.hpp"
#include "tlsa_update/core/file_fault.hpp"

namespace tlsa_update::state {
namespace {

constexpr std::size_t passphrase_limit = 4096;   // octets
constexpr std::size_t names_limit = 256U << 20;  // octets: some millions of names
constexpr std::size_t longest_line = 1U << 20;   // octets: a NAME may list many ports

std::string in_kib(std::size_t limit) { return std::to_string(limit >> 10) + " KiB"; }

tl::unexpected<Error> unreadable(const std::string& path, const std::string& what,
                                 const std::string& advice = {}) {
  return fail(ErrorCode::unreadable, what, path == "-" ? "standard input" : path, advice);
}

struct Opened {
  Descriptor descriptor;
  struct stat facts;
};

Result<Opened> open_file(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int why = errno;
    auto failed = unreadable(path, std::strerror(why), permission_advice(why));
    if (why == EACCES || why == EPERM) failed.value().topic = Topic::access;
    return failed;
  }
  Opened opened{.descriptor = Descriptor(fd), .facts = {}};
  if (::fstat(fd, &opened.facts) != 0) return unreadable(path, std::strerror(errno));
  if (S_ISDIR(opened.facts.st_mode)) return unreadable(path, "is a directory");
  // Opening must not hang on a FIFO without a writer; reading one that has a writer must wait for it.
  if (fd != STDIN_FILENO) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return opened;
}

// systemd guards its credentials with an ACL, whose mask shows as group permission: they are private all the
// same.
bool is_systemd_credential(const std::string& path) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && *directory != '\0' && path.starts_with(std::string(directory) + "/");
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor::~Descriptor() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

// Grows by what arrives, so a pipe is read as well as a file.
Result<Bytes> read_open_file(int fd, const std::string& path, std::size_t limit, std::size_t expected) {
  Bytes content;
  content.reserve(expected + 1);
  std::array<std::uint8_t, 65536> chunk;
  while (true) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, std::strerror(errno));
    if (got == 0) break;
    if (content.size() + static_cast<std::size_t>(got) > limit) {
      return unreadable(path, "is larger than " + in_kib(limit) + ", so it is not what belongs here");
    }
    content.insert(content.end(), chunk.begin(), chunk.begin() + got);
  }
  explicit_bzero(chunk.data(), chunk.size());
  return content;
}

Result<void> write_open_file(int fd, const std::string& path, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return unreadable(path, std::string("cannot be written: ") + std::strerror(errno));
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return unreadable(path, std::string("cannot be written: ") + std::strerror(errno));
  return {};
}

Result<void> replace_in(const Descriptor& directory, const std::string& path, const std::string& name,
                        ByteView content, const MakeFile& make) {
  const auto beside = name + ".new";
  const auto remove = [&] { (void)::unlinkat(directory.value(), beside.c_str(), 0); };
  remove();  // what a killed run left
  const auto file = make(beside);
  if (!file) return tl::unexpected(file.error());
  if (auto written = write_open_file(file->value(), path + "/" + beside, content); !written) {
    remove();
    return written;
  }
  const bool is_done = ::renameat(directory.value(), beside.c_str(), directory.value(), name.c_str()) == 0 &&
                       ::fsync(directory.value()) == 0;
  if (is_done) return {};
  const int why = errno;
  remove();
  return unreadable(path + "/" + name, std::string("cannot be replaced: ") + std::strerror(why),
                    permission_advice(why));
}

Result<void> replace_file(const std::string& path, ByteView content, unsigned mode) {
  const auto slash = path.rfind('/');
  const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  const auto parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return unreadable(path, std::strerror(errno), permission_advice(errno));
  return replace_in(directory, parent, name, content, [&](const std::string& beside) -> Result<Descriptor> {
    constexpr int anew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Descriptor made(::openat(directory.value(), beside.c_str(), anew, mode));
    if (!made.is_open())
      return unreadable(parent + "/" + beside, std::strerror(errno), permission_advice(errno));
    return made;
  });
}

std::string permission_advice(int error) {
  const bool is_permission = error == EACCES || error == EPERM || error == EROFS;
  return is_permission
             ? "give the user that runs tlsa-update access; for the systemd unit see tlsa-update.conf(5)"
             : "";
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
  const auto opened = open_file(path);
  if (!opened) return tl::unexpected(opened.error());
  const auto size = static_cast<std::size_t>(opened->facts.st_size);
  return read_open_file(opened->descriptor.value(), path, limit, std::min(size, limit));
}

Result<Secret> read_secret_file(const std::string& path, std::size_t limit) {
  const auto opened = open_file(path);
  if (!opened) return tl::unexpected(opened.error());
  const auto& facts = opened->facts;
  if (S_ISREG(facts.st_mode) && !is_systemd_credential(path) && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::unreadable, "holds a secret but others than its owner may use it", path,
                "chmod 600 it");
  }
  // Root may use what belongs to the user of the unit.
  if (S_ISREG(facts.st_mode) && facts.st_uid != 0 && facts.st_uid != ::geteuid() && ::geteuid() != 0) {
    return fail(ErrorCode::unreadable, "holds a secret but belongs to another user", path, "chown it");
  }
  auto content = read_open_file(opened->descriptor.value(), path, limit,
                                std::min(static_cast<std::size_t>(facts.st_size), limit));
  if (!content) return tl::unexpected(content.error());
  return Secret(std::move(*content));
}

Result<std::optional<Secret>> read_passphrase(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto content = read_secret_file(path, passphrase_limit);
  if (!content) return tl::unexpected(content.error());
  Bytes line;
  line.reserve(content->size());  // a growing one would leave copies behind
  const auto text = as_text(content->view());
  for (const auto octet : content->view().last(without_byte_order_mark(text).size())) {
    if (octet == '\n' || octet == '\r') break;
    line.push_back(octet);
  }
  return Secret(std::move(line));
}

Result<NameLines> NameLines::open(const std::string& path) {
  auto opened = open_file(path);
  if (!opened) return tl::unexpected(opened.error());
  return NameLines(std::move(opened->descriptor), path);
}

Result<std::optional<std::string>> NameLines::next_line() {
  while (true) {
    const auto end = ahead_.find('\n', place_);
    if (end != std::string::npos || is_at_end_) {
      if (place_ >= ahead_.size()) return std::nullopt;
      auto line = ahead_.substr(place_, end - place_);
      place_ = end == std::string::npos ? ahead_.size() : end + 1;
      ++lines_;
      return line;
    }
    ahead_.erase(0, place_);
    place_ = 0;
    if (ahead_.size() > longest_line)
      return unreadable(path_, "has a line of more than " + in_kib(longest_line));
    std::array<char, 1U << 16> chunk;
    const ssize_t got = ::read(descriptor_.value(), chunk.data(), chunk.size());
    if (got < 0 && errno != EINTR) return unreadable(path_, std::strerror(errno));
    if (got > 0) ahead_.append(chunk.data(), static_cast<std::size_t>(got));
    is_at_end_ = got == 0;
  }
}

Result<std::optional<NameText>> NameLines::next() {
  while (true) {
    auto line = next_line();
    if (!line) return tl::unexpected(line.error());
    if (!*line) return std::nullopt;
    std::string& name = **line;
    if (lines_ == 1) name = without_byte_order_mark(name);
    name.resize(std::min(name.size(), name.find('#')));
    const auto first = name.find_first_not_of(" \t\r");
    if (first == std::string::npos) continue;
    return NameText{name.substr(first, name.find_last_not_of(" \t\r") - first + 1), lines_};
  }
}

Result<std::vector<NameText>> read_names(const std::string& path) {
  auto lines = NameLines::open(path);
  if (!lines) return tl::unexpected(lines.error());
  std::vector<NameText> names;
  for (std::size_t size = 0; size <= names_limit;) {
    auto name = lines->next();
    if (!name) return tl::unexpected(name.error());
    if (!*name) return names;
    size += (*name)->text.size();
    names.push_back(std::move(**name));
  }
  return unreadable(path, "holds more than " + in_kib(names_limit) + " of names");
}

}  // namespace tlsa_update::state
