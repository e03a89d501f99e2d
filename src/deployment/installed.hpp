// What was installed last in each place, and whether it stayed there: tells our own files from those that
// somebody else put there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "journal.hpp"
#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update::deployment {

struct Installed {
  std::string digest;
  bool is_taken_back = false;  // by us: the service presented no chain with it
  bool operator==(const Installed&) const = default;
};

using InstalledFiles = std::map<std::string, Installed>;  // by target

// A file that cannot be read tells nothing, and is written anew.
[[nodiscard]] InstalledFiles installed_files(const std::string& state_directory);

// Best effort: without it only less is known of the files.
void remember_installed(const std::vector<JournalEntry>& entries, const std::string& state_directory);
void remember_taken_back(const std::map<std::string, std::string>& digests,
                         const std::string& state_directory);  // by target, of what had been installed

// What holds no PEM certificate is taken for secret: DER keys and PKCS#12 have no label.
[[nodiscard]] bool holds_private_key(ByteView content);

}  // namespace tlsa_update::deployment
