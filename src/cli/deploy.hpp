// Puts a ready certificate and its key where the service reads them (replacement.hpp), then runs the reload
// command. Asks nobody whether they are ready: that is for the caller, before anything here is called.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/secret.hpp"
#include "wants.hpp"

namespace tlsa_update::cli {

class Deployment {
 public:
  // Reads every file and checks that together they are the credentials that are wanted: a file that was
  // renewed in between, a key of another certificate, or a chain without the trust anchor of a usage 2 record
  // must not go live. Errors: unreadable, bad_data, unsafe.
  [[nodiscard]] static Result<Deployment> prepare(const WantedService& service,
                                                  const std::string& state_directory);

  // A target differs from its source, or the last deployment was not concluded.
  [[nodiscard]] bool is_needed() const;

  // Error unsafe: the reload failed. Error unreadable: a target cannot be written; then no target was
  // changed. Error not_yet: a signal came before the reload. The next run repeats what was not concluded.
  [[nodiscard]] Result<void> carry_out() const;

  // The service presents what was deployed, or nobody can look.
  void conclude() const;

  [[nodiscard]] std::vector<std::string> differing() const;  // targets

 private:
  struct File {
    Install install;
    Secret content;  // a private key, maybe
    bool differs = false;
  };
  Deployment(const WantedService& service, const std::string& state_directory);
  [[nodiscard]] Result<void> install() const;

  std::string label_;
  std::string reload_;
  std::string state_directory_;
  std::string marker_;  // stands from before the first file is new until the service is known to present it
  std::vector<File> files_;
};

}  // namespace tlsa_update::cli
