// Who may do what with a file: owner, group, mode, POSIX access control list and security label. A file that
// replaces another takes over all of them, so that whoever reads it today reads it tomorrow.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <sys/types.h>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"
#include "tlsa_update/deployment/install.hpp"

namespace tlsa_update::deployment {

inline constexpr uid_t any_user = static_cast<uid_t>(-1);  // as fchown(2) has it: left as it is
inline constexpr gid_t any_group = static_cast<gid_t>(-1);

struct Rights {
  uid_t owner = any_user;
  gid_t group = any_group;
  mode_t mode = 0600;
  Bytes acl;    // system.posix_acl_access, as acl(5) files have it on disk; empty: none
  Bytes label;  // security.selinux; empty: none
  bool operator==(const Rights&) const = default;
};

// Nothing for a file that is not there, or that is no regular one.
[[nodiscard]] std::optional<Rights> rights_of(const std::string& path);
[[nodiscard]] Rights rights_of(int fd);

// Those of the file that is replaced, but for what the install line gives; without one, a file that holds a
// secret is its owner's alone. Error configuration: a user or group that does not exist.
[[nodiscard]] Result<Rights> rights_for(const Install& install, const std::optional<Rights>& replaced,
                                        bool is_secret);

// Gives them to a new, open file. Errors: unreadable (what the install line gives cannot be given), unsafe
// (somebody who could read the replaced file could not read the new one).
[[nodiscard]] Result<void> give(const Rights& rights, int fd, const Install& install,
                                const std::optional<Rights>& replaced);

// Would give() do it? Tries with a file without a name. Errors: configuration, and unsafe as above; whatever
// else is wrong with the folder comes to light when the file is written.
[[nodiscard]] Result<void> try_rights(const Install& install, bool is_secret);

}  // namespace tlsa_update::deployment
