// Puts a ready certificate and its key where the service reads them, and remembers that it has to be
// reloaded. Asks nobody whether they are ready: that is for the caller, before anything here is called.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/secret.hpp"
#include "wants.hpp"

namespace tlsa_update::cli {

// The files of one service, or of several that share some.
class Deployment {
 public:
  // Reads every file and checks that together they are the credentials that are wanted: a file that was
  // renewed in between, a key of another certificate, or a chain without the trust anchor of a usage 2 record
  // must not go live. Errors: unreadable, bad_data, unsafe; configuration when a target is to hold two
  // things.
  [[nodiscard]] static Result<Deployment> prepare(const std::vector<const WantedService*>& services,
                                                  const std::string& state_directory);

  // A target differs from its source, or a reload is due.
  [[nodiscard]] bool is_needed() const;
  [[nodiscard]] std::vector<std::string> differing() const;  // targets

  // From before the first file is new the reload is due, of each service. Error unreadable: a target cannot
  // be written; then no target was changed. Error not_yet: a signal came, and the reload should not follow.
  [[nodiscard]] Result<void> install() const;

 private:
  struct File {
    Install install;
    Secret content;  // a private key, maybe
    bool differs = false;
  };
  explicit Deployment(std::string state_directory) : state_directory_(std::move(state_directory)) {}
  [[nodiscard]] Result<void> add(const WantedService& service);
  [[nodiscard]] Result<void> add(const Install& install, Secret content);

  std::string state_directory_;
  std::vector<const ServiceSettings*> services_;
  std::vector<File> files_;  // each target once
};

// The service has still to read its new files, or has not been seen to present them.
[[nodiscard]] bool is_reload_due(const ServiceSettings& service, const std::string& state_directory);

// It presents what was deployed, or nobody can look.
void conclude_reload(const ServiceSettings& service, const std::string& state_directory);

// For people: its label, or its first name.
[[nodiscard]] std::string name_of(const ServiceSettings& service);

}  // namespace tlsa_update::cli
