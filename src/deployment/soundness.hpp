// Is what is to be installed sound: of the credentials that were found ready, each certificate with its key,
// and nothing newer or of somebody else's in its place? Reads files; changes none.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "installed.hpp"
#include "tlsa_update/deployment/deployment.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::deployment {

// One file to be installed, and what it holds.
struct SourceFile {
  const Install* install = nullptr;
  const Secret* content = nullptr;
  x509::Loaded loaded;
};

// Errors unsafe: renewed in between; a key of another certificate; a trust anchor that is missing.
[[nodiscard]] Result<void> check_credentials(const ServiceFiles& service,
                                             const std::vector<SourceFile>& files);

// A certificate whose key changes needs its key among the files, in another configured install line, or
// beside its target; and so a key its certificate. Error unsafe.
[[nodiscard]] Result<void> check_pairs(const std::vector<SourceFile>& files, const Secret* passphrase,
                                       const std::vector<std::string>& other_sources);

// Error unsafe: the target holds a certificate that is newer than the file's and was not installed by us; or
// it was changed by hand since the same file was installed there.
[[nodiscard]] Result<void> check_target_content(const SourceFile& file, const InstalledFiles& installed);

// The certificates of servers that lie in a target now; none when it cannot be read.
[[nodiscard]] std::vector<Chain> chains_in(const std::string& target);

}  // namespace tlsa_update::deployment
