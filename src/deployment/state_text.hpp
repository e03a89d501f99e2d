// Small texts that a deployment keeps in the state directory, each replaced whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"

namespace tlsa_update::deployment {

// Errors unreadable.
[[nodiscard]] Result<void> write_state_text(const std::string& directory, const std::string& name,
                                            const std::string& text);
[[nodiscard]] Result<std::vector<std::string>> read_state_lines(const std::string& directory,
                                                                const std::string& name);
[[nodiscard]] std::vector<std::string> state_files(const std::string& directory, const std::string& prefix,
                                                   const std::string& suffix);  // names, sorted

void sync_directory_of(const std::string& file);

// SHA-256, in hex: of a file's content, which may be secret, and tells nothing of it.
[[nodiscard]] std::string digest_of(ByteView content);
// Of a file as it is now: "-" when there is none, "" when it cannot be read.
[[nodiscard]] std::string digest_of_file(const std::string& path);

}  // namespace tlsa_update::deployment
