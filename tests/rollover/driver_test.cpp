// The shipped driver in a world that goes wrong as told: lost races, signals, a full disk, files that
// services share, several names and primaries, and what every command's exit status comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rollover/scripted_world.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/rollover/dry_world.hpp"
#include "tlsa_update/rollover/rollover.hpp"
#include "tlsa_update/state/state_directory.hpp"

namespace tlsa_update {
namespace driver_test {

using test::ScriptedWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::name;
using ::testing::Not;
using testing::record;
using testing::records;
using Command = rollover::Outcome (*)(rollover::World&, LedgerStore&, const rollover::Request&, Events&);

constexpr const char* target = "/etc/mail.pem";

class Driver : public ::testing::Test {
 protected:
  rollover::Outcome call(Command command) { return command(world_, ledger_, world_.request, events_); }

  // As the command line reports it.
  int exit_of(const rollover::Outcome& outcome) {
    return outcome ? report::exit_status_of(*outcome) : exit_status(outcome.error().code);
  }
  int exits(Command command) { return exit_of(call(command)); }
  int exits_dry(Command command) {
    rollover::DryWorld dry(world_, events_);
    state::PeekedLedger nothing(ledger_);
    return exit_of(command(dry, nothing, world_.request, events_));
  }
  int status_exits() {
    auto found = call(rollover::status);
    if (found) report::conclude_look(*found, Goal::all);
    return exit_of(found);
  }

  // One pass an hour, as a timer would, until its exit status is another than 75.
  int until_done(Command command) {
    int status = 75;
    for (int hours = 0; status == 75 && hours < 400; ++hours) {
      status = exits(command);
      world_.time += Seconds{3600};
    }
    return status;
  }

  // A service that all is well with, since long: the ledger knows what it has, and when it came.
  void settled(const std::string& file = target) {
    world_.serve("mail", {"mail.example.com"}, "old", file);
    ASSERT_EQ(until_done(rollover::run), 0);
    world_.calls.clear();
    events_.all.clear();
  }
  void renew(const std::string& label = "mail") { world_.credentials[label] = "new"; }

  TlsaRecords published(const std::string& host = "mail.example.com") {
    const auto& rrset = world_.site(host).rrset;
    return rrset ? rrset->records : TlsaRecords{};
  }
  static TlsaRecords of(const std::vector<std::string>& letters) {
    TlsaRecords all;
    for (const auto& letter : letters) all.push_back(record("3 1 1", letter));
    return records(std::move(all));
  }

