// Files that are replaced whole.
#include "tlsa_update/state/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/folder.hpp"

namespace tlsa_update::state {
namespace files_test {

using ::testing::HasSubstr;

TEST(ReplaceFile, MakesANewOneOfThisModeAndReplacesAnOldOne) {
  const Folder folder;
  ASSERT_TRUE(replace_file(folder / "tlsa.prom", as_bytes("first\n"), 0644));
  EXPECT_EQ(folder.read("tlsa.prom"), "first\n");
  EXPECT_EQ(folder.mode("tlsa.prom"), 0644U);
  ASSERT_TRUE(replace_file(folder / "tlsa.prom", as_bytes("second\n"), 0644));
  EXPECT_EQ(folder.read("tlsa.prom"), "second\n");
  EXPECT_EQ(folder.names(), "tlsa.prom");
}

TEST(ReplaceFile, TakesAwayWhatAKilledRunLeft) {
  const Folder folder;
  (void)folder.write("tlsa.prom.new", "half");
  ASSERT_TRUE(replace_file(folder / "tlsa.prom", as_bytes("whole"), 0644));
  EXPECT_EQ(folder.read("tlsa.prom"), "whole");
  EXPECT_EQ(folder.names(), "tlsa.prom");
}

TEST(ReplaceFile, FollowsNoLink) {
  const Folder folder;
  (void)folder.write("victim", "as it was");
  std::filesystem::create_symlink(folder / "victim", folder / "tlsa.prom");
  std::filesystem::create_symlink(folder / "victim", folder / "tlsa.prom.new");
  ASSERT_TRUE(replace_file(folder / "tlsa.prom", as_bytes("new"), 0644));
  EXPECT_EQ(folder.read("victim"), "as it was");
  EXPECT_EQ(folder.read("tlsa.prom"), "new");
}

TEST(ReplaceFile, LeavesAllAsItWasWhenItFails) {
  const Folder folder;
  std::filesystem::create_directory(folder / "taken");
  const auto done = replace_file(folder / "taken", as_bytes("text"), 0644);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unreadable);
  EXPECT_THAT(done.error().text(), HasSubstr("taken: cannot be replaced"));
  EXPECT_EQ(folder.names(), "taken");
}

TEST(ReplaceFile, NamesWhatCannotBeOpened) {
  const Folder folder;
  const auto done = replace_file(folder / "nowhere/tlsa.prom", as_bytes("text"), 0644);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text(), HasSubstr("nowhere/tlsa.prom: No such file or directory"));
}

}  // namespace files_test
}  // namespace tlsa_update::state
