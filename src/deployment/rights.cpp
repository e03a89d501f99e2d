#include "rights.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tlsa_update/state/files.hpp"

namespace tlsa_update::deployment {
namespace {

constexpr const char* acl_name = "system.posix_acl_access";
constexpr const char* label_name = "security.selinux";
constexpr std::size_t attribute_limit = 64U << 10;  // octets: of Linux itself

// linux/posix_acl_xattr.h: a version, then entries of 8 octets, little-endian.
constexpr std::size_t acl_header = 4;
constexpr std::size_t acl_entry = 8;
enum AclTag : std::uint16_t { acl_user = 0x02, acl_group = 0x08, acl_mask = 0x10 };
constexpr unsigned acl_read = 4;

struct AclEntry {
  std::uint16_t tag;
  std::uint16_t rights;
  std::uint32_t id;
};

std::uint32_t number(const Bytes& octets, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8 | octets[at + i - 1];
  return value;
}

std::vector<AclEntry> entries_of(const Bytes& acl) {
  std::vector<AclEntry> entries;
  for (std::size_t at = acl_header; at + acl_entry <= acl.size(); at += acl_entry) {
    entries.push_back({static_cast<std::uint16_t>(number(acl, at, 2)),
                       static_cast<std::uint16_t>(number(acl, at + 2, 2)), number(acl, at + 4, 4)});
  }
  return entries;
}

struct Readers {
  std::set<uid_t> users;
  std::set<gid_t> groups;
  bool everybody = false;
};

// Those whom the access control list names. Without a mask it names nobody (acl(5), "Valid ACLs").
Readers named_readers(const Rights& rights) {
  Readers readers;
  unsigned mask = 0;
  const auto entries = entries_of(rights.acl);
  for (const auto& entry : entries) {
    if (entry.tag == acl_mask) mask = entry.rights;
  }
  for (const auto& entry : entries) {
    if ((entry.rights & mask & acl_read) == 0) continue;
    if (entry.tag == acl_user) readers.users.insert(entry.id);
    if (entry.tag == acl_group) readers.groups.insert(entry.id);
  }
  return readers;
}

// With an access control list the group's bits of the mode are its mask: the owning group may have less.
// Taken for more, it is only cared for more.
Readers readers_of(const Rights& rights) {
  auto readers = named_readers(rights);
  if ((rights.mode & S_IRUSR) != 0 && rights.owner != any_user) readers.users.insert(rights.owner);
  if ((rights.mode & S_IRGRP) != 0 && rights.group != any_group) readers.groups.insert(rights.group);
  readers.everybody = (rights.mode & S_IROTH) != 0;
  return readers;
}

std::string user_name(uid_t id) {
  const passwd* user = ::getpwuid(id);
  return user == nullptr ? std::to_string(id) : user->pw_name;
}

std::string group_name(gid_t id) {
  const group* entry = ::getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

// Of `needed`, who could not read what has `given`; "" for nobody. Root always can.
std::string lost_reader(const Readers& needed, const Readers& given) {
  if (given.everybody) return "";
  if (needed.everybody) return "every user";
  for (const auto user : needed.users) {
    if (user != 0 && !given.users.contains(user)) return "the user " + user_name(user);
  }
  for (const auto group : needed.groups) {
    if (!given.groups.contains(group)) return "the group " + group_name(group);
  }
  return "";
}

std::string words_of(const Rights& rights) {
  std::ostringstream words;
  words << '0' << std::oct << (rights.mode & 0777U) << ' ' << user_name(rights.owner) << ':'
        << group_name(rights.group);
  return words.str();
}

// The install line's mode is its word on owner, group and others; on whom the list names it says nothing.
Result<void> check_readers(const Rights& intended, const Rights& given, const Install& install,
                           const std::optional<Rights>& replaced) {
  if (!replaced) return {};
  auto needed = readers_of(intended);
  const auto named = named_readers(*replaced);
  needed.users.insert(named.users.begin(), named.users.end());
  needed.groups.insert(named.groups.begin(), named.groups.end());
  const auto lost = lost_reader(needed, readers_of(given));
  if (!lost.empty()) {
    return fail(
        ErrorCode::unsafe, lost + " could read the file, and could not read the new one", install.to,
        "give the mode, owner and group at the end of its install line (the old file has " +
            words_of(*replaced) +
            "), or run as a user that may give them; if it need not read the file, take its right away");
  }
  if (intended.label.empty() || intended.label == given.label) return {};
  return fail(ErrorCode::unsafe,
              "has the security label " + std::string(as_text(intended.label)) +
                  ", which the new file cannot be given",
              install.to, "run as a user that may relabel files");
}

template <class Read>
Bytes attribute(const Read& read) {
  Bytes value(attribute_limit);
  const auto size = read(value.data(), value.size());
  value.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return value;
}

Rights rights_from(const struct stat& facts) {
  return {facts.st_uid, facts.st_gid, static_cast<mode_t>(facts.st_mode & 07777), {}, {}};
}

tl::unexpected<Error> ungiven(const std::string& path, int error) {
  return fail(ErrorCode::unreadable, std::strerror(error), path, state::permission_advice(error));
}

// A file system without lists, or a user who may not give the file away: check_readers sees what became of
// it.
void give_inherited(const Rights& rights, int fd) {
  if (rights.acl.empty()) {
    (void)::fremovexattr(fd, acl_name);  // of the folder's default
  } else {
    (void)::fsetxattr(fd, acl_name, rights.acl.data(), rights.acl.size(), 0);
  }
  if (!rights.label.empty() && rights_of(fd).label != rights.label)
    (void)::fsetxattr(fd, label_name, rights.label.data(), rights.label.size(), 0);
}

}  // namespace

std::optional<Rights> rights_of(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  auto rights = rights_from(facts);
  const auto read = [&](const char* name) {
    return attribute([&](void* to, std::size_t size) { return ::lgetxattr(path.c_str(), name, to, size); });
  };
  rights.acl = read(acl_name);
  rights.label = read(label_name);
  return rights;
}

Rights rights_of(int fd) {
  struct stat facts {};
  (void)::fstat(fd, &facts);
  auto rights = rights_from(facts);
  const auto read = [&](const char* name) {
    return attribute([&](void* to, std::size_t size) { return ::fgetxattr(fd, name, to, size); });
  };
  rights.acl = read(acl_name);
  rights.label = read(label_name);
  return rights;
}

Result<Rights> rights_for(const Install& install, const std::optional<Rights>& replaced, bool is_secret) {
  auto rights = replaced.value_or(Rights{any_user, any_group, is_secret ? 0600U : 0644U, {}, {}});
  if (!install.owner.empty()) {
    const passwd* user = ::getpwnam(install.owner.c_str());
    if (user == nullptr)
      return fail(ErrorCode::configuration, "there is no user \"" + install.owner + "\"", install.to);
    rights.owner = user->pw_uid;
  }
  if (!install.group.empty()) {
    const group* entry = ::getgrnam(install.group.c_str());
    if (entry == nullptr)
      return fail(ErrorCode::configuration, "there is no group \"" + install.group + "\"", install.to);
    rights.group = entry->gr_gid;
  }
  if (install.mode) rights.mode = static_cast<mode_t>(*install.mode);
  return rights;
}

Result<void> give(const Rights& rights, int fd, const Install& install,
                  const std::optional<Rights>& replaced) {
  if (::fchown(fd, rights.owner, any_group) != 0 && !install.owner.empty()) return ungiven(install.to, errno);
  if (::fchown(fd, any_user, rights.group) != 0 && !install.group.empty()) return ungiven(install.to, errno);
  give_inherited(rights, fd);
  // After the list, of which it sets the mask (acl(5), "Correspondence between ACL entries and file
  // permission bits").
  if (::fchmod(fd, rights.mode) != 0) return ungiven(install.to, errno);
  return check_readers(rights, rights_of(fd), install, replaced);
}

Result<void> try_rights(const Install& install, bool is_secret) {
  const auto replaced = rights_of(install.to);
  const auto rights = rights_for(install, replaced, is_secret);
  if (!rights) return tl::unexpected(rights.error());
  if (!replaced) return {};
  const auto folder = install.to.substr(0, install.to.rfind('/') + 1);
  const state::Descriptor nameless(
      ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!nameless.is_open()) return {};
  const auto given = give(*rights, nameless.value(), install, replaced);
  if (!given && given.error().code == ErrorCode::unsafe) return given;
  return {};
}

}  // namespace tlsa_update::deployment