  ScriptedWorld world_;
  test::MemoryLedger ledger_;
  test::NotedEvents events_;
};

TEST_F(Driver, ALostRaceIsReadAndPlannedAgain) {
  settled();
  renew();
  world_.races = 1;
  EXPECT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(published(), of({"old", "new", "theirs0"})) << "the other writer's record is gone";
  EXPECT_EQ(world_.count("apply"), 2U);
  EXPECT_EQ(world_.count("pause"), 1U);
  EXPECT_EQ(world_.count("look"), 2U) << "what is planned again is read again";
}

TEST_F(Driver, EightLostRacesAreEnough) {
  settled();
  renew();
  world_.races = 100;
  EXPECT_EQ(exits(rollover::publish), 75);
  EXPECT_EQ(world_.count("apply"), 8U);
  EXPECT_THAT(events_.text(), HasSubstr("others kept changing the RRset in between"));
  world_.races = 7;
  EXPECT_EQ(exits(rollover::publish), 0) << "the eighth try counts";
}

TEST_F(Driver, ASignalBetweenTwoRoundsEndsThePass) {
  settled();
  renew();
  world_.races = 1;
  world_.signal_comes = true;
  EXPECT_EQ(exits(rollover::publish), 75);
  EXPECT_EQ(world_.count("apply"), 1U);
  EXPECT_THAT(published(), Not(Contains(record("3 1 1", "new"))));
  world_.signal_comes = false;
  EXPECT_EQ(exits(rollover::publish), 0) << "the next run goes on";
}

TEST_F(Driver, ASignalBeforeAnUpdateLeavesTheRestAsBefore) {
  settled();
  renew();
  world_.signal_before_update = true;
  const auto stopped = call(rollover::publish);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(report::exit_status_of(*stopped), 75);
  EXPECT_EQ(published(), of({"old"}));
  EXPECT_THAT(events_.text(), HasSubstr("1 RRset is left as before"));
}

TEST_F(Driver, ASignalWhileTheServiceIsWatchedLeavesTheReloadDue) {
  settled();
  renew();
  world_.request.settle = Seconds{10};
  world_.is_deaf = true;
  world_.signal_comes = true;
  EXPECT_EQ(until_done(rollover::run), 2);
  EXPECT_THAT(world_.due, ElementsAre("mail"));
}

// A machine that was suspended, or swaps: the administrator may have gone back to the old certificate
// meanwhile.
class Aged : public Driver, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Driver, Aged, ::testing::Bool());

TEST_P(Aged, EvidenceAllowsNoDeletion) {
  const bool goes_back = GetParam();
  settled();
  renew();
  for (int minutes = 0; world_.files[target] != "new"; ++minutes) {
    ASSERT_LT(minutes, 10);
    ASSERT_EQ(exits(rollover::run), 75);
    world_.time += Seconds{60};
  }
  world_.time += Seconds{3600};
  world_.calls.clear();
  world_.meanwhile = [goes_back](ScriptedWorld& world) {
    world.time += Seconds{11};
    if (goes_back) world.site("mail.example.com").served = "old";
  };
  EXPECT_EQ(exits(rollover::run), goes_back ? 75 : 0);
  EXPECT_EQ(published(), goes_back ? of({"old", "new"}) : of({"new"}));
  // The close look before a deletion finds the old certificate, and nothing is left to delete.
  if (goes_back) return;
  EXPECT_THAT(events_.text(), HasSubstr("looking again before anything is deleted"));
  ASSERT_GE(world_.calls.size(), 3U);
  world_.calls.resize(3);
  EXPECT_THAT(world_.calls, ElementsAre("look", "pause", "look"));
}

// Greetings may be slow, and a machine may stand still: only the second is longer than a minute.
TEST_P(Aged, EvidenceOfACloseLookAllowsNoDeletion) {
  const bool goes_back = GetParam();
  settled();
  renew();
  while (world_.files[target] != "new") {
    ASSERT_EQ(exits(rollover::run), 75);
    world_.time += Seconds{60};
  }
  world_.time += Seconds{3600};
  world_.while_looking = [goes_back](ScriptedWorld& world) {
    world.time += goes_back ? Seconds{3600} : Seconds{45};
    if (goes_back) world.site("mail.example.com").served = "old";
  };
  EXPECT_EQ(exits(rollover::run), goes_back ? 75 : 0);
  EXPECT_EQ(published(), goes_back ? of({"old", "new"}) : of({"new"}));
}

TEST_P(Aged, EvidenceAllowsNoDeployment) {
  const bool is_withdrawn = GetParam();
  settled();
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  ASSERT_EQ(exits(rollover::deploy), 75);  // the clock starts
  world_.time += Seconds{3600};
  world_.calls.clear();
  world_.meanwhile = [is_withdrawn](ScriptedWorld& world) {
    world.time += Seconds{11};
    if (is_withdrawn) world.site("mail.example.com").rrset->records = of({"old"});
  };
  EXPECT_EQ(exits(rollover::deploy), is_withdrawn ? 75 : 0);
  EXPECT_EQ(world_.files[target], is_withdrawn ? "old" : "new");
  EXPECT_THAT(events_.text(), HasSubstr("looking again before anything is installed"));
  EXPECT_EQ(world_.count("look"), 2U);
}

TEST_F(Driver, AMachineOnWhichEverythingTakesTooLongDeletesNothing) {
  settled();
  renew();
  until_done(rollover::run);
  world_.site("mail.example.com").rrset->records = of({"old", "new"});
  world_.tick = Seconds{11};
  EXPECT_EQ(exits(rollover::run), 75);
  EXPECT_THAT(events_.text(), HasSubstr("each look is outdated before it can be acted on"));
  EXPECT_EQ(published(), of({"old", "new"}));
}

// The intent is written ahead: an UPDATE that no ledger knows of would leave records that are nobody's (I4).
TEST_F(Driver, OnAFullDiskNothingIsSentInstalledOrReloaded) {
  settled();
  renew();
  const auto before = ledger_.ledger;
  for (const Command command : {rollover::publish, rollover::prune, rollover::run, rollover::ready}) {
    ledger_.disk_is_full = true;
    EXPECT_EQ(exits(command), 66);
    EXPECT_EQ(ledger_.ledger, before);
    EXPECT_EQ(world_.count("apply"), 0U);
  }
  ledger_.disk_is_full = false;
  ASSERT_EQ(exits(rollover::publish), 0);
  while (exits(rollover::ready) == 75) world_.time += Seconds{3600};
  ledger_.disk_is_full = true;
  EXPECT_EQ(exits(rollover::deploy), 66);
  EXPECT_EQ(world_.files[target], "old") << "released without a word in the ledger";
  EXPECT_EQ(world_.count("reload mail"), 0U);
}

TEST_F(Driver, AnotherRunAtWorkIsWaitedFor) {
  settled();
  ledger_.is_held = true;
  EXPECT_EQ(exits(rollover::run), 75);
  EXPECT_EQ(exits(rollover::deploy), 75);
  EXPECT_EQ(exits(rollover::prune), 75);
  EXPECT_THAT(world_.calls, IsEmpty());
}

TEST_F(Driver, AnInstallationThatWasCutOffIsEndedBeforeAnythingElse) {
  settled();
  world_.unfinished = Error{ErrorCode::unreadable, "Read-only file system", target, {}};
  for (const Command command : {rollover::run, rollover::deploy}) {
    EXPECT_EQ(exits(command), 66);
    EXPECT_THAT(world_.calls, ElementsAre("finish"));
    world_.calls.clear();
  }
}

TEST_F(Driver, WhatIsReleasedIsDeployedInTheSameMoment) {
  world_.serve("mail", {"mail.example.com"}, "old");
  world_.tick = Seconds{1};
  ASSERT_EQ(until_done(rollover::ready), 0);
  ASSERT_EQ(ledger_.ledger.owners.size(), 1U);
  const auto& entries = ledger_.ledger.owners.begin()->second.records;
  ASSERT_EQ(entries.size(), 1U);
  ASSERT_TRUE(entries.front().released_at);
  EXPECT_EQ(entries.front().released_at, entries.front().deployed_at);
}

// The exit status of each command.

TEST_F(Driver, PublishExitsWithWhatBecameOfTheRecord) {
  settled();
  EXPECT_EQ(exits(rollover::publish), 0) << "nothing to do";
  renew();
  EXPECT_EQ(exits_dry(rollover::publish), 1);
  EXPECT_EQ(published(), of({"old"}));
  world_.refused_zones[name("example.com")] = {ErrorCode::refused, "REFUSED", {}, {}};
  EXPECT_EQ(exits(rollover::publish), 77);
  world_.refused_zones.clear();
  world_.silent_zones[name("example.com")] = {ErrorCode::no_answer, "timed out", {}, {}};
  EXPECT_EQ(exits(rollover::publish), 69);
  world_.silent_zones.clear();
  EXPECT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(published(), of({"old", "new"}));
}

TEST_F(Driver, ReadyExitsWithZeroOnceItMayBeDeployed) {
  settled("");
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(exits(rollover::ready), 75);
  EXPECT_EQ(until_done(rollover::ready), 0);
}

TEST_F(Driver, DeployExitsWithWhatBecameOfTheFiles) {
  settled();
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(exits(rollover::deploy), 75) << "not ready";
  while (exits(rollover::ready) == 75) world_.time += Seconds{3600};
  EXPECT_EQ(exits_dry(rollover::deploy), 1);
  world_.broken_files = Error{ErrorCode::unsafe, "is the key of another certificate", "/renewed", {}};
  EXPECT_EQ(exits(rollover::deploy), 2);
  world_.broken_files.reset();
  EXPECT_EQ(world_.files[target], "old");
  world_.failing_reload = Error{ErrorCode::unsafe, "ended with exit status 1", "reload mail", {}};
  EXPECT_EQ(exits(rollover::deploy), 2);
  EXPECT_EQ(world_.files[target], "new");
  world_.failing_reload.reset();
  EXPECT_EQ(exits(rollover::deploy), 0);
  EXPECT_EQ(world_.count("install " + std::string(target)), 1U) << "the reload alone is repeated";
  EXPECT_EQ(world_.site("mail.example.com").served, "new");
}

TEST_F(Driver, DeployOfWhatOthersInstallIsAnErrorOfUsage) {
  settled("");
  EXPECT_EQ(exits(rollover::deploy), 64);
}

TEST_F(Driver, AServiceThatKeepsItsOldCertificateIsCritical) {
  settled();
  renew();
  world_.is_deaf = true;
  EXPECT_EQ(until_done(rollover::run), 2);
  EXPECT_THAT(events_.text(), HasSubstr("does not present what was deployed"));
  EXPECT_EQ(published(), of({"old", "new"})) << "what is served keeps its record";
  world_.is_deaf = false;
  EXPECT_EQ(until_done(rollover::run), 0) << "the reload is repeated";
  EXPECT_EQ(published(), of({"new"}));
}

TEST_F(Driver, PruneExitsWithZeroOnceNothingIsStale) {
  settled("");
  EXPECT_EQ(exits(rollover::prune), 0) << "nothing to do";
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(exits(rollover::prune), 75) << "the old one is served, and the new one in no cache";
  EXPECT_EQ(until_done(rollover::ready), 0);
  world_.site("mail.example.com").served = "new";
  EXPECT_EQ(until_done(rollover::prune), 0);
  EXPECT_EQ(published(), of({"new"}));
}

TEST_F(Driver, RunExitsWith75UntilAllIsDone) {
  settled();
  renew();
  EXPECT_EQ(exits_dry(rollover::run), 1);
  EXPECT_EQ(exits(rollover::run), 75);
  EXPECT_EQ(until_done(rollover::run), 0);
  EXPECT_EQ(published(), of({"new"}));
  EXPECT_EQ(world_.site("mail.example.com").served, "new");
  world_.calls.clear();
  EXPECT_EQ(exits(rollover::run), 0);
  EXPECT_THAT(world_.calls, ElementsAre("look")) << "I7: a second run changes nothing";
}

// Not for what the deployment has just ended.
TEST_F(Driver, AfterADeploymentItTellsWhatIsWaitedForFromThenOn) {
  settled();
  renew();
  world_.request.grace = Seconds{3600};
  std::vector<Wait> blockers;
  for (int hours = 0; world_.count("reload mail") == 0 && hours < 400; ++hours) {
    const auto found = call(rollover::run);
    ASSERT_TRUE(found && found->blockers);
    blockers = *found->blockers;
    world_.time += Seconds{3600};
  }
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers.front().reason, Reason::grace);
  EXPECT_TRUE(blockers.front().ready_at);
}

