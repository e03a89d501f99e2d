#include "terminal.hpp"

#include "log.hpp"

namespace tlsa_update::cli {

void Terminal::note(Severity severity, const std::string& text) {
  switch (severity) {
    case Severity::debug:
      return log_debug(text);
    case Severity::info:
      return log_info(text);
    case Severity::warning:
      return log_warning(text);
    case Severity::error:
      return log_error(text);
  }
}

void Terminal::progress(std::string_view what, std::size_t done, std::size_t total) {
  if (!progress_) progress_.emplace(std::string(what), total, is_quiet_);
  if (done > 0) progress_->advance();
  if (done == total) progress_.reset();
}

}  // namespace tlsa_update::cli
