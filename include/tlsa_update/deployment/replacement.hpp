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
// renamed, the old ones are put back. Errors: unreadable, configuration, unsafe (a reader of the old file
// could not read the new one); then the targets are as they were, unless the error says otherwise.
[[nodiscard]] Result<void> replace_files(const std::vector<NewFile>& files,
                                         const std::string& state_directory, Events& events);

// A run was killed in the middle of it; of which configuration is not said.
[[nodiscard]] bool is_replacement_begun(const std::string& state_directory);

// Ends what killed runs had begun: the new files, or where that cannot be the old ones. What somebody has
// changed meanwhile is given up with a warning, and left as it is. Touches only `targets`: what has none of
// them belongs to another configuration, and is left alone. Errors as above.
[[nodiscard]] Result<void> finish_replacement(const std::string& state_directory,
                                              const std::set<std::string>& targets, Events& events);

}  // namespace tlsa_update::deployment
