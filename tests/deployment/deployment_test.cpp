// From the renewed files to what the service reads, and the reload command.
#include "tlsa_update/deployment/deployment.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <pwd.h>
#include <set>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/certificates.hpp"
#include "support/folder.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/deployment/child.hpp"
#include "tlsa_update/deployment/end_signals.hpp"
#include "tlsa_update/deployment/target_groups.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::deployment {
namespace deployment_test {

// One service whose certificate and key wait beside the files that it reads.
class Deploy : public testing::Test {
 protected:
  Deploy() {
    service_.service = "mail";
    write(leaf_);
    install("cert.pem");
    install("key.pem");
    want(leaf_);
    std::filesystem::create_directory(folder_ / "live");
  }

  void write(const test::Issued& leaf) {
    folder_.write("cert.pem", leaf.pem());
    folder_.write("key.pem", test::private_pem_of(leaf.key));
  }
  void install(const std::string& file) {
    service_.installs.push_back(*parse_install(folder_ / file + " -> " + folder_ / ("live/" + file)));
  }
  void want(const test::Issued& leaf) { want_text(leaf.pem()); }
  void want_text(const std::string& pem) {
    const auto loaded =
        x509::load({reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()}, "cert.pem");
    for (const auto& credential : loaded->credentials)
      service_.credentials.push_back({std::make_shared<const Credential>(credential), Role::current});
  }
  [[nodiscard]] Result<Deployment> prepare() const { return Deployment::prepare({service_}, folder_.text()); }
  [[nodiscard]] std::string live() const {
    std::set<std::string> names;
    std::string line;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "live"))
      names.insert(entry.path().filename());
    for (const auto& name : names) line += (line.empty() ? "" : " ") + name;
    return line;
  }

  Folder folder_;
  test::Issued leaf_ = test::self_signed({"mail.example.com", {}});
  ServiceFiles service_;
  test::NotedEvents events_;
};

TEST_F(Deploy, PutsThePairInItsPlaceAndIsThenDone) {
  const auto first = prepare();
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_TRUE(first->is_needed());
  EXPECT_EQ(first->differing().size(), 2U);
  ASSERT_TRUE(first->install(events_));
  EXPECT_EQ(folder_.read("live/cert.pem"), folder_.read("cert.pem"));
  EXPECT_EQ(folder_.read("live/key.pem"), folder_.read("key.pem"));
  EXPECT_EQ(folder_.mode("live/cert.pem"), 0644U);
  EXPECT_EQ(folder_.mode("live/key.pem"), 0600U);
  EXPECT_EQ(live(), "cert.pem key.pem");
}

TEST_F(Deploy, IsRepeatedUntilTheServicePresentsIt) {
  ASSERT_TRUE(prepare()->install(events_));
  EXPECT_TRUE(prepare()->differing().empty());
  EXPECT_TRUE(prepare()->is_needed());
  conclude_reload(service_.service, folder_.text());
  EXPECT_FALSE(prepare()->is_needed());
}

TEST_F(Deploy, WhatIsConcludedOfAServiceSaysNothingOfAnother) {
  const auto names = {"mail.a", "mail_a", "mail/a", "mail%2Fa"};
  for (const auto* name : names) {
    service_.service = name;
    folder_.write("live/cert.pem", "");
    ASSERT_TRUE(prepare()->install(events_));
  }
  for (const auto* name : names) {
    service_.service = name;
    EXPECT_TRUE(prepare()->is_needed()) << name;
    conclude_reload(service_.service, folder_.text());
    EXPECT_FALSE(prepare()->is_needed()) << name;
  }
}

TEST_F(Deploy, AModeThatIsGivenIsKept) {
  service_.installs.back().mode = 0640;
  ASSERT_TRUE(prepare()->install(events_));
  EXPECT_EQ(folder_.mode("live/key.pem"), 0640U);
}

TEST_F(Deploy, TheKeyOfAnotherCertificateIsRefused) {
  folder_.write("key.pem", test::private_pem_of(test::make_key()));
  EXPECT_EQ(prepare().error().code, ErrorCode::unsafe);
}

TEST_F(Deploy, AWantedKeyBesideAnotherWantedCertificateIsRefused) {
  const auto other = test::self_signed({"mail.example.com", {}});
  want(other);
  folder_.write("key.pem", test::private_pem_of(other.key));
  const auto refused = prepare();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsafe);
  EXPECT_EQ(live(), "");
}

