// Several files are replaced, or none of them.
#include "tlsa_update/deployment/replacement.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal.hpp"
#include "state_text.hpp"
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
  EXPECT_EQ(names("state"), "installed");
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

// A run is killed when the certificate is new and the key is not; then somebody is at the files.
class CutOff : public Replacement {
 protected:
  CutOff() {
    Journal journal;
    for (const char* name : {"live/cert", "live/key"}) {
      const auto target = folder_ / name;
      journal.entries.push_back({target, digest_of(as_bytes("new")), digest_of(as_bytes("old"))});
      std::filesystem::create_hard_link(target, kept_name(target));
      std::ofstream(staged_name(target)) << "new";
    }
    journal.name = journal_name(journal.entries);
    EXPECT_TRUE(write(journal, folder_ / "state"));
    std::filesystem::rename(staged_name(folder_ / "live/cert"), folder_ / "live/cert");
  }
  void expect_given_up(const std::string& left) {
    ASSERT_TRUE(finish());
    EXPECT_EQ(pair(), left);
    EXPECT_EQ(names("live"), "cert key") << "a copy of a key is left";
    EXPECT_EQ(names("state").find("pending"), std::string::npos);
  }
};

TEST_F(CutOff, IsBroughtToAnEndWhenNobodyWasAtTheFiles) {
  ASSERT_EQ(pair(), "new old");
  ASSERT_TRUE(finish());
  EXPECT_EQ(pair(), "new new");
}

TEST_F(CutOff, IsGivenUpWhenTheOldFileWasPutBack) {
  ASSERT_EQ(pair(), "new old");
  std::filesystem::remove(folder_ / "live/cert");  // of which the old one has a second name
  folder_.write("live/cert", "old");
  expect_given_up("old old");
}

TEST_F(CutOff, IsGivenUpWhenAFileThatIsStillToComeWasReplaced) {
  ASSERT_EQ(pair(), "new old");
  std::filesystem::remove(folder_ / "live/key");
  folder_.write("live/key", "theirs");
  expect_given_up("new theirs");
}

TEST_F(CutOff, IsGivenUpWhenTheFileThatIsToComeIsAnotherOne) {
  ASSERT_EQ(pair(), "new old");
  folder_.write("live/.key.tlsa-update", "theirs");
  expect_given_up("new old");
}

TEST_F(CutOff, IsLeftToTheConfigurationThatInstallsTheFiles) {
  ASSERT_EQ(pair(), "new old");
  const auto before = names("live") + names("state");
  test::NotedEvents events;
  ASSERT_TRUE(finish_replacement(folder_ / "state", {folder_ / "live/other"}, events));
  EXPECT_EQ(names("live") + names("state"), before);
  EXPECT_EQ(pair(), "new old");
  // Nor does that other configuration write over it.
  folder_.write("live/other", "old");
  const Install other{"", folder_ / "live/other", {}, {}, {}};
  ASSERT_TRUE(replace_files({{&other, as_bytes("new")}}, folder_ / "state", events));
  ASSERT_TRUE(finish());
  EXPECT_EQ(pair(), "new new");
}

TEST_F(CutOff, OfAVersionWithoutDigestsIsBroughtToAnEnd) {
  ASSERT_EQ(pair(), "new old");
  std::filesystem::remove_all(folder_ / "state");
  std::filesystem::create_directory(folder_ / "state");
  folder_.write("state/install.pending",
                "forward\n" + (folder_ / "live/cert") + "\n" + (folder_ / "live/key") + "\n");
  std::filesystem::permissions(folder_ / "state", std::filesystem::perms::owner_all);
  ASSERT_TRUE(finish());
  EXPECT_EQ(pair(), "new new");
  EXPECT_EQ(names("live"), "cert key");
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
