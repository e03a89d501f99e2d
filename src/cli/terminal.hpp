// The events of a run for the person at the terminal, or for the journal: the log, and a line of progress.
#pragma once

#include <optional>

#include "progress.hpp"
#include "tlsa_update/core/events.hpp"

namespace tlsa_update::cli {

class Terminal final : public Events {
 public:
  explicit Terminal(bool is_quiet) : is_quiet_(is_quiet) {}
  void note(Severity severity, const std::string& text) override;
  void progress(std::string_view what, std::size_t done, std::size_t total) override;

 private:
  bool is_quiet_;
  std::optional<Progress> progress_;
};

}  // namespace tlsa_update::cli
