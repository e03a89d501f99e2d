#include "output.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace tlsa_update::cli {

constexpr std::size_t piece = 1U << 16;  // octets

Output& Output::operator<<(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= piece) flush();
  return *this;
}

Output& Output::operator<<(std::uint32_t number) { return *this << std::to_string(number); }

void Output::flush() {
  std::size_t done = 0;
  while (failure_ == 0 && done < pending_.size()) {
    const ssize_t written = ::write(STDOUT_FILENO, pending_.data() + done, pending_.size() - done);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
  pending_.clear();
}

Result<void> Output::finish() {
  flush();
  if (failure_ != 0) return fail(ErrorCode::unreadable, std::strerror(failure_), "standard output");
  return {};
}

}  // namespace tlsa_update::cli