// The install lines put the second key over the first one, and the first half of the service is dead.
TEST_F(Deploy, ACertificateWithoutItsKeyBesideTheKeyOfAnotherIsRefused) {
  const auto other = test::self_signed({"mail.example.com", {}});
  want(other);
  folder_.write("other.pem", other.pem());
  folder_.write("other.key", test::private_pem_of(other.key));
  install("other.pem");
  service_.installs[1].from = folder_ / "other.key";
  const auto refused = prepare();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsafe);
  EXPECT_EQ(refused.error().where, folder_ / "cert.pem");
  service_.installs[1].from = folder_ / "key.pem";
  EXPECT_FALSE(prepare()) << "the other way round";
  install("other.key");
  EXPECT_TRUE(prepare());
  EXPECT_EQ(live(), "");
}

TEST_F(Deploy, WithoutAnyKeyTheKeysAreElsewhere) {
  service_.installs.pop_back();
  EXPECT_TRUE(prepare());
}

TEST_F(Deploy, AKeyInTheFileOfItsCertificateIsItsKey) {
  const auto other = test::self_signed({"mail.example.com", {}});
  want(other);
  folder_.write("other.pem", other.pem() + test::private_pem_of(other.key));
  install("other.pem");
  EXPECT_TRUE(prepare());
  folder_.write("cert.pem", leaf_.pem());
  service_.installs.erase(service_.installs.begin() + 1);
  EXPECT_FALSE(prepare()) << "the first has none";
}

TEST_F(Deploy, IssuersMayBeInstalledInAFileOfTheirOwn) {
  const auto [root, intermediate, leaf] = test::make_family();
  service_.credentials.clear();
  want_text(leaf.pem() + intermediate.pem());
  write(leaf);
  folder_.write("chain.pem", intermediate.pem());
  install("chain.pem");
  EXPECT_TRUE(prepare());
  folder_.write("chain.pem", root.pem() + intermediate.pem());
  EXPECT_EQ(prepare().error().code, ErrorCode::unsafe) << "the root is in no chain that was found ready";
}

TEST_F(Deploy, WhatWasRenewedInBetweenIsRefused) {
  write(test::self_signed({"mail.example.com", {}, false, "20260101000000Z", "20370101000000Z", leaf_.key}));
  EXPECT_EQ(prepare().error().code, ErrorCode::unsafe);
}

TEST_F(Deploy, ATargetThatIsALinkIsRefused) {
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "live/key.pem");
  EXPECT_EQ(prepare().error().code, ErrorCode::unreadable);
  std::filesystem::remove(folder_ / "live/key.pem");
  folder_.write("live/key.pem", "x");
  std::filesystem::create_hard_link(folder_ / "live/key.pem", folder_ / "elsewhere");
  EXPECT_EQ(prepare().error().code, ErrorCode::unreadable);
}

TEST_F(Deploy, AUserThatIsNotThereChangesNothing) {
  service_.installs.back().owner = "no-such-user";
  EXPECT_EQ(prepare()->install(events_).error().code, ErrorCode::configuration);
  EXPECT_EQ(live(), "");
}

TEST_F(Deploy, AFullDiskChangesNothing) {
  ASSERT_TRUE(prepare()->install(events_));
  const auto before = folder_.read("live/cert.pem");
  const auto renewed = test::self_signed({"mail.example.com", {}});
  write(renewed);
  want(renewed);
  const auto deployment = prepare();
  const pid_t child = ::fork();
  if (child == 0) {
    (void)std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little{50, 50};  // octets a file
    ::setrlimit(RLIMIT_FSIZE, &little);
    const auto done = deployment->install(events_);
    ::_exit(!done && done.error().code == ErrorCode::unreadable ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder_.read("live/cert.pem"), before);
  EXPECT_EQ(live(), "cert.pem key.pem");
}

TEST_F(Deploy, AfterASignalNoReloadFollows) {
  const EndSignals held;
  (void)::raise(SIGTERM);
  const auto stopped = prepare()->install(events_);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::not_yet);
  EXPECT_EQ(live(), "cert.pem key.pem");
  EXPECT_TRUE(is_reload_due(service_.service, folder_.text()));
}

// A second service that installs the same files.
class DeployTogether : public Deploy {
 protected:
  DeployTogether() { other_.service = "imap"; }
  [[nodiscard]] Result<Deployment> prepare_both() {
    other_.credentials = service_.credentials;
    return Deployment::prepare({service_, other_}, folder_.text());
  }

  ServiceFiles other_ = service_;
};

TEST_F(DeployTogether, EachHasItsReload) {
  ASSERT_EQ(prepare_both()->differing().size(), 2U);
  ASSERT_TRUE(prepare_both()->install(events_));
  EXPECT_TRUE(prepare_both()->differing().empty());
  conclude_reload(service_.service, folder_.text());
  EXPECT_FALSE(prepare()->is_needed());
  EXPECT_TRUE(prepare_both()->is_needed());
  EXPECT_TRUE(is_reload_due(other_.service, folder_.text()));
}

