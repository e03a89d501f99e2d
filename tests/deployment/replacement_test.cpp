// Several files are replaced, or none of them.
#include "tlsa_update/deployment/replacement.hpp"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.hpp"
#include "support/noted_events.hpp"

namespace tlsa_update::deployment {
namespace replacement_test {

class Replacement : public testing::Test {
 protected:
  Replacement() {
    for (const char* place : {"live", "state"}) std::filesystem::create_directories(folder_ / place);
    std::filesystem::permissions(folder_ / "state", std::filesystem::perms::owner_all);
    for (const char* name : {"live/cert", "live/key"}) {
      folder_.write(name, "old");
      installs_.push_back({"", folder_ / name, {}, {}, {}});
    }
  }

  [[nodiscard]] Result<void> replace() const {
    test::NotedEvents events;
    static const std::string text = "new";
    const ByteView content{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    std::vector<NewFile> files;
    for (const auto& install : installs_) files.push_back({&install, content});
    return replace_files(files, folder_ / "state", events);
  }
  [[nodiscard]] Result<void> finish() const {
    test::NotedEvents events;
    return finish_replacement(folder_ / "state", {installs_[0].to, installs_[1].to}, events);
  }
  [[nodiscard]] std::string names(const std::string& place) const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / place))
      all.insert(entry.path().filename());
    std::string line;
    for (const auto& name : all) line += (line.empty() ? "" : " ") + name;
    return line;
  }
  [[nodiscard]] std::string pair() const {
    return folder_.read("live/cert") + " " + folder_.read("live/key");
  }
  void make_folder_of(const std::string& target) const {
    std::filesystem::remove(folder_ / target);
    std::filesystem::create_directory(folder_ / target);
  }

  Folder folder_;
  std::vector<Install> installs_;
};

TEST_F(Replacement, LeavesNothingBehind) {
  ASSERT_TRUE(replace());
  EXPECT_EQ(pair(), "new new");
  EXPECT_EQ(names("live"), "cert key");
  EXPECT_EQ(names("state"), "");
}

TEST_F(Replacement, WhatIsNotThereYetIsMade) {
  std::filesystem::remove(folder_ / "live/key");
  ASSERT_TRUE(replace());
  EXPECT_EQ(pair(), "new new");
}

TEST_F(Replacement, WhenOneCannotBeReplacedTheOthersAreAsTheyWere) {
  for (const char* target : {"live/cert", "live/key"}) {
    make_folder_of(target);
    const auto failed = replace();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::unreadable);
    EXPECT_EQ(failed.error().where, folder_ / target);
    std::filesystem::remove(folder_ / target);
    EXPECT_EQ(folder_.read("live/cert") + folder_.read("live/key"), "old");
    EXPECT_EQ(names("state"), "");
    folder_.write(target, "old");
    EXPECT_EQ(names("live"), "cert key");
  }
}

// Lets a child go on for so many system calls (there are two stops to each) and kills it; false: it had
// ended.
template <class Work>
bool is_killed_at(int stop, const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) (void)::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  for (int i = 0; i < stop && WIFSTOPPED(status); ++i) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
  }
  if (!WIFSTOPPED(status)) return false;
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return true;
}

TEST_F(Replacement, KilledAtAnySystemCallItIsWholeAfterTheNextRun) {
  int stop = 0;
  bool was_killed = true;
  for (; was_killed; ++stop) {
    for (const char* name : {"live/cert", "live/key"}) folder_.write(name, "old");
    was_killed = is_killed_at(stop, [&] { (void)replace(); });
    ASSERT_TRUE(finish()) << stop;
    ASSERT_TRUE(pair() == "old old" || pair() == "new new") << stop << ": " << pair();
    for (const char* name : {"live/cert", "live/key"})
      ASSERT_EQ(std::filesystem::hard_link_count(folder_ / name), 1U) << stop;
  }
  EXPECT_GT(stop, 20);
  EXPECT_EQ(pair(), "new new");
}

TEST_F(Replacement, KilledOnItsWayBackItIsWholeAfterTheNextRun) {
  bool was_killed = true;
  for (int stop = 0; was_killed; ++stop) {
    folder_.write("live/cert", "old");
    make_folder_of("live/key");
    was_killed = is_killed_at(stop, [&] { (void)replace(); });
    (void)finish();
    ASSERT_EQ(folder_.read("live/cert"), "old") << stop;
    ASSERT_EQ(std::filesystem::hard_link_count(folder_ / "live/cert"), 1U) << stop;
  }
}

TEST_F(Replacement, FilesThatAreNoTargetsAreLeftAlone) {
  folder_.write("live/other", "old");
  folder_.write("live/.other.tlsa-update", "new");
  folder_.write("state/install.pending", "forward\n" + (folder_ / "live/other") + "\n");
  ASSERT_TRUE(finish());
  EXPECT_EQ(folder_.read("live/other"), "old");
}

}  // namespace replacement_test
}  // namespace tlsa_update::deployment