TEST_F(Driver, StatusExitsWithWhatItSees) {
  settled();
  const auto before = ledger_.ledger;
  EXPECT_EQ(status_exits(), 0);
  renew();
  EXPECT_EQ(status_exits(), 1) << "a record is missing";
  EXPECT_EQ(ledger_.ledger, before);
  ASSERT_EQ(exits(rollover::publish), 0);
  EXPECT_EQ(status_exits(), 75) << "only waiting remains";
  world_.site("mail.example.com").served = "strange";
  EXPECT_EQ(status_exits(), 2) << "what is served matches no record";
}

TEST_F(Driver, VerifyExitsWithWhatClientsMeet) {
  settled();
  EXPECT_EQ(exits(rollover::verify), 0);
  world_.site("mail.example.com").served = "strange";
  EXPECT_EQ(exits(rollover::verify), 2);
  EXPECT_THAT(events_.text(), IsEmpty()) << "its caller reports";
}

// A deployment that goes wrong.

// I13: it is the old record that is published for sure.
TEST_F(Driver, AServiceThatPresentsNothingAfterItsReloadGetsItsOldFilesBack) {
  settled();
  renew();
  world_.unfit = "new";
  EXPECT_EQ(until_done(rollover::run), 2);
  EXPECT_EQ(world_.files[target], "old");
  EXPECT_EQ(world_.site("mail.example.com").served, "old");
  EXPECT_EQ(world_.count("put back"), 1U);
  EXPECT_EQ(world_.count("reload mail"), 2U);
  EXPECT_THAT(world_.due, IsEmpty());
  EXPECT_THAT(events_.text(), HasSubstr("after the reload 192.0.2.25 presents no chain any more"));
  EXPECT_EQ(published(), of({"old", "new"}));
}

