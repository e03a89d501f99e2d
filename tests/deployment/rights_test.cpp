// A file that replaces another is read by whoever could read that one.
#include "rights.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "support/folder.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/deployment/replacement.hpp"

namespace tlsa_update::deployment {
namespace rights_test {

using ::testing::HasSubstr;

constexpr const char* acl_name = "system.posix_acl_access";
constexpr uid_t stranger = 65534;
constexpr gid_t daemons = 1;

// linux/posix_acl_xattr.h: version 2; owner rw-, `user` r--, group `group_rights`, mask r--, others ---.
Bytes list_for(std::uint8_t user, std::uint8_t group_rights = 0) {
  return {2,    0,    0,
          0,  //
          0x01, 0,    6,
          0,    0xff, 0xff,
          0xff, 0xff,  //
          0x02, 0,    4,
          0,    user, 0,
          0,    0,  //
          0x04, 0,    group_rights,
          0,    0xff, 0xff,
          0xff, 0xff,  //
          0x10, 0,    4,
          0,    0xff, 0xff,
          0xff, 0xff,  //
          0x20, 0,    0,
          0,    0xff, 0xff,
          0xff, 0xff};
}

class RightsOf : public ::testing::Test {
 protected:
  RightsOf() {
    std::filesystem::create_directory(folder_ / "state");
    std::filesystem::permissions(folder_ / "state", std::filesystem::perms::owner_all);
    std::filesystem::create_directory(folder_ / "live");
    folder_.write("live/key", "old");
    install_.to = folder_ / "live/key";
  }

  [[nodiscard]] Result<void> replace(const std::string& text = "-----BEGIN PRIVATE KEY-----") {
    return replace_files({{&install_, as_bytes(text)}}, folder_ / "state", events_);
  }
  // As somebody who may not give files away, in a folder of their own.
  [[nodiscard]] int refused_as_stranger() {
    EXPECT_EQ(::chown((folder_ / "live").c_str(), stranger, stranger), 0);
    EXPECT_EQ(::chown((folder_ / "state").c_str(), stranger, stranger), 0);
    EXPECT_EQ(::chmod(folder_.text().c_str(), 0755), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgid(stranger) != 0 || ::setuid(stranger) != 0) ::_exit(100);
      const auto tried = try_rights(install_, true);
      const auto done = replace();
      if (tried.has_value() != done.has_value()) ::_exit(101);
      ::_exit(done ? 0 : done.error().code == ErrorCode::unsafe ? 2 : 102);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
  [[nodiscard]] bool give_list(const Bytes& list) const {
    return ::setxattr(install_.to.c_str(), acl_name, list.data(), list.size(), 0) == 0;
  }

  Folder folder_;
  Install install_{"/from", {}, {}, {}, {}};
  test::NotedEvents events_;
};

TEST_F(RightsOf, ANewFileIsItsOwnersAloneIfItHoldsAKey) {
  std::filesystem::remove(install_.to);
  ASSERT_TRUE(replace());
  EXPECT_EQ(folder_.mode("live/key"), 0600U);
  std::filesystem::remove(install_.to);
  ASSERT_TRUE(replace("-----BEGIN CERTIFICATE-----"));
  EXPECT_EQ(folder_.mode("live/key"), 0644U);
}

TEST_F(RightsOf, AReplacedFileKeepsItsMode) {
  for (const unsigned mode : {0600U, 0640U, 0440U, 0644U}) {
    std::filesystem::permissions(install_.to, static_cast<std::filesystem::perms>(mode));
    ASSERT_TRUE(replace());
    EXPECT_EQ(folder_.mode("live/key"), mode);
    EXPECT_EQ(events_.text().find("every user") != std::string::npos, mode == 0644U) << events_.text();
  }
}

TEST_F(RightsOf, TheInstallLineHasTheLastWord) {
  std::filesystem::permissions(install_.to, std::filesystem::perms(0640));
  install_.mode = 0600;
  ASSERT_TRUE(replace());
  EXPECT_EQ(folder_.mode("live/key"), 0600U);
}

TEST_F(RightsOf, AReplacedFileKeepsItsOwnerAndGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(::chown(install_.to.c_str(), stranger, daemons), 0);
  std::filesystem::permissions(install_.to, std::filesystem::perms(0640));
  const auto before = rights_of(install_.to);
  ASSERT_TRUE(replace());
  EXPECT_EQ(rights_of(install_.to), before);
}

TEST_F(RightsOf, AReplacedFileKeepsItsAccessControlList) {
  if (!give_list(list_for(7))) GTEST_SKIP() << "this file system has no access control lists";
  const auto before = rights_of(install_.to);
  ASSERT_TRUE(before);
  ASSERT_EQ(before->acl, list_for(7));
  ASSERT_TRUE(replace());
  EXPECT_EQ(rights_of(install_.to), before);
  install_.mode = 0640;
  ASSERT_TRUE(replace());
  EXPECT_EQ(rights_of(install_.to), before) << "the mode of the line names no users";
}

TEST_F(RightsOf, AModeThatCutsOffWhomTheListNamesIsRefused) {
  if (!give_list(list_for(7))) GTEST_SKIP() << "this file system has no access control lists";
  install_.mode = 0600;
  const auto refused = replace();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsafe);
  EXPECT_THAT(refused.error().what, HasSubstr("could read the file"));
  EXPECT_EQ(try_rights(install_, true).error().code, ErrorCode::unsafe);
  EXPECT_EQ(folder_.read("live/key"), "old");
}

TEST_F(RightsOf, TheDefaultListOfTheFolderIsNotForWhatHadNone) {
  const auto list = list_for(7);
  if (::setxattr((folder_ / "live").c_str(), "system.posix_acl_default", list.data(), list.size(), 0) != 0)
    GTEST_SKIP() << "this file system has no access control lists";
  const auto before = rights_of(install_.to);
  ASSERT_TRUE(replace());
  EXPECT_EQ(rights_of(install_.to), before);
}

TEST_F(RightsOf, AReplacedFileKeepsItsLabel) {
  const Bytes label{'s', 'y', 's', 't', 'e', 'm', '_', 'u', '\0'};
  if (::setxattr(install_.to.c_str(), "security.selinux", label.data(), label.size(), 0) != 0)
    GTEST_SKIP() << "only root can label files";
  const auto before = rights_of(install_.to);
  ASSERT_EQ(before->label, label);
  ASSERT_TRUE(replace());
  EXPECT_EQ(rights_of(install_.to), before);
}

TEST_F(RightsOf, WhoeverMayNotGiveFilesAwayCutsOffNoGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(::chown(install_.to.c_str(), 0, daemons), 0);
  std::filesystem::permissions(install_.to, std::filesystem::perms(0640));
  EXPECT_EQ(refused_as_stranger(), 2);
  EXPECT_EQ(folder_.read("live/key"), "old");
  EXPECT_EQ(folder_.names(), "live state");
  // Who only took a right away that nobody else had may go on.
  std::filesystem::permissions(install_.to, std::filesystem::perms(0600));
  EXPECT_EQ(refused_as_stranger(), 0);
}

}  // namespace rights_test
}  // namespace tlsa_update::deployment
