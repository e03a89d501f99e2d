// Puts a ready certificate and its key where the service reads them, and remembers that it has to be
// reloaded. Asks nobody whether they are ready: that is for the caller, before anything here is called.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/core/secret.hpp"
#include "tlsa_update/deployment/install.hpp"
#include "tlsa_update/deployment/reload_mark.hpp"

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

// What a deployment has around it.
struct Surroundings {
  std::string state_directory;
  std::vector<ServiceFiles>
      configured;      // every service that installs anything; of them names and installs count
  bool force = false;  // also over a target that is newer than its source, or was changed by hand

  [[nodiscard]] ReloadMarks marks() const;
};

// The files of one service, or of several that share some.
class Deployment {
 public:
  // Reads every file and checks that together they are the credentials that are wanted: a file that was
  // renewed in between, a key of another certificate, a certificate without its key, a chain without the
  // trust anchor of a usage 2 record, a target that somebody else has put there, or one that could then not
  // be read by those who can read it now must not be replaced. Errors: unreadable, bad_data, unsafe;
  // configuration when a target is to hold two things.
  [[nodiscard]] static Result<Deployment> prepare(const std::vector<ServiceFiles>& services,
                                                  const Surroundings& surroundings);

  // A target differs from its source, or a reload is due.
  [[nodiscard]] bool is_needed() const;
  [[nodiscard]] std::vector<std::string> differing() const;  // targets
  [[nodiscard]] std::vector<Chain> replaced() const;         // of servers, that lie in those targets now

  // From before the first file is new the reload is due, of each service. Error unreadable: a target cannot
  // be written; then no target was changed. Error unsafe: as prepare. Error not_yet: a signal came, and the
  // reload should not follow.
  [[nodiscard]] Result<void> install(Events& events);

  // After install(): each file that it replaced is what it was, and stays so until its source is renewed.
  // Errors: unreadable; unsafe when one of them could not be read before, or was not there.
  [[nodiscard]] Result<void> put_back(Events& events);

 private:
  struct File {
    Install install;
    Secret content;  // a private key, maybe
    bool differs = false;
    std::optional<Secret> before;  // since install(), of a file that was replaced
  };
  explicit Deployment(const Surroundings& surroundings)
      : state_directory_(surroundings.state_directory), marks_(surroundings.marks()) {}
  [[nodiscard]] Result<void> add(const ServiceFiles& service, const Surroundings& surroundings);
  [[nodiscard]] Result<void> add(const Install& install, Secret content);
  [[nodiscard]] Result<void> mark_reloads() const;
  void forget_marks(const std::vector<std::string>& services) const;

  std::string state_directory_;
  ReloadMarks marks_;
  std::vector<std::string> services_;
  std::vector<File> files_;  // each target once
};

}  // namespace tlsa_update::deployment
