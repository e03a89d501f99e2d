// The ledger's file, and files that hold secrets.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.hpp"
#include "support/noted_events.hpp"
#include "tlsa_update/state/ledger_file.hpp"

namespace tlsa_update::state {
namespace ledger_test {

test::NotedEvents ignored;

Name name(const std::string& text) { return *Name::parse(text); }

std::optional<Time> some_time() {
  if (*rc::gen::arbitrary<bool>()) return std::nullopt;
  return Time(Seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000)));
}

OwnerLedger some_owner() {
  OwnerLedger owner;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    auto& entry = owner.at({{}, Bytes(32, *rc::gen::arbitrary<std::uint8_t>())});
    entry.owned = *rc::gen::arbitrary<bool>();
    entry.ttl_bound = *rc::gen::arbitrary<std::uint32_t>();
    for (const auto& stamp : entry_stamps) entry.*stamp.time = some_time();
    entry.wanters.clear();  // the same record may come again
    for (const char* service : {"mail", "web"}) {
      if (*rc::gen::arbitrary<bool>()) entry.wanters.push_back({{"/etc/a.conf", service}, some_time()});
    }
    if (*rc::gen::arbitrary<bool>()) entry.key_type = "rsa";
  }
  for (std::uint32_t ttl = *rc::gen::inRange(0U, 3U); ttl > 0; --ttl)
    owner.ttls.insert(owner.ttls.begin(), {ttl * 60, some_time()});
  for (const auto& stamp : owner_stamps) owner.*stamp.time = some_time();
  if (*rc::gen::arbitrary<bool>()) owner.ttl_move = {60, 2, *rc::gen::arbitrary<bool>()};
  if (*rc::gen::arbitrary<bool>()) owner.out_of_reach = {{"ns.", "192.0.2.1@53", Time(Seconds(77))}};
  if (*rc::gen::arbitrary<bool>()) owner.ttl_limit = {172800, *rc::gen::arbitrary<std::uint32_t>()};
  return owner;
}

Ledger some_ledger() {
  Ledger ledger;
  for (const char* owner : {"_25._tcp.mail.example.", "*._tcp.x.", "odd\\.dot\\032blank\\001."}) {
    if (*rc::gen::arbitrary<bool>()) ledger.owners.emplace(name(owner), some_owner());
  }
  if (*rc::gen::arbitrary<bool>()) {
    const Time wall{Seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000))};
    ledger.last_run =
        ClockReading{wall, "boot", Seconds(*rc::gen::inRange(0, 1'000'000)), *rc::gen::arbitrary<bool>(),
                     *rc::gen::element<std::string>("", "a machine")};
  }
  return ledger;
}

RC_GTEST_PROP(LedgerJson, EveryLedgerSurvivesItsFile, ()) {
  const auto ledger = some_ledger();
  RC_ASSERT(*ledger_from_json(to_json(ledger)) == ledger);
}

constexpr const char* sound =
    R"({"version":2,"last_run":{"wall":"2026-11-21T20:00:00Z","boot_id":"b","uptime":5},"owners":{"a.":{"records":[)"
    R"({"record":"3 1 1 00","owned":true,"ttl_bound":60,"published_at":"2026-11-21T20:00:00Z"},)"
    R"({"record":"3 1 1 01","owned":false,"ttl_bound":0,"key_type":"rsa","wanters":[)"
    R"({"configuration":"/a","service":"b"},{"configuration":"/a","service":"c"}]}],"ttls":[{"ttl":60},{"ttl":300}],)"
    R"("out_of_reach":[{"server":"ns.","address":"::1@53","since":"2026-11-21T20:00:00Z"}]}}})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(LedgerJson, ALedgerThatIsHalfRightIsNone) {
  ASSERT_TRUE(ledger_from_json(sound));
  const std::pair<const char*, const char*> wrong[] = {
      {"\"version\":2", "\"version\":0"},
      {"\"version\":2,", ""},
      {"\"owners\"", "\"owner\""},
      {"\"a.\"", "\"a..b\""},
      {"\"records\"", "\"record\""},
      {"\"record\":\"3 1 1 00\"", "\"record\":\"3 1 1 0\""},
      {"\"record\":\"3 1 1 00\"", "\"record\":5"},
      {"\"record\":\"3 1 1 00\"", "\"record\":\"3 1 1 02\""},  // out of order
      {"\"record\":\"3 1 1 00\"", "\"record\":\"3 1 1 01\""},  // twice
      {"\"owned\":true", "\"owned\":1"},
      {"\"owned\":true,", ""},
      {"\"ttl_bound\":60", "\"ttl_bound\":-1"},
      {"\"ttl_bound\":60", "\"ttl_bound\":4294967296"},
      {"\"ttl_bound\":60", "\"ttl_bound\":\"60\""},
      {"\"ttl_bound\":60,", ""},
      {"2026-11-21T20:00:00Z\"}", "yesterday\"}"},
      {"\"published_at\":\"2026-11-21T20:00:00Z\"", "\"published_at\":null"},
      {"{\"ttl\":60},{\"ttl\":300}", "{\"ttl\":300},{\"ttl\":60}"},
      {"\"ttls\"", "\"ttl\""},
      {"\"wall\"", "\"wal\""},
      {"\"boot_id\":\"b\",", ""},
      {"\"uptime\":5", "\"uptime\":-5"},
      {"\"uptime\":5", "\"uptime\":9223372036854775807"},  // would overflow in a difference
      {"{\"ttl\":300}", "300"},
      {"\"key_type\":\"rsa\"", "\"key_type\":3"},
      {"\"service\":\"c\"", "\"service\":\"b\""},  // twice
      {"\"service\":\"c\"", "\"service\":7"},
      {"\"wanters\":[", "\"wanters\":[5,"},
      {",\"since\":\"2026-11-21T20:00:00Z\"", ""},
  };
  for (const auto& [from, to] : wrong) {
    const auto read = ledger_from_json(with(sound, from, to));
    ASSERT_FALSE(read) << from << " -> " << to;
    EXPECT_EQ(read.error().code, ErrorCode::bad_data);
  }
  const std::string text = sound;
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(ledger_from_json(text.substr(0, length))) << length;
  EXPECT_EQ(ledger_from_json("\xEF\xBB\xBF{\n \"version\": 1,\n oops").error().text().substr(0, 22),
            ":3: is not a ledger: s");
}

