// Puts new files in the place of old ones, all of them or none: a certificate beside the key of another is a
// service that does not start. What is begun stands in the state directory, so that the next run can bring
// it to an end when this one is killed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/events.hpp"
#include "tlsa_update/deployment/install.hpp"

namespace tlsa_update::deployment {

struct NewFile {
  const Install* install = nullptr;
  ByteView content;
};

// All are staged beside their targets and fsynced before the first is renamed; when a later one cannot be
// renamed, the old ones are put back. Errors: unreadable, configuration; then the targets are as they were,
// unless the error says otherwise.
[[nodiscard]] Result<void> replace_files(const std::vector<NewFile>& files,
                                         const std::string& state_directory, Events& events);

// A run was killed in the middle of it.
[[nodiscard]] bool is_replacement_begun(const std::string& state_directory);

// Ends what a killed run had begun: the new files, or where that cannot be the old ones. Touches only
// `targets`. Errors as above.
[[nodiscard]] Result<void> finish_replacement(const std::string& state_directory,
                                              const std::set<std::string>& targets, Events& events);

}  // namespace tlsa_update::deployment