TEST_F(Driver, AReloadThatFailsAndEndsTheServiceIsTakenBackToo) {
  settled();
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  while (exits(rollover::ready) == 75) world_.time += Seconds{3600};
  world_.failing_reload = Error{ErrorCode::unsafe, "ended with exit status 1", "reload mail", {}};
  world_.ends_when_reload_fails = true;
  EXPECT_EQ(exits(rollover::deploy), 2);
  EXPECT_EQ(world_.files[target], "old");
}

TEST_F(Driver, WhatPresentedNothingBeforeIsNotTakenBack) {
  settled();
  renew();
  world_.site("mail.example.com").served = "";
  world_.unfit = "new";
  ASSERT_EQ(exits(rollover::run), 75);
  for (int hours = 0; hours < 100; ++hours, world_.time += Seconds{3600}) (void)exits(rollover::run);
  EXPECT_EQ(world_.count("put back"), 0U);
}

TEST_F(Driver, FilesThatAreRenewedWhileTheyAreReadAreReadAgainLater) {
  settled();
  renew();
  ASSERT_EQ(exits(rollover::publish), 0);
  while (exits(rollover::ready) == 75) world_.time += Seconds{3600};
  world_.broken_files =
      Error{ErrorCode::unsafe, "is not of a credential that was found ready", "/renewed", {}};
  world_.at_pause = [&] { world_.credentials["mail"] = "newer"; };
  EXPECT_EQ(exits(rollover::deploy), 75);
  world_.credentials["mail"] = "new";
  world_.at_pause = [&] { world_.broken_files.reset(); };
  EXPECT_EQ(exits(rollover::deploy), 75) << "one half of the pair was there, and now both are";
  EXPECT_EQ(exits(rollover::deploy), 0);
}

