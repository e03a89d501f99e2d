// How far a long piece of work is, on one line of a terminal that is overwritten and in the end wiped. Says
// nothing elsewhere, and nothing about work that is done in a moment.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace tlsa_update::cli {

class Progress {
 public:
  // `what`: "changes sent".
  Progress(std::string what, std::size_t total, bool is_quiet);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance();

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool is_shown_;          // somebody looks
  bool is_drawn_ = false;  // there is a line to wipe
  Clock::time_point next_;
};

}  // namespace tlsa_update::cli
