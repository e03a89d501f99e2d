// From the renewed files to what the service reads, and the reload command.
#include "tlsa_update/deployment/deployment.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
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
  [[nodiscard]] Surroundings around() const {
    Surroundings around{folder_.text(), {service_}, force_};
    for (const auto& name : others_) around.configured.emplace_back(service_).service = name;
    return around;
  }
  [[nodiscard]] ReloadMarks marks() const { return around().marks(); }
  [[nodiscard]] Result<Deployment> prepare() const { return Deployment::prepare({service_}, around()); }
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
  bool force_ = false;
  std::vector<std::string> others_;  // services that install the same files
};

TEST_F(Deploy, PutsThePairInItsPlaceAndIsThenDone) {
  auto first = prepare();
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
  marks().conclude(service_.service);
  EXPECT_FALSE(prepare()->is_needed());
}

TEST_F(Deploy, WhatIsConcludedOfAServiceSaysNothingOfAnother) {
  const std::vector<std::string> names = {"mail.a", "mail_a", "mail/a", "mail%2Fa"};
  force_ = true;  // the same file once more
  others_ = names;
  for (const auto& name : names) {
    service_.service = name;
    folder_.write("live/cert.pem", "");
    ASSERT_TRUE(prepare()->install(events_));
  }
  for (const auto& name : names) {
    service_.service = name;
    EXPECT_TRUE(prepare()->is_needed()) << name;
    marks().conclude(service_.service);
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

// What is installed by itself must not come apart from what lies beside it.
class DeployAlone : public Deploy {
 protected:
  DeployAlone() {
    service_.installs.pop_back();
    const auto old = test::self_signed({"mail.example.com", {}});
    folder_.write("live/cert.pem", old.pem());
    folder_.write("live/key.pem", test::private_pem_of(old.key));
  }
  void expect_refused() {
    const auto refused = prepare();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsafe);
    EXPECT_NE(refused.error().what.find("without its"), std::string::npos) << refused.error().text();
  }
};

TEST_F(DeployAlone, ACertificateWhoseKeyIsNotThereIsRefused) {
  expect_refused();
  std::filesystem::remove(folder_ / "live/key.pem");
  expect_refused();
  force_ = true;
  expect_refused();
}

TEST_F(DeployAlone, ItsKeyMayLieBesideItsTarget) {
  folder_.write("live/renewed.key", test::private_pem_of(leaf_.key));
  EXPECT_TRUE(prepare());
}

TEST_F(DeployAlone, ItsKeyMayBeInstalledForAnotherService) {
  ServiceFiles other;
  other.service = "other";
  other.installs = {*parse_install(folder_ / "key.pem" + " -> " + folder_ / "elsewhere.key")};
  EXPECT_TRUE(Deployment::prepare({service_}, {folder_.text(), {service_, other}, false}));
}

TEST_F(DeployAlone, TheSameKeyStaysWhereItIs) {
  const auto old =
      test::self_signed({"mail.example.com", {}, false, "20250101000000Z", "20370101000000Z", leaf_.key});
  folder_.write("live/cert.pem", old.pem());
  EXPECT_TRUE(prepare());
  folder_.write("live/cert.pem", old.pem() + test::private_pem_of(old.key));
  std::filesystem::remove(folder_ / "live/key.pem");
  expect_refused();  // the old file held the key as well
}

TEST_F(DeployAlone, WhereNothingIsReplacedTheKeysAreElsewhere) {
  std::filesystem::remove(folder_ / "live/cert.pem");
  EXPECT_TRUE(prepare());
}

TEST_F(DeployAlone, AKeyWhoseCertificateIsNotThereIsRefused) {
  service_.installs.clear();
  install("key.pem");
  expect_refused();
  folder_.write("live/cert.pem", leaf_.pem());
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
  EXPECT_EQ(prepare().error().code, ErrorCode::configuration);
  EXPECT_EQ(live(), "");
}

TEST_F(Deploy, AFullDiskChangesNothing) {
  ASSERT_TRUE(prepare()->install(events_));
  const auto before = folder_.read("live/cert.pem");
  const auto renewed = test::self_signed({"mail.example.com", {}});
  write(renewed);
  want(renewed);
  auto deployment = prepare();
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
  EXPECT_TRUE(marks().is_due(service_.service));
}

// A second service that installs the same files.
class DeployTogether : public Deploy {
 protected:
  DeployTogether() { others_ = {other_.service = "imap"}; }
  [[nodiscard]] Result<Deployment> prepare_both() {
    other_.credentials = service_.credentials;
    return Deployment::prepare({service_, other_}, around());
  }

  ServiceFiles other_ = service_;
};

TEST_F(DeployTogether, EachHasItsReload) {
  ASSERT_EQ(prepare_both()->differing().size(), 2U);
  ASSERT_TRUE(prepare_both()->install(events_));
  EXPECT_TRUE(prepare_both()->differing().empty());
  marks().conclude(service_.service);
  EXPECT_FALSE(prepare()->is_needed());
  EXPECT_TRUE(prepare_both()->is_needed());
  EXPECT_TRUE(marks().is_due(other_.service));
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

// Who put there what lies in a target?
class DeployOver : public Deploy {
 protected:
  static test::Issued issued(const char* from) {
    return test::self_signed({"mail.example.com", {}, false, from, "20370101000000Z", {}});
  }
  void renew(const test::Issued& leaf) {
    service_.credentials.clear();
    write(leaf);
    want(leaf);
  }
  void put(const test::Issued& leaf) {
    folder_.write("live/cert.pem", leaf.pem());
    folder_.write("live/key.pem", test::private_pem_of(leaf.key));
  }
  [[nodiscard]] std::string refusal() const {
    const auto prepared = prepare();
    return prepared ? "" : prepared.error().text();
  }
  [[nodiscard]] bool lies_there(const test::Issued& leaf) const {
    return folder_.read("live/cert.pem") == leaf.pem() &&
           folder_.read("live/key.pem") == test::private_pem_of(leaf.key);
  }

  test::Issued old_ = issued("20260101000000Z");
  test::Issued young_ = issued("20260201000000Z");
};

TEST_F(DeployOver, ANewerCertificateThatWeDidNotInstallIsNotReplacedByAnOlderOne) {
  put(young_);
  renew(old_);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("is older"));
  EXPECT_EQ(prepare().error().code, ErrorCode::unsafe);
  force_ = true;
  EXPECT_TRUE(prepare());
}

TEST_F(DeployOver, GoingBackFromWhatWeInstalledIsTheOperatorsChoice) {
  put(old_);
  renew(young_);
  ASSERT_TRUE(prepare()->install(events_));
  renew(old_);
  EXPECT_EQ(refusal(), "");
  ASSERT_TRUE(prepare()->install(events_));
  EXPECT_TRUE(lies_there(old_));
}

TEST_F(DeployOver, WhatWasChangedByHandIsLeftAloneUntilTheNextRenewal) {
  put(old_);
  renew(young_);
  ASSERT_TRUE(prepare()->install(events_));
  put(old_);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("was changed by hand"));
  force_ = true;
  EXPECT_TRUE(prepare());
  force_ = false;
  std::filesystem::remove(folder_ / "live/cert.pem");
  std::filesystem::remove(folder_ / "live/key.pem");
  EXPECT_EQ(refusal(), "") << "what is not there was removed to have it installed again";
  put(old_);
  renew(issued("20260301000000Z"));
  EXPECT_EQ(refusal(), "");
}

