#include "log.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace tlsa_update::cli {
namespace {

// The "<N>" in front of a line is how systemd learns the priority of what a service writes (sd-daemon(3)).
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const char digit = message.level >= spdlog::level::err    ? '3'
                       : message.level == spdlog::level::warn ? '4'
                       : message.level == spdlog::level::info ? '6'
                                                              : '7';
    for (const char c : {'<', digit, '>'}) out.push_back(c);
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Priority>();
  }
};

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDERR_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

bool has_standard_error = true;

std::shared_ptr<spdlog::logger> syslog_logger() {
  constexpr bool with_pattern = false;
  return std::make_shared<spdlog::logger>(
      "tlsa-update",
      std::make_shared<spdlog::sinks::syslog_sink_st>("tlsa-update", LOG_PID, LOG_DAEMON, with_pattern));
}

spdlog::logger& logger() {
  static const auto instance = [] {
    if (!has_standard_error) return syslog_logger();
    const auto mode = wants_colour() ? spdlog::color_mode::always : spdlog::color_mode::never;
    auto made = std::make_shared<spdlog::logger>(
        "tlsa-update", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>(mode));
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    if (std::getenv("JOURNAL_STREAM") != nullptr && ::isatty(STDERR_FILENO) != 1) {
      formatter->add_flag<Priority>('*').set_pattern("%*%v");
    } else {
      formatter->set_pattern("tlsa-update: %^%l%$: %v");
    }
    made->set_formatter(std::move(formatter));
    return made;
  }();
  return *instance;
}

// Made only when the first message comes: most runs have none, and start-up counts.
spdlog::level::level_enum level = spdlog::level::info;

void log(spdlog::level::level_enum at, const std::string& message) {
  if (at < level) return;
  logger().set_level(level);
  logger().log(at, "{}", printable(message, 4000));
}

}  // namespace

void claim_standard_descriptors() {
  // In the direction that nobody uses: what is closed stays an error to whoever reads or writes it.
  constexpr int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    (void)::open("/dev/null", modes[fd]);  // the lowest that is free, so this one
    if (fd == STDERR_FILENO) has_standard_error = false;
  }
}

void start_log(int verbosity, bool quiet) {
  level = quiet ? spdlog::level::err : verbosity == 0 ? spdlog::level::info : spdlog::level::debug;
}

void log_debug(const std::string& message) { log(spdlog::level::debug, message); }
void log_info(const std::string& message) { log(spdlog::level::info, message); }
void log_warning(const std::string& message) { log(spdlog::level::warn, message); }
void log_error(const std::string& message) { log(spdlog::level::err, message); }
void log_error(const Error& error) { log_error(error.text()); }

}  // namespace tlsa_update::cli
