// What happens while a rollover is driven, for whoever shows it to people: a log, a terminal, a test. The
// rooms below the command line have no log of their own. Decides nothing, and nothing depends on it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update {

enum class Severity { debug, info, warning, error };

class Events {
 public:
  Events() = default;
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  virtual ~Events() = default;

  // One sentence for people. It may hold octets of a peer or a file: whoever shows it uses printable().
  virtual void note(Severity severity, const std::string& text) = 0;

  // How far a piece of work is that may take long: "changes sent", 17 of 2,000. The last call has done ==
  // total.
  virtual void progress(std::string_view /*what*/, std::size_t /*done*/, std::size_t /*total*/) {}

  void debug(const std::string& text) { note(Severity::debug, text); }
  void info(const std::string& text) { note(Severity::info, text); }
  void warning(const std::string& text) { note(Severity::warning, text); }
  void error(const Error& error) { note(Severity::error, error.text()); }
};

}  // namespace tlsa_update