TEST_F(Driver, NobodyIsCutOffWhoReadsTheSameFilesAtAnotherName) {
  settled();
  renew();
  const auto other = name("_2526._tcp.mail.example.com");
  world_.other_records[other] = Rrset{60, of({"old"})};
  world_.other_records[name("_2526._tcp.elsewhere.example.com")] = Rrset{60, of({"old"})};
  EXPECT_EQ(until_done(rollover::run), 2);
  EXPECT_EQ(world_.files[target], "old");
  EXPECT_THAT(events_.text(), HasSubstr("_2526._tcp.mail.example.com.: its record 3 1 1"));
  world_.other_records[other] = Rrset{60, of({"old", "new"})};
  EXPECT_EQ(until_done(rollover::run), 0);
  EXPECT_EQ(world_.files[target], "new");
}

// Services that share files.

TEST_F(Driver, ServicesThatShareAFileAreDeployedTogetherAndReloadedEach) {
  world_.serve("mail", {"mail.example.com"}, "old", "/etc/shared.pem");
  world_.serve("imap", {"imap.example.org"}, "old", "/etc/shared.pem");
  ASSERT_EQ(until_done(rollover::run), 0);
  renew("mail");
  renew("imap");
  EXPECT_EQ(until_done(rollover::run), 0);
  EXPECT_EQ(world_.count("install /etc/shared.pem"), 1U);
  EXPECT_EQ(world_.count("reload mail"), 1U);
  EXPECT_EQ(world_.count("reload imap"), 1U);
  EXPECT_EQ(published("imap.example.org"), of({"new"}));
}