TEST_F(DeployOver, WhatIsPutBackIsNotReplacedAgainByTheSameFiles) {
  put(old_);
  std::filesystem::permissions(folder_ / "live/key.pem", std::filesystem::perms(0640));
  renew(young_);
  auto deployment = prepare();
  ASSERT_TRUE(deployment->install(events_));
  ASSERT_TRUE(lies_there(young_));
  ASSERT_TRUE(deployment->put_back(events_));
  EXPECT_TRUE(lies_there(old_));
  EXPECT_EQ(folder_.mode("live/key.pem"), 0640U);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("was put back"));
  renew(issued("20260301000000Z"));
  EXPECT_EQ(refusal(), "");
}

TEST_F(DeployOver, WhatWasNotThereCannotBePutBack) {
  auto deployment = prepare();
  ASSERT_TRUE(deployment->install(events_));
  EXPECT_EQ(deployment->put_back(events_).error().code, ErrorCode::unsafe);
  EXPECT_EQ(folder_.read("live/cert.pem"), leaf_.pem());
}

// The mark of a due reload.

TEST_F(DeployOver, ARenamedServiceHasItsReloadStillToCome) {
  ASSERT_TRUE(prepare()->install(events_));
  service_.service = "renamed";
  EXPECT_TRUE(prepare()->is_needed());
  EXPECT_TRUE(marks().is_due("renamed"));
  marks().conclude("renamed");
  EXPECT_FALSE(prepare()->is_needed());
  EXPECT_EQ(folder_.names().find("reload-"), std::string::npos);
}

