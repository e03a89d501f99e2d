// Results on standard output: everything that was printed is complete, or the exit status says so.
#pragma once

#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::cli {

// Collects text and writes it in large pieces. finish() reports a full disk or a closed pipe.
class Output {
 public:
  Output& operator<<(std::string_view text);
  Output& operator<<(std::uint32_t number);
  [[nodiscard]] Result<void> finish();

 private:
  void flush();
  std::string pending_;
  int failure_ = 0;  // errno of the first write that failed
};

}  // namespace tlsa_update::cli