TEST_F(DeployTogether, OneTargetCannotHoldTwoThings) {
  std::filesystem::create_symlink(folder_ / "live", folder_ / "alias");
  for (const char* place : {"live", "alias"}) {
    folder_.write("copy.pem", leaf_.pem() + "\n");
    other_.installs = {*parse_install(folder_ / "copy.pem" + " -> " + folder_ / place + "/cert.pem")};
    const auto refused = prepare_both();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::configuration);
    folder_.write("copy.pem", leaf_.pem());
    EXPECT_TRUE(prepare_both());
  }
}

TEST_F(DeployTogether, OneTargetCannotHaveTwoModes) {
  other_.installs.back().mode = 0640;
  EXPECT_EQ(prepare_both().error().code, ErrorCode::configuration);
}

TEST_F(Deploy, WhoCanNoLongerReadAFileIsSaid) {
  folder_.write("live/cert.pem", "", 0640);
  folder_.write("live/key.pem", "", 0640);
  ASSERT_TRUE(prepare()->install(events_));
  const auto log = events_.text();
  EXPECT_NE(log.find("key.pem: the group "), std::string::npos) << log;
  EXPECT_NE(log.find("write \"0640 "), std::string::npos) << log;
  EXPECT_EQ(log.find("cert.pem: the group "), std::string::npos) << log;
}

TEST_F(Deploy, WhoReadsAFileIsForTheAdministratorToSay) {
  folder_.write("live/key.pem", "", 0640);
  service_.installs.back().mode = 0600;
  service_.installs.back().owner = ::getpwuid(::getuid())->pw_name;
  ASSERT_TRUE(prepare()->install(events_));
  EXPECT_EQ(events_.text().find("can no longer"), std::string::npos);
}

TEST(TargetGroups, HoldAllThatShareATargetDirectlyOrNot) {
  TargetGroups groups;
  for (const std::vector<std::string>& targets : {std::vector<std::string>{"/nowhere/1"},
                                                  {},
                                                  {"/nowhere/2"},
                                                  {"/nowhere/3", "/nowhere/../nowhere/1"},
                                                  {"/nowhere/4"},
                                                  {"/nowhere/3"}}) {
    std::vector<Install> installs;
    for (const auto& target : targets) installs.push_back({"from", target, {}, {}, {}});
    groups.add(installs);
  }
  EXPECT_EQ(groups.all(), (std::vector<std::vector<std::size_t>>{{0, 3, 5}, {1}, {2}, {4}}));
}

constexpr std::chrono::seconds patience{20};

class RunCommand : public testing::Test {
 protected:
  test::NotedEvents events;
};

TEST_F(RunCommand, PlainWordsNeedNoShell) {
  const Folder folder;
  ASSERT_TRUE(run_command("touch " + folder / "a" + "  " + folder / "b", patience, events));
  EXPECT_EQ(folder.names(), "a b");
  const auto builtin = run_command("exit 3", patience, events);
  ASSERT_FALSE(builtin);
  EXPECT_NE(builtin.error().what.find("cannot be started"), std::string::npos);
  EXPECT_NE(builtin.error().advice.find("sh -c"), std::string::npos);
}

TEST_F(RunCommand, AnythingElseIsForTheShell) {
  const auto ended = run_command("false || exit 3", patience, events);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().what, "ended with exit status 3");
  EXPECT_TRUE(run_command("A=1 true", patience, events));
}

bool runs(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string number, program, state;
  return static_cast<bool>(stat >> number >> program >> state) && state != "Z";
}

TEST_F(RunCommand, ADeadlineEndsItsChildrenToo) {
  const Folder folder;
  const auto late =
      run_command("sleep 60 & echo $! > " + folder / "pid" + "; wait", std::chrono::seconds(1), events);
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().what.find("did not end within"), std::string::npos);
  std::string pid = folder.read("pid");
  pid.pop_back();
  for (int tries = 0; runs(pid) && tries < 1000; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(runs(pid));
}

TEST_F(RunCommand, ADaemonThatKeepsTheOutputOpenKeepsNobodyWaiting) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_command("sleep 8 & true", patience, events));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(8));
}

TEST_F(RunCommand, ItsOutputIsToldLineByLine) {
  EXPECT_TRUE(run_command("printf 'one\\ntwo'", patience, events));
  EXPECT_EQ(events.text(), "reload: one\nreload: two\n");
}

TEST_F(RunCommand, TheChildInheritsNoConnection) {
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_TRUE(run_command("test ! -e /proc/$$/fd/" + std::to_string(connection), patience, events));
  ::close(connection);
}

TEST_F(RunCommand, TheChildDoesNotLearnWhereSecretsAre) {
  ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1);
  EXPECT_TRUE(run_command("test -z \"$CREDENTIALS_DIRECTORY\"", patience, events));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

}  // namespace deployment_test
}  // namespace tlsa_update::deployment
