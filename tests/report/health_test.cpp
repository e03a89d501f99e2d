// What monitoring is told, and what doctor's findings come to.
#include "tlsa_update/report/health.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

namespace tlsa_update::report {
namespace health_test {

Name name(const std::string& text) { return *Name::parse(text); }
constexpr Time noon{Seconds(1'800'000'000)};
constexpr std::chrono::days day{1};

Presented served(Time not_after, bool matches = true) {
  Presented presented;
  presented.address = "192.0.2.9";
  presented.key_type = KeyType::ecdsa;
  presented.outcome = ProbeOutcome::served;
  Certificate leaf;
  leaf.not_after = not_after;
  leaf.spki.sha2_256.fill(matches ? 1 : 2);
  presented.chain = {leaf};
  return presented;
}

Presented silent(ProbeOutcome outcome = ProbeOutcome::unreachable) {
  Presented presented;
  presented.address = "2001:db8::9";
  presented.outcome = outcome;
  presented.detail = "connection refused | by \"peer\"\n\x1b[31m";
  return presented;
}

// One service with one record in a secure zone.
Findings found(std::vector<Presented> presented) {
  Findings findings;
  ZoneView zone;
  zone.apex = name("example.com");
  zone.is_signed = true;
  OwnerView view;
  view.asked = view.owner = name("_25._tcp.mail.example.com");
  view.rrset = Rrset{3600, {{{}, Bytes(32, 1)}}};
  zone.owners = {view};
  findings.zones = {zone};
  findings.evidence = {{{name("mail.example.com"), 25, Protocol::tcp}, std::move(presented), true, true}};
  findings.dnssec = dns::Dnssec::secure;
  return findings;
}

std::string line_of(const Findings& findings, const Alarms& alarms = {}) {
  return monitor_line(judge_health(findings, alarms, noon));
}
std::string metrics_of(const Findings& findings) {
  return metrics_text(findings, judge_health(findings, {}, noon), noon);
}
Level level_of(const Findings& findings) { return judge_health(findings, {}, noon).level(); }

TEST(Health, AMatchIsOneLineWithPerfdata) {
  EXPECT_EQ(line_of(found({served(noon + 90 * day), silent(ProbeOutcome::not_offered)})),
            "TLSA OK - 1 handshake matches | matching=1 mismatching=0 unreachable=0 days_left=90;14:;3:\n");
}

TEST(Health, AnOutageIsNotHiddenByAnAddressThatDoesNotAnswer) {
  EXPECT_EQ(level_of(found({served(noon + 90 * day, false), silent()})), Level::critical);
  EXPECT_EQ(level_of(found({served(noon + 5 * day), silent()})), Level::unknown);
}

TEST(Health, DnssecThatNobodyMayVouchForIsANoteAndNoAlarm) {
  auto findings = found({served(noon + 90 * day)});
  findings.dnssec = dns::Dnssec::unknown;
  EXPECT_EQ(line_of(findings),
            "TLSA OK - 1 handshake matches; DNSSEC was not checked: no resolver that may be trusted, and no "
            "--trust-anchor | matching=1 mismatching=0 unreachable=0 days_left=90;14:;3:\n");
}

TEST(Health, DnssecThatCouldNotBeAskedForIsUnknown) {
  auto findings = found({served(noon + 90 * day)});
  findings.dnssec = dns::Dnssec::unknown;
  findings.no_verdict = {ErrorCode::no_answer, "connection refused", "127.0.0.1@53", {}};
  const auto why = "DNSSEC was not checked: 127.0.0.1@53: connection refused";
  EXPECT_THAT(line_of(findings), testing::StartsWith("TLSA OK - 1 handshake matches; " + std::string(why)));
  Alarms alarms;
  alarms.expects_verdict = true;  // the administrator named a resolver
  EXPECT_THAT(line_of(findings, alarms), testing::StartsWith("TLSA UNKNOWN - " + std::string(why)));
}

// The endpoint, the planner and the server that was asked all find the same outage.
TEST(Health, AMismatchIsNamedOnce) {
  auto findings = found({served(noon + 90 * day, false)});
  ServerView server;
  server.name = "ns1.example.com.";
  server.reachable = true;
  server.rrsets = {{name("_25._tcp.mail.example.com"), Rrset{60, {{{}, Bytes(32, 1)}}}, true, true}};
  findings.zones.front().servers = {server};
  findings.troubles = {{ErrorCode::unsafe, "matches no published record", {}, {}, Topic::outage}};
  EXPECT_EQ(line_of(findings),
            "TLSA CRITICAL - mail.example.com.:25 192.0.2.9 (ecdsa) matches no published record (put the "
            "old certificate back, or publish the new one's record: tlsa-rollover(7), RECOVERY) | matching=0 "
            "mismatching=1 unreachable=0 days_left=90;14:;3:\n");
}

TEST(Health, WhatThePlannerAloneFindsCriticalIsCritical) {
  auto findings = found({served(noon + 90 * day)});
  findings.troubles = {{ErrorCode::unsafe, "records 3 1 2 would match nothing", {}, {}}};
  EXPECT_EQ(level_of(findings), Level::critical);
}

TEST(Health, AnOutageDoesNotHideWhatElseThePlannerFindsCritical) {
  auto findings = found({served(noon + 90 * day, false)});
  findings.troubles = {{ErrorCode::unsafe, "matches no published record", {}, {}, Topic::outage},
                       {ErrorCode::unsafe, "records 3 1 2 would match nothing", {}, {}}};
  EXPECT_THAT(line_of(findings),
              testing::MatchesRegex(".*matches no published record .*RECOVERY.; records 3 1 2 would.*\n"));
}

TEST(Health, ANameThatCouldNotBeReadIsNotSaidToHaveNoRecord) {
  auto findings = found({served(noon + 90 * day)});
  findings.zones.clear();
  findings.evidence->front().has_records = false;
  findings.troubles = {{ErrorCode::no_answer, "connection refused", "192.0.2.1@53", {}}};
  EXPECT_EQ(line_of(findings),
            "TLSA UNKNOWN - 192.0.2.1@53: connection refused | matching=0 mismatching=0 unreachable=0 "
            "days_left=90;14:;3:\n");
}

TEST(Health, OfAChainThatNoRecordWasHeldAgainstNoMetricSaysHowItFared) {
  auto findings = found({served(noon + 90 * day, false)});
  EXPECT_NE(metrics_of(findings).find("tlsa_endpoint_dane_ok{"), std::string::npos);
  findings.zones.clear();
  EXPECT_EQ(metrics_of(findings).find("tlsa_endpoint_dane_ok{"), std::string::npos);
}

TEST(Health, WhatAPeerSaysStaysInItsLine) {
  const auto line = line_of(found({silent()}));
  EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 1);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Health, ExpiryCountsWholeDaysDownwards) {
  const auto days_left = [](Seconds left) {
    return judge_health(found({served(noon + left)}), {}, noon).days_left;
  };
  EXPECT_EQ(days_left(15 * day), 15);
  EXPECT_EQ(days_left(15 * day - Seconds(1)), 14);
  EXPECT_EQ(days_left(Seconds(-1)), -1);
  EXPECT_EQ(level_of(found({served(noon + 14 * day)})), Level::ok);
  EXPECT_EQ(level_of(found({served(noon + 14 * day - Seconds(1))})), Level::warning);
  EXPECT_EQ(level_of(found({served(noon + 3 * day - Seconds(1))})), Level::critical);
  for (const auto& [left, says] : std::initializer_list<std::pair<Seconds, const char*>>{
           {Seconds(-1), "expired today"},
           {-1 * day, "expired 1 day ago"},
           {-5 * day - Seconds(3600), "expired 5 days ago"},
           {-6 * day + Seconds(1), "expired 5 days ago"},
           {1 * day, "expires in 1 day"},
           {2 * day - Seconds(1), "expires in 1 day"},
           {2 * day, "expires in 2 days"}})
    EXPECT_THAT(line_of(found({served(noon + left)})), testing::HasSubstr(says));
}

TEST(Health, ACriticalLimitAboveTheOneOfTheWarningCounts) {
  Alarms alarms;
  alarms.critical_days = 365;
  const auto level = [&](Seconds left) {
    return judge_health(found({served(noon + left)}), alarms, noon).level();
  };
  EXPECT_EQ(level(90 * day), Level::critical);
  EXPECT_EQ(level(365 * day), Level::ok);
}

TEST(Health, AServerThatHasOnlyOtherRecordsIsAnOutageForItsClients) {
  auto findings = found({served(noon + 90 * day)});
  ServerView server;
  server.name = "ns2.example.com.";
  server.reachable = true;
  server.rrsets = {{name("_25._tcp.mail.example.com"), Rrset{60, {{{}, Bytes(32, 9)}}}, true, true}};
  findings.zones.front().servers = {server};
  EXPECT_EQ(level_of(findings), Level::critical);
  EXPECT_NE(line_of(findings).find("matching=0 mismatching=1"), std::string::npos);
  EXPECT_NE(metrics_of(findings).find("key_type=\"ecdsa\"} 0\n"), std::string::npos);  // one truth
}

TEST(Health, OneBadServerIsAWarningAndAllAreAnOutage) {
  auto findings = found({served(noon + 90 * day)});
  ServerView good;
  good.name = "ns1.example.com.";
  good.reachable = true;
  good.rrsets = {{name("_25._tcp.mail.example.com"), findings.zones[0].owners[0].rrset, true, true}};
  auto expired = good;
  expired.name = "ns2.example.com.";
  expired.rrsets[0].rrsig_valid = false;
  expired.rrsets[0].rrsig_fault = {SignatureFault::Kind::expired, noon - day};
  auto silent = good;
  silent.reachable = false;
  const auto level = [&](std::vector<ServerView> servers) {
    findings.zones.front().servers = std::move(servers);
    return level_of(findings);
  };
  EXPECT_EQ(level({good}), Level::ok);
  EXPECT_EQ(level({good, expired}), Level::warning);
  EXPECT_EQ(level({good, silent}), Level::warning);
  EXPECT_EQ(level({silent, expired}), Level::critical);
  findings.dnssec = Dnssec::insecure;  // nobody looks at its signatures
  EXPECT_EQ(level({expired}), Level::warning);
}

TEST(Health, AServiceWithoutTlsIsAnOutageWhereClientsFindItsRecords) {
  auto findings = found({silent(ProbeOutcome::no_tls)});
  EXPECT_THAT(line_of(findings), testing::MatchesRegex("TLSA CRITICAL - .*DANE clients do not deliver.*\n"));
  EXPECT_THAT(metrics_of(findings), testing::HasSubstr("tlsa_finding_level{finding=\"no-tls\"} 2\n"));
  EXPECT_THAT(metrics_of(findings), testing::ContainsRegex("tlsa_endpoint_dane_ok\\{[^}]*\\} 0\n"));
  findings.dnssec = Dnssec::insecure;
  EXPECT_EQ(level_of(findings), Level::unknown);
  findings.dnssec = Dnssec::secure;
  findings.zones.front().owners.front().rrset.reset();
  EXPECT_EQ(level_of(findings), Level::unknown);
}

TEST(Health, ThresholdsFollowTheLifetimeOfTheCertificate) {
  const auto level = [&](std::chrono::days lifetime, Seconds left, const Alarms& alarms = {}) {
    auto one = served(noon + left);
    one.chain.front().not_before = one.chain.front().not_after - lifetime;
    return judge_health(found({one}), alarms, noon).level();
  };
  const auto hour = Seconds(3600);
  EXPECT_EQ(level(90 * day, 14 * day), Level::ok);
  EXPECT_EQ(level(90 * day, 14 * day - Seconds(1)), Level::warning);
  EXPECT_EQ(level(90 * day, 3 * day - Seconds(1)), Level::critical);
  EXPECT_EQ(level(45 * day, 270 * hour), Level::ok);  // a quarter: 11 days and 6 hours
  EXPECT_EQ(level(45 * day, 270 * hour - Seconds(1)), Level::warning);
  EXPECT_EQ(level(45 * day, 3 * day - Seconds(1)), Level::critical);
  EXPECT_EQ(level(6 * day, 36 * hour), Level::ok);
  EXPECT_EQ(level(6 * day, 36 * hour - Seconds(1)), Level::warning);
  EXPECT_EQ(level(6 * day, 14 * hour - Seconds(1)), Level::critical);  // a tenth: 14 hours and 24 minutes
  Alarms given;
  given.warn_days = 5;
  EXPECT_EQ(level(6 * day, 5 * day - Seconds(1), given), Level::warning);
}

TEST(Health, OfADayOrLessHoursAreTold) {
  auto one = served(noon + Seconds(5 * 3600));
  one.chain.front().not_before = one.chain.front().not_after - 6 * day;
  EXPECT_THAT(line_of(found({one})), testing::HasSubstr("expires in 5 hours"));
  EXPECT_THAT(line_of(found({one})), testing::HasSubstr("days_left=0;1.5:;0.6:"));
}

TEST(Health, AnAddressThatIsAwayIsToldOnceForAllKindsOfKeys) {
  auto rsa = silent(), ecdsa = silent();
  ecdsa.key_type = KeyType::ecdsa;
  const auto health = judge_health(found({rsa, ecdsa}), {}, noon);
  EXPECT_EQ(health.remarks.size(), 1U);
  EXPECT_EQ(health.unreachable, 1U);
}

TEST(Health, AKeyWithoutItsRecordIsAWarning) {
  auto findings = found({served(noon + 90 * day)});
  RrsetPlan rrset;
  rrset.owner = rrset.asked = name("_25._tcp.mail.example.com");
  Step step;
  step.record = {{}, Bytes(32, 7)};
  step.state = RecordState::missing;
  step.credential = "/etc/mail.pem";
  rrset.steps = {step};
  findings.plan.zones = {{name("example.com"), {}, {rrset}}};
  EXPECT_THAT(line_of(findings),
              testing::MatchesRegex("TLSA WARNING - the key of /etc/mail.pem has no record.*"
                                    "run tlsa-update publish before.*\n"));
  EXPECT_THAT(metrics_of(findings),
              testing::HasSubstr("tlsa_records{owner=\"_25._tcp.mail.example.com.\",state=\"missing\"} 1\n"));
  EXPECT_THAT(metrics_of(findings), testing::HasSubstr("tlsa_finding_level{finding=\"unpublished\"} 1\n"));
}

TEST(Health, ATroubleIsAsBadAsItsTopicSays) {
  const auto level = [](Topic topic) {
    auto findings = found({served(noon + 90 * day)});
    findings.troubles = {{ErrorCode::no_answer, "no answer", "192.0.2.1@53", {}, topic}};
    return level_of(findings);
  };
  EXPECT_EQ(level(Topic::none), Level::unknown);
  EXPECT_EQ(level(Topic::bogus), Level::critical);
  EXPECT_EQ(level(Topic::primary), Level::warning);
}

TEST(Health, WhatMayNotBeReadIsANote) {
  auto findings = found({served(noon + 90 * day)});
  findings.not_readable = {{ErrorCode::unreadable, "Permission denied", "/k", {}, Topic::access}};
  EXPECT_THAT(line_of(findings),
              testing::StartsWith("TLSA OK - 1 handshake matches; /k: Permission denied |"));
}

TEST(Health, EveryFamilyOfMetricsIsThereWhenNothingCouldBeSeen) {
  const auto blind = metrics_of({}), seeing = metrics_of(found({served(noon + 90 * day)}));
  const auto families = [](const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("# TYPE ")) names.insert(line);
    return names;
  };
  EXPECT_EQ(families(blind), families(seeing));
  EXPECT_THAT(blind, testing::HasSubstr("tlsa_dnssec{verdict=\"unknown\"} 1\n"));
  EXPECT_THAT(blind, testing::HasSubstr("\ntlsa_last_verify_seconds 1800000000\n"));
}

TEST(Health, EveryFindingHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (const auto matter : all_matters) words.insert(text(matter));
  EXPECT_EQ(words.size(), all_matters.size());
}

TEST(Health, DnssecCounts) {
  auto findings = found({served(noon + 90 * day)});
  findings.dnssec = dns::Dnssec::bogus;
  EXPECT_EQ(level_of(findings), Level::critical);
  findings.dnssec = dns::Dnssec::insecure;
  EXPECT_EQ(level_of(findings), Level::warning);
  findings.dnssec = dns::Dnssec::unknown;
  EXPECT_EQ(level_of(findings), Level::ok);
}

TEST(Health, LabelsOfMetricsAreEscaped) {
  auto findings = found({served(noon + 90 * day)});
  ServerView server;
  server.name = "a\\\"\n";
  findings.zones.front().servers = {server};
  const auto text = metrics_of(findings);
  EXPECT_NE(text.find(R"(server="a\\\"\\x0a")"), std::string::npos) << text;
  EXPECT_NE(text.find("\ntlsa_endpoint_dane_ok{name=\"mail.example.com.\",address=\"192.0.2.9\",port=\"25\","
                      "key_type=\"ecdsa\"} 1\n"),
            std::string::npos)
      << text;
}

TEST(Diagnosis, TheMostSevereFailedCheckIsTheExitStatus) {
  Findings findings;
  findings.diagnosis.emplace();
  auto& checks = findings.diagnosis->checks;
  checks.push_back({"ttl", true, "", "shorter", ErrorCode::internal});
  EXPECT_EQ(exit_status_of(findings), 0);
  checks.push_back({"signed", false, "", "", ErrorCode::differences});
  checks.push_back({"update", false, "", "", ErrorCode::refused});
  checks.push_back({"nameserver", false, "", "", ErrorCode::no_answer});
  EXPECT_EQ(exit_status_of(findings), 77);
}

}  // namespace health_test
}  // namespace tlsa_update::report