TEST_F(Driver, AFileWaitsForAllWhoReadIt) {
  world_.serve("mail", {"mail.example.com"}, "old", "/etc/shared.pem");
  world_.serve("imap", {"imap.example.org"}, "old", "/etc/shared.pem");
  ASSERT_EQ(until_done(rollover::run), 0);
  renew("mail");
  renew("imap");
  world_.refused_zones[name("example.org")] = {ErrorCode::refused, "REFUSED", {}, {}};
  for (int hours = 0; hours < 100; ++hours, world_.time += Seconds{3600}) EXPECT_EQ(exits(rollover::run), 77);
  EXPECT_EQ(world_.files["/etc/shared.pem"], "old");
  EXPECT_THAT(events_.text(), HasSubstr("waits for the service imap"));
  world_.refused_zones.clear();
  EXPECT_EQ(until_done(rollover::run), 0);
}

TEST_F(Driver, AReloadThatServicesHaveInCommonIsRunOnce) {
  world_.serve("mail", {"mail.example.com"}, "old", "/etc/mail.pem").reload = "reload all";
  world_.serve("imap", {"imap.example.org"}, "old", "/etc/imap.pem").reload = "reload all";
  ASSERT_EQ(until_done(rollover::run), 0);
  renew("mail");
  renew("imap");
  EXPECT_EQ(until_done(rollover::run), 0);
  EXPECT_EQ(world_.count("reload all"), 1U);
}

// Several names and primaries.

TEST_F(Driver, AServiceIsReadyWhenEveryOneOfItsNamesIs) {
  world_.serve("mail", {"mail.example.com", "mx.example.net"}, "old", target);
  ASSERT_EQ(until_done(rollover::run), 0);
  renew();
  world_.refused_zones[name("example.net")] = {ErrorCode::refused, "REFUSED", {}, {}};
  for (int hours = 0; hours < 100; ++hours, world_.time += Seconds{3600}) EXPECT_EQ(exits(rollover::run), 77);
  EXPECT_EQ(published("mail.example.com"), of({"old", "new"})) << "one primary's refusal is no other's";
  EXPECT_EQ(published("mx.example.net"), of({"old"}));
  EXPECT_EQ(world_.files[target], "old");
  world_.refused_zones.clear();
  EXPECT_EQ(until_done(rollover::run), 0);
  EXPECT_EQ(published("mail.example.com"), of({"new"}));
  EXPECT_EQ(published("mx.example.net"), of({"new"}));
}

TEST_F(Driver, APrimaryThatIsSilentHoldsUpNoOtherZone) {
  world_.serve("mail", {"mail.example.com"}, "old", "/etc/mail.pem");
  world_.serve("imap", {"imap.example.org"}, "old", "/etc/imap.pem");
  ASSERT_EQ(until_done(rollover::run), 0);
  renew("mail");
  renew("imap");
  world_.silent_zones[name("example.org")] = {ErrorCode::no_answer, "timed out", {}, {}};
  for (int hours = 0; hours < 100; ++hours, world_.time += Seconds{3600}) EXPECT_EQ(exits(rollover::run), 69);
  EXPECT_EQ(published("mail.example.com"), of({"new"}));
  EXPECT_EQ(world_.site("mail.example.com").served, "new");
  EXPECT_EQ(world_.site("imap.example.org").served, "old");
}

}  // namespace driver_test
}  // namespace tlsa_update
