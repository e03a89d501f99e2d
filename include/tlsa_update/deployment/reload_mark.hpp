// The mark of a service that has still to read its new files, or has not been seen to present them: stands
// from before the first file is new. It names the files, so that it counts for whatever service reads them
// when its own is called otherwise.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::deployment {

// What every configured service installs, by the service's name.
using TargetsByService = std::map<std::string, std::set<std::string>>;

struct ReloadMark {
  std::set<std::string> targets;
  std::set<std::string> replaced;  // SHA-256, in hex, of the certificates that lay there before
};

class ReloadMarks {
 public:
  ReloadMarks(std::string state_directory, TargetsByService services)
      : state_directory_(std::move(state_directory)), services_(std::move(services)) {}

  // Beside what is marked already. Error unreadable.
  [[nodiscard]] Result<void> set(const std::string& service, const ReloadMark& mark) const;

  // Its own mark, or that of a service which is configured no more and had one of its files.
  [[nodiscard]] bool is_due(const std::string& service) const;
  [[nodiscard]] std::set<std::string> replaced(const std::string& service) const;

  // It presents what was deployed, or nobody can look. Others keep their marks.
  void conclude(const std::string& service) const;

 private:
  [[nodiscard]] std::set<std::string> files_of(const std::string& service) const;
  void take_over(const std::string& file) const;

  std::string state_directory_;
  TargetsByService services_;
};

}  // namespace tlsa_update::deployment