TEST_F(DeployOver, OfARenamedServiceEachThatReadsItsFilesHasAReloadToCome) {
  ASSERT_TRUE(prepare()->install(events_));
  service_.service = "renamed";
  auto other = service_;
  other.service = "imap";
  ServiceFiles stranger;
  stranger.service = "stranger";
  stranger.installs = {*parse_install("/from -> " + folder_ / "elsewhere")};
  const auto both = Surroundings{folder_.text(), {service_, other, stranger}, false}.marks();
  EXPECT_FALSE(both.is_due("stranger"));
  both.conclude("renamed");
  EXPECT_FALSE(both.is_due("renamed"));
  EXPECT_TRUE(both.is_due("imap"));
  both.conclude("imap");
  EXPECT_FALSE(both.is_due("imap"));
}

TEST_F(DeployOver, AReloadMarkKnowsWhichCertificatesWereReplaced) {
  put(old_);
  renew(young_);
  const auto old = prepare()->replaced();
  ASSERT_EQ(old.size(), 1U);
  ASSERT_TRUE(prepare()->install(events_));
  EXPECT_EQ(marks().replaced(service_.service),
            (std::set<std::string>{to_hex(old.front().front().certificate.sha2_256)}));
}

TEST_F(DeployOver, WhatCannotBeInstalledLeavesNoReloadToCome) {
  put(old_);
  renew(young_);
  std::filesystem::create_directory(folder_ / "live/.key.pem.tlsa-update");
  EXPECT_EQ(prepare()->install(events_).error().code, ErrorCode::unreadable);
  EXPECT_TRUE(lies_there(old_));
  EXPECT_FALSE(marks().is_due(service_.service));
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

// It may have restarted the service as its child.
TEST_F(RunCommand, WhatOverrunsItsDeadlineIsLeftAloneWithItsChildren) {
  const Folder folder;
  const auto late =
      run_command("sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.25; echo alive; touch " + folder / "alive" +
                      "; done' & echo $! > " + folder / "pid" + "; sleep 1.5; touch " + folder / "ended",
                  std::chrono::seconds(1), events);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unsafe);
  EXPECT_NE(late.error().what.find("did not end within"), std::string::npos);
  EXPECT_NE(late.error().advice.find("left alone"), std::string::npos);
  std::filesystem::remove(folder / "alive");
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto is_there = [&](const char* file) { return std::filesystem::exists(folder / file); };
  while (!(is_there("ended") && is_there("alive")) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_there("ended"));
  EXPECT_TRUE(is_there("alive")) << "it was ended by its own output, which nobody reads";
  std::string pid = folder.read("pid");
  pid.pop_back();
  while (runs(pid) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
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
