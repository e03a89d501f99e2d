// Puts a ready certificate and its key where the service reads them, and remembers that it has to be
// reloaded. Asks nobody whether they are ready: that is for the caller, before anything here is called.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/secret.hpp"
#include "tlsa_update/deployment/install.hpp"

namespace tlsa_update::deployment {

// What one service installs, and what its files are checked against.
struct ServiceFiles {
  std::string
      service;  // its section's label or its first NAME: for messages, and for the mark of a due reload
  std::vector<Install> installs;
  std::string passphrase_file;  // of the private keys; empty: none
  std::vector<GivenCredential> credentials;
  std::vector<Wanted> records;
};

// The files of one service, or of several that share some.
class Deployment {
 public:
  // Reads every file and checks that together they are the credentials that are wanted: a file that was
  // renewed in between, a key of another certificate, or a chain without the trust anchor of a usage 2 record
  // must not go live. Errors: unreadable, bad_data, unsafe; configuration when a target is to hold two
  // things.
  [[nodiscard]] static Result<Deployment> prepare(const std::vector<ServiceFiles>& services,
                                                  const std::string& state_directory);

  // A target differs from its source, or a reload is due.
  [[nodiscard]] bool is_needed() const;
  [[nodiscard]] std::vector<std::string> differing() const;  // targets

  // From before the first file is new the reload is due, of each service. Error unreadable: a target cannot
  // be written; then no target was changed. Error not_yet: a signal came, and the reload should not follow.
  [[nodiscard]] Result<void> install(Events& events) const;

 private:
  struct File {
    Install install;
    Secret content;  // a private key, maybe
    bool differs = false;
  };
  explicit Deployment(std::string state_directory) : state_directory_(std::move(state_directory)) {}
  [[nodiscard]] Result<void> add(const ServiceFiles& service);
  [[nodiscard]] Result<void> add(const Install& install, Secret content);

  std::string state_directory_;
  std::vector<std::string> services_;
  std::vector<File> files_;  // each target once
};

// The service has still to read its new files, or has not been seen to present them.
[[nodiscard]] bool is_reload_due(const std::string& service, const std::string& state_directory);

// It presents what was deployed, or nobody can look.
void conclude_reload(const std::string& service, const std::string& state_directory);

}  // namespace tlsa_update::deployment