// What it does not say is not made up: the planner takes it for the worst.
TEST(LedgerJson, OfVersion1IsRead) {
  const auto read = ledger_from_json(
      R"({"version":1,"last_run":{"wall":"2026-11-21T20:00:00Z","boot_id":"b","uptime":5},"owners":{"a.":)"
      R"({"records":[{"record":"3 1 1 00","owned":true,"ttl_bound":60,"seen_everywhere_at":"2026-11-21T20:00:00Z"}],)"
      R"("ttls":[{"ttl":60}]}}})");
  ASSERT_TRUE(read) << read.error().text();
  const auto& owner = read->owners.at(name("a."));
  EXPECT_EQ(owner.watched_since, std::nullopt);
  EXPECT_EQ(owner.last_look, std::nullopt);
  EXPECT_EQ(owner.records.at(0).watched_since, std::nullopt);
  EXPECT_TRUE(owner.records.at(0).wanters.empty());
  EXPECT_EQ(read->last_run->machine, "");
  EXPECT_NE(to_json(*read).find("\"version\":2"), std::string::npos);
}

const auto add_owner = [](const std::string& owner) {
  return [owner](Ledger& ledger) { ledger.owners[name(owner)].at({{}, Bytes(32, 1)}).owned = true; };
};

TEST(LedgerFile, IsMadeForItsOwnerAlone) {
  const Folder folder;
  const auto state = folder / "deep/er/state";
  const auto file = LedgerFile::open(state, ignored);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(file->change(add_owner("a.")));
  for (const char* made : {"deep", "deep/er", "deep/er/state"}) EXPECT_EQ(folder.mode(made), 0700U) << made;
  EXPECT_EQ(folder.mode("deep/er/state/ledger.json"), 0600U);
  EXPECT_EQ(LedgerFile::open(state, ignored)->load()->owners.size(), 1U);
  EXPECT_EQ(LedgerFile::peek(state, ignored).owners.size(), 1U);
}

TEST(LedgerFile, LookingAtStateThatIsNotThereMakesNone) {
  const Folder folder;
  EXPECT_EQ(LedgerFile::peek(folder / "state", ignored), Ledger{});
  EXPECT_EQ(folder.names(), "");
}

TEST(LedgerFile, LinksAreRefused) {
  const Folder folder;
  const auto elsewhere = folder.write("elsewhere", sound);
  const auto state = folder / "state";
  ASSERT_TRUE(LedgerFile::open(state, ignored));
  ASSERT_EQ(::symlink(elsewhere.c_str(), (state + "/ledger.json").c_str()), 0);
  EXPECT_EQ(LedgerFile::open(state, ignored)->load().error().code, ErrorCode::unreadable);
  ASSERT_EQ(::unlink((state + "/ledger.json").c_str()), 0);
  ASSERT_EQ(::link(elsewhere.c_str(), (state + "/ledger.json").c_str()), 0);
  EXPECT_EQ(LedgerFile::open(state, ignored)->change(add_owner("a.")).error().code, ErrorCode::unreadable);
  EXPECT_EQ(folder.read("elsewhere"), sound);
  ASSERT_EQ(::symlink(state.c_str(), (folder / "link").c_str()), 0);
  EXPECT_EQ(LedgerFile::open(folder / "link", ignored).error().code, ErrorCode::unreadable);
}

