// Events that a test can look at afterwards.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/core/events.hpp"

namespace tlsa_update::test {

class NotedEvents : public Events {
 public:
  void note(Severity severity, const std::string& text) override { all.emplace_back(severity, text); }

  [[nodiscard]] std::string text() const {  // a line each
    std::string lines;
    for (const auto& [severity, sentence] : all) lines += sentence + "\n";
    return lines;
  }

  std::vector<std::pair<Severity, std::string>> all;
};

}  // namespace tlsa_update::test
