#include "tlsa_update/deployment/child.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tlsa_update/core/time.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t output_limit = 64U << 10;  // octets that are told

// Words of these characters mean to a shell what they say.
bool needs_shell(std::string_view command) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _@%+=:,./-";
  const auto first_word = command.substr(0, command.find(' '));
  return command.find_first_not_of(plain) != std::string_view::npos ||
         first_word.find('=') != std::string_view::npos;
}

std::vector<std::string> words_of(const std::string& command) {
  if (needs_shell(command)) return {"/bin/sh", "-c", command};
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = command.find_first_not_of(' ', at)) != std::string::npos;) {
    const auto end = std::min(command.find(' ', at), command.size());
    words.push_back(command.substr(at, end - at));
    at = end;
  }
  return words;
}

// The child learns nothing of where our secrets are.
std::vector<char*> environment() {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("CREDENTIALS_DIRECTORY=")) kept.push_back(*entry);
  }
  kept.push_back(nullptr);
  return kept;
}

class PipeIgnored {
 public:
  PipeIgnored() { ::sigaction(SIGPIPE, &ignore_, &before_); }
  PipeIgnored(const PipeIgnored&) = delete;
  PipeIgnored& operator=(const PipeIgnored&) = delete;
  ~PipeIgnored() { ::sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction ignore_ = [] {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    return action;
  }();
  struct sigaction before_ {};
};

struct Child {
  pid_t pid;
  state::Descriptor output;
};

// How the command begins: nothing to read, and its output to `output`.
class Beginning {
 public:
  explicit Beginning(const state::Descriptor& output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output.value(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output.value(), STDERR_FILENO);
    // Asio's sockets are not closed by exec: connections to name servers, and of a service that is looked at.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    // A process group of its own: what is typed at a terminal is not for the service. SIGPIPE stays ignored,
    // as systemd.exec(5) has it for services (IgnoreSIGPIPE=): what the command starts lives on when nobody
    // reads its output any more.
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;
  ~Beginning() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  // An errno, or 0.
  int spawn(std::vector<std::string> words, pid_t& pid) const {
    if (words.empty()) return ENOENT;
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const PipeIgnored ignored;
    return ::posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv.data(), environment().data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Result<Child> start(const std::string& command) {
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0)
    return fail(ErrorCode::unsafe, std::strerror(errno), command);
  state::Descriptor read_end(pipe_ends[0]);
  const state::Descriptor write_end(pipe_ends[1]);
  pid_t pid = -1;
  const int failed = Beginning(write_end).spawn(words_of(command), pid);
  if (failed != 0) {
    return fail(
        ErrorCode::unsafe, std::string("cannot be started: ") + std::strerror(failed), command,
        failed == ENOENT ? "it begins with no program; a word of the shell's own goes as sh -c '...'" : "");
  }
  return Child{pid, std::move(read_end)};
}

// Reports what the command prints, line by line.
class Lines {
 public:
  explicit Lines(Events& events) : events_(events) {}

  // What can be read now; false: that was the end of the output.
  bool take(int fd) {
    std::array<char, 4096> chunk;
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got <= 0) return got < 0 && errno == EINTR;
    for (const char c : std::string_view(chunk.data(), static_cast<std::size_t>(got))) {
      if (c == '\n' || line_.size() > 1000) end();
      if (c != '\n') line_ += c;
    }
    return true;
  }

  void end() {
    if (!line_.empty() && logged_ < output_limit) events_.info("reload: " + line_);
    logged_ += line_.size();
    line_.clear();
  }

 private:
  Events& events_;
  std::string line_;
  std::size_t logged_ = 0;
};

bool is_readable(int fd, int milliseconds) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) > 0;
}

// The output may stay open in a daemon that the command started, or be closed long before the command ends:
// the process is what counts. False: it has not ended in time.
bool wait_for(const Child& child, Clock::time_point deadline, Events& events, int& status) {
  constexpr int pause = 10;          // milliseconds
  constexpr int reads_at_once = 16;  // a whole pipe
  Lines lines(events);
  bool is_open = true;
  while (true) {
    const bool ended =
        ::waitpid(child.pid, &status, WNOHANG) != 0;  // what it said before is in the pipe by now
    const int patience = ended ? 0 : pause;
    for (int i = 0; is_open && i < reads_at_once && is_readable(child.output.value(), patience); ++i)
      is_open = lines.take(child.output.value());
    if (ended || Clock::now() >= deadline) {
      lines.end();
      return ended;
    }
    if (!is_open) ::poll(nullptr, 0, pause);
  }
}

}  // namespace

Result<void> run_command(const std::string& command, std::chrono::seconds timeout, Events& events) {
  const auto child = start(command);
  if (!child) return tl::unexpected(child.error());
  const auto deadline = Clock::now() + timeout;
  int status = 0;
  if (!wait_for(*child, deadline, events, status)) {
    // Killed, it would take the service along that it may have restarted as its child.
    return fail(ErrorCode::unsafe, "did not end within " + human_duration(timeout), command,
                "it is left alone, with all that it started; it is run again next time");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                            : "signal " + std::to_string(WTERMSIG(status));
  return fail(ErrorCode::unsafe, "ended with " + how, command, "it is run again next time");
}

}  // namespace tlsa_update::deployment
