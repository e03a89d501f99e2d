// A file is replaced whole: nobody reads half of it, and a crash leaves the old one or the new one.
#pragma once

#include <functional>

#include "tlsa_update/state/files.hpp"

namespace tlsa_update::state {

// Opens a new file of this name in the directory, for writing.
using MakeFile = std::function<Result<Descriptor>(const std::string& name)>;

// Writes NAME.new beside it, makes it durable, renames it. `path`: of the open `directory`, for errors
// (unreadable).
[[nodiscard]] Result<void> replace_in(const Descriptor& directory, const std::string& path,
                                      const std::string& name, ByteView content, const MakeFile& make);

}  // namespace tlsa_update::state