TEST(LedgerFile, StateThatOthersMayWriteIsRefused) {
  const Folder folder;
  ASSERT_TRUE(LedgerFile::open(folder / "state", ignored));
  ASSERT_EQ(::chmod((folder / "state").c_str(), 0777), 0);
  EXPECT_EQ(LedgerFile::open(folder / "state", ignored).error().code, ErrorCode::unreadable);
}

TEST(LedgerFile, WhereNothingCanBeWrittenIsAnError) {
  EXPECT_EQ(LedgerFile::open("/proc/tlsa-update", ignored).error().code, ErrorCode::unreadable);
}

TEST(LedgerFile, ABrokenOneIsPutAsideAndANewOneBegun) {
  const Folder folder;
  const auto file = LedgerFile::open(folder.text(), ignored);
  folder.write("ledger.json", "{\"version\":1,");
  EXPECT_EQ(LedgerFile::peek(folder.text(), ignored), Ledger{});
  EXPECT_EQ(folder.names(), "ledger.json");  // looking changes nothing
  ASSERT_TRUE(file->change(add_owner("a.")));
  EXPECT_EQ(folder.read("ledger.json.broken"), "{\"version\":1,");
  EXPECT_EQ(file->load()->owners.size(), 1U);
}

TEST(LedgerFile, OfANewerProgramIsRefusedAndKept) {
  const Folder folder;
  const auto file = LedgerFile::open(folder.text(), ignored);
  const auto newer = with(sound, "\"version\":2", "\"version\":3");
  folder.write("ledger.json", newer);
  const auto refused = file->change(add_owner("a."));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unreadable);
  EXPECT_NE(refused.error().text().find("ledger.json: is a ledger of version 3, of a newer tlsa-update"),
            std::string::npos)
      << refused.error().text();
  EXPECT_EQ(folder.read("ledger.json"), newer);
}

TEST(LedgerFile, TwoProcessesLoseNothingOfEachOther) {
  const Folder folder;
  constexpr int children = 2;
  constexpr int changes = 20;
  for (int child = 0; child < children; ++child) {
    if (::fork() != 0) continue;
    const auto file = LedgerFile::open(folder.text(), ignored);
    bool all = file.has_value();
    for (int i = 0; all && i < changes; ++i)
      all = file->change(add_owner("c" + std::to_string(child) + "n" + std::to_string(i) + ".")).has_value();
    ::_exit(all ? 0 : 1);
  }
  for (int child = 0; child < children; ++child) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(LedgerFile::open(folder.text(), ignored)->load()->owners.size(),
            static_cast<std::size_t>(children * changes));
}

TEST(RunLock, IsHeldByOneAtATime) {
  const Folder folder;
  {
    const auto first = RunLock::take(folder.text());
    ASSERT_TRUE(first);
    const auto second = RunLock::take(folder.text());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::not_yet);
  }
  EXPECT_TRUE(RunLock::take(folder.text()));
}

TEST(SecretFile, OfOthersIsRefusedWhateverTheyMayDo) {
  const Folder folder;
  for (const unsigned mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U}) {
    const auto refused = read_secret_file(folder.write("key", "x", mode), 100);
    ASSERT_FALSE(refused) << mode;
    EXPECT_EQ(refused.error().code, ErrorCode::unreadable);
    EXPECT_EQ(refused.error().advice, "chmod 600 it");
  }
  for (const unsigned mode : {0600U, 0400U})
    EXPECT_TRUE(read_secret_file(folder.write("key", "x", mode), 100));
}

TEST(SecretFile, OfSystemdIsPrivateWhateverItsModeShows) {  // systemd.exec(5): guarded by an ACL
  const Folder folder;
  const auto path = folder.write("tsig.key", "x", 0440);
  EXPECT_FALSE(read_secret_file(path, 100));
  ::setenv("CREDENTIALS_DIRECTORY", folder.text().c_str(), 1);
  EXPECT_TRUE(read_secret_file(path, 100));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(SecretFile, IsReadToItsLimitAndNoFurther) {
  const Folder folder;
  EXPECT_FALSE(read_secret_file(folder.write("key", std::string(101, 'x')), 100));
  EXPECT_FALSE(read_secret_file(folder.text(), 100));
  EXPECT_FALSE(read_secret_file(folder / "missing", 100));
}

TEST(Passphrase, IsTheFirstLine) {
  const Folder folder;
  const auto secret = read_passphrase(folder.write("p", "open sesame\r\nmore"));
  ASSERT_TRUE(secret && *secret);
  EXPECT_EQ((*secret)->size(), std::string("open sesame").size());
  EXPECT_FALSE(*read_passphrase(""));
  EXPECT_EQ(read_passphrase(folder / "missing").error().code, ErrorCode::unreadable);
  EXPECT_EQ(read_passphrase(folder.write("open", "x", 0644)).error().code, ErrorCode::unreadable);
}

}  // namespace ledger_test
}  // namespace tlsa_update::state
