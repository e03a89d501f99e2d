#include "progress.hpp"

#include <cstdio>
#include <unistd.h>

namespace tlsa_update::cli {
namespace {

constexpr auto moment = std::chrono::milliseconds(200);

}  // namespace

Progress::Progress(std::string what, std::size_t total, bool is_quiet)
    : what_(std::move(what)),
      total_(total),
      is_shown_(!is_quiet && ::isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + moment) {}

Progress::~Progress() {
  if (is_drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance() {
  ++done_;
  if (!is_shown_ || Clock::now() < next_) return;
  next_ = Clock::now() + moment;
  is_drawn_ = true;
  std::fprintf(stderr, "\r\x1b[K%zu of %zu %s", done_, total_, what_.c_str());
}

}  // namespace tlsa_update::cli
