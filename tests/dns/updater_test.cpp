// The updater against a primary that applies UPDATEs, and one that loses, delays, skips or forges.
#include "tlsa_update/dns/updater.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_primary.hpp"

namespace tlsa_update::dns {
namespace updater_test {

using namespace test;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Kind = ChangeOutcome::Kind;

constexpr std::uint64_t noon = 1'795'300'000;
constexpr std::uint8_t opcode_update = 5;

std::string owner_text(int i) { return "_25._tcp.h" + std::to_string(i) + ".example."; }
Name owner(int i) { return name(owner_text(i)); }

// An RRset that is not there yet: "3 1 1 aa" is added.
RrsetChange first(int i) { return {owner(i), {}, {}, tlsa({"3 1 1 aa"}), 300}; }

class Updater : public testing::Test {
 protected:
  Updater() { primary.serve("example", {"mx.example. 300 A 192.0.2.1"}, true); }

  std::vector<ChangeOutcome> apply(std::vector<RrsetChange> changes) {
    ScriptedServer server(io, primary.script());
    ExchangeOptions options;
    options.server = server.name();
    options.timeout = timeout;
    options.retries = 0;
    options.key = tsig_key;
    options.clock = [] { return noon; };
    options.sign_queries = sign_queries;
    Exchange exchange(io.get_executor(), options);
    if (asks_first) (void)run(io, exchange.query({name("example"), type::soa}));
    how.progress = [this](std::size_t done, std::size_t total) { steps.emplace_back(done, total); };
    auto outcomes = run(io, dns::apply(exchange, name("example"), std::move(changes), how));
    for (const auto& request : server.requests()) {
      updates += request.message.opcode == opcode_update ? 1 : 0;
      questions += request.message.questions.at(0).type == type::tlsa ? 1 : 0;
    }
    return outcomes;
  }

  // Does with the n-th UPDATE, from 1, what `act` says; everything else goes its way.
  void on_update(std::function<std::optional<Reply>(int, const Received&)> act) {
    primary.misbehave = [act = std::move(act),
                         n = 0](const Received& request) mutable -> std::optional<Reply> {
      if (request.message.opcode != opcode_update) return {};
      return act(++n, request);
    };
  }

  std::shared_ptr<const TsigKey> tsig_key = key();
  FakePrimary primary{tsig_key, [] { return noon; }};
  boost::asio::io_context io;
  bool sign_queries = true, asks_first = false;
  int updates = 0, questions = 0;
  std::chrono::milliseconds timeout{400};  // what a lost reply costs
  ApplyOptions how;
  std::vector<std::pair<std::size_t, std::size_t>> steps;
};

std::vector<Kind> kinds(const std::vector<ChangeOutcome>& outcomes) {
  std::vector<Kind> result;
  for (const auto& outcome : outcomes) result.push_back(outcome.kind);
  return result;
}

TEST_F(Updater, ChangesOfOneZoneTravelTogetherAndAreReadBack) {
  primary.add(owner_text(2) + " 300 TLSA 3 1 1 aa");
  const RrsetChange second{owner(2), rrset(300, {"3 1 1 aa"}), {}, tlsa({"3 1 1 bb"}), 300};
  const RrsetChange last{owner(3), rrset(300, {"3 1 1 cc"}), tlsa({"3 1 1 cc"}), {}, 300};
  primary.add(owner_text(3) + " 300 TLSA 3 1 1 cc");
  const auto outcomes = apply({first(1), second, last});
  ASSERT_THAT(kinds(outcomes), ElementsAre(Kind::applied, Kind::applied, Kind::applied));
  EXPECT_EQ(outcomes[0].owner, owner(1));
  EXPECT_EQ(outcomes[0].after, rrset(300, {"3 1 1 aa"}));
  EXPECT_TRUE(outcomes[0].has_rrsig);
  EXPECT_EQ(outcomes[1].after, rrset(300, {"3 1 1 aa", "3 1 1 bb"}));
  EXPECT_EQ(outcomes[2].after, std::nullopt);
  EXPECT_EQ(updates, 1);
}

TEST_F(Updater, AnRrsetMovesToAnotherTtl) {
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 aa");
  const auto outcomes =
      apply({{owner(1), rrset(300, {"3 1 1 aa"}), tlsa({"3 1 1 aa"}), tlsa({"3 1 1 aa"}), 7200}});
  EXPECT_EQ(outcomes.at(0).after, rrset(7200, {"3 1 1 aa"}));
  EXPECT_EQ(outcomes.at(0).kind, Kind::applied);
}

TEST_F(Updater, ATtlThatTheServerDoesNotGrantIsNoFailure) {  // BIND, max-zone-ttl
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 aa");
  on_update([&](int, const Received& request) -> std::optional<Reply> {
    return primary.reply(request, answer_to(request));
  });
  const auto outcomes =
      apply({{owner(1), rrset(300, {"3 1 1 aa"}), tlsa({"3 1 1 aa"}), tlsa({"3 1 1 aa"}), 7200}});
  EXPECT_EQ(outcomes.at(0).kind, Kind::applied);
  EXPECT_EQ(outcomes.at(0).after, rrset(300, {"3 1 1 aa"}));
}

TEST_F(Updater, ATtlThatWasLostIsSentOnceMore) {
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 aa");
  on_update([&](int n, const Received&) { return n == 1 ? std::optional(silence()) : std::nullopt; });
  const auto outcomes =
      apply({{owner(1), rrset(300, {"3 1 1 aa"}), tlsa({"3 1 1 aa"}), tlsa({"3 1 1 aa"}), 7200}});
  EXPECT_EQ(outcomes.at(0).after, rrset(7200, {"3 1 1 aa"}));
  EXPECT_EQ(updates, 2);
}

TEST_F(Updater, ManyChangesFillSeveralMessages) {
  std::vector<RrsetChange> changes;
  for (int i = 0; i < 100; ++i) {
    changes.push_back(first(i));
    changes.back().add[0].data.resize(2000);  // a whole certificate
  }
  const auto outcomes = apply(changes);
  EXPECT_THAT(kinds(outcomes), AllOf(SizeIs(100), Each(Kind::applied)));
  EXPECT_EQ(updates, 4);  // 65,535 octets hold 31 of them
  ASSERT_THAT(steps, SizeIs(100));
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], (std::pair{i + 1, std::size_t{100}}));
}

std::vector<RrsetChange> many(int count) {
  std::vector<RrsetChange> changes;
  for (int i = 0; i < count; ++i) changes.push_back(first(i));
  return changes;
}

TEST_F(Updater, AMessageStaysSmallEnoughForBind) {
  timeout = long_enough;
  EXPECT_THAT(kinds(apply(many(501))), AllOf(SizeIs(501), Each(Kind::applied)));
  EXPECT_EQ(updates, 3);
}

TEST_F(Updater, ManyChangesOfATransferredZoneAreReadBackByATransfer) {
  timeout = long_enough;
  how.transferable_records = 200;
  const auto outcomes = apply(many(60));
  EXPECT_THAT(kinds(outcomes), AllOf(SizeIs(60), Each(Kind::applied)));
  EXPECT_EQ(outcomes[59].after, rrset(300, {"3 1 1 aa"}));
  EXPECT_TRUE(outcomes[59].has_rrsig);
  EXPECT_EQ(questions, 0);
}

TEST_F(Updater, FewChangesOfALargeZoneAreAskedFor) {
  timeout = long_enough;
  how.transferable_records = 1'000'000;
  EXPECT_THAT(kinds(apply(many(60))), Each(Kind::applied));
  EXPECT_EQ(questions, 60);
}

TEST_F(Updater, ATransferThatIsRefusedMeanwhileIsNoFailure) {
  timeout = long_enough;
  how.transferable_records = 200;
  primary.refused_types = {type::axfr};
  EXPECT_THAT(kinds(apply(many(60))), AllOf(SizeIs(60), Each(Kind::applied)));
  EXPECT_EQ(questions, 60);
}

TEST_F(Updater, WhatATransferDoesNotShowIsDisproved) {
  timeout = long_enough;
  how.transferable_records = 200;
  primary.add(owner_text(7) + " 300 CNAME mx.example.");
  const auto outcomes = apply(many(60));
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    EXPECT_EQ(outcomes[i].kind, i == 7 ? Kind::failed : Kind::applied) << i;
}

TEST_F(Updater, StoppedMidwayWhatWasSentIsReadBackAndTheRestIsNot) {
  timeout = long_enough;
  how.is_stopped = [this] { return steps.size() >= 250; };
  const auto outcomes = apply(many(1000));
  const auto sent = std::count_if(outcomes.begin(), outcomes.end(),
                                  [](const auto& outcome) { return outcome.kind == Kind::applied; });
  const auto left = std::count_if(outcomes.begin(), outcomes.end(),
                                  [](const auto& outcome) { return outcome.kind == Kind::not_sent; });
  EXPECT_EQ(sent, updates * 250);
  EXPECT_LT(updates, 4);
  EXPECT_EQ(sent + left, 1000);
}

TEST_F(Updater, OneThatMovedIsToldAndTheOthersGoOn) {  // RFC 2136 section 3.2: all or nothing
  primary.add(owner_text(2) + " 300 TLSA 3 1 1 bb");
  const auto outcomes = apply({first(1), first(2), first(3)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::applied, Kind::moved, Kind::applied));
  EXPECT_EQ(outcomes[1].after, rrset(300, {"3 1 1 bb"}));
  EXPECT_EQ(updates, 2);
}

TEST_F(Updater, WhatAnotherWriterHasDoneAlreadyIsApplied) {
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 aa");
  EXPECT_THAT(kinds(apply({first(1), first(2)})), ElementsAre(Kind::applied, Kind::applied));
}

// A server may compare prerequisites with other data than it answers: PowerDNS, a view, a wildcard.
TEST_F(Updater, WithoutAVisibleMoverTheHalvesAreTried) {
  how.time_to_appear = std::chrono::milliseconds(20);
  on_update([&](int, const Received& request) -> std::optional<Reply> {
    for (const auto& record : request.message.answer) {
      if (record.owner == owner(5)) return primary.reply(request, answer_to(request, rcode::yxrrset));
    }
    return {};
  });
  std::vector<RrsetChange> changes;
  for (int i = 0; i < 16; ++i) changes.push_back(first(i));
  const auto outcomes = apply(changes);
  for (int i = 0; i < 16; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.kind, i == 5 ? Kind::failed : Kind::applied) << i;
  }
  EXPECT_EQ(outcomes[5].error->code, ErrorCode::protocol);
  EXPECT_THAT(outcomes[5].error->text(),
              AllOf(HasSubstr("YXRRSET"), HasSubstr("TLSA at _25._tcp.h5.example."),
                    HasSubstr("compares the prerequisite with other data")));
  EXPECT_EQ(updates, 9);  // 16; 8, 8; 4, 4; 2, 2; 1, 1
}

TEST_F(Updater, APrerequisiteThatEqualsTheAnswerAndFailsIsNoRace) {
  how.time_to_appear = std::chrono::milliseconds(20);
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 aa");
  on_update([&](int, const Received& request) {
    return primary.reply(request, answer_to(request, rcode::nxrrset));
  });
  const auto outcome = apply({{owner(1), rrset(300, {"3 1 1 aa"}), {}, tlsa({"3 1 1 bb"}), 300}}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::protocol);
  EXPECT_THAT(outcome.error->text(),
              AllOf(HasSubstr("NXRRSET"), HasSubstr("PowerDNS"), HasSubstr("forwards"),
                    HasSubstr("pdnsutil replace-rrset example _25._tcp.h1 TLSA 300 '3 1 1 aa'")));
  EXPECT_EQ(updates, 1);
}

TEST_F(Updater, WithUnsignedQueriesAnotherViewMayHaveAnswered) {
  how.time_to_appear = std::chrono::milliseconds(20);
  sign_queries = false;
  on_update([&](int n, const Received& request) {
    return primary.reply(request, answer_to(request, n == 1 ? rcode::yxrrset : rcode::noerror));
  });
  EXPECT_THAT(apply({first(1)}).at(0).error->text(), HasSubstr("leave that option out"));
  EXPECT_THAT(apply({first(1)}).at(0).error->text(),
              AllOf(HasSubstr("answers have not changed"), HasSubstr("leave that option out")));
}

// Inline signing: the change of another writer is in the zone, and answered a little later.
TEST_F(Updater, AMoverThatShowsLaterIsWaitedFor) {
  auto before = primary;
  before.misbehave = {};
  primary.add(owner_text(1) + " 300 TLSA 3 1 1 bb");
  int reads = 0;
  primary.misbehave = [&](const Received& request) -> std::optional<Reply> {
    if (request.message.opcode == opcode_update || ++reads > 3) return {};
    return primary.reply(request, before.handle(request));
  };
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::moved);
  EXPECT_EQ(outcome.after, rrset(300, {"3 1 1 bb"}));
}

TEST_F(Updater, APrimaryThatRefusesEveryPrerequisiteIsLeftAloneInTheEnd) {
  how.time_to_appear = std::chrono::milliseconds(20);
  on_update([&](int, const Received& request) {
    return primary.reply(request, answer_to(request, rcode::nxrrset));
  });
  std::vector<RrsetChange> changes;
  for (int i = 0; i < 64; ++i) changes.push_back(first(i));
  EXPECT_THAT(kinds(apply(changes)), AllOf(SizeIs(64), Each(Kind::failed)));
  EXPECT_LE(updates, 40);
}

TEST_F(Updater, NoerrorAtACnameIsDisproved) {  // RFC 2136 section 3.4.2.2
  primary.add(owner_text(1) + " 300 CNAME dane.example.");
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::protocol);
  EXPECT_THAT(outcome.error->text(), HasSubstr("alias of dane.example."));
}

TEST_F(Updater, ASilentSkipIsDisproved) {  // a policy that lets the message pass without one of its records
  on_update([&](int, const Received& request) {
    auto partial = request;
    std::erase_if(partial.message.authority, [](const auto& record) { return record.owner == owner(2); });
    return primary.reply(request, primary.handle(partial));
  });
  const auto outcomes = apply({first(1), first(2)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::applied, Kind::failed));
  EXPECT_EQ(outcomes[1].error->code, ErrorCode::protocol);
  EXPECT_THAT(outcomes[1].error->text(), HasSubstr("its answers have not changed"));
}

// Refuses a message for any owner that `is_forbidden`, as BIND's update-policy does.
auto policy(FakePrimary& primary, std::function<bool(const Name&)> is_forbidden) {
  return [&primary, is_forbidden](int, const Received& request) -> std::optional<Reply> {
    for (const auto& record : request.message.authority) {
      if (is_forbidden(record.owner)) return primary.reply(request, answer_to(request, rcode::refused));
    }
    return {};
  };
}

TEST_F(Updater, AnOwnerThatThePolicyForbidsIsNamedAndTheOthersAreDone) {
  timeout = long_enough;
  on_update(policy(primary, [](const Name& at) { return at == owner(177); }));
  const auto outcomes = apply(many(250));
  for (int i = 0; i < 250; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.kind, i == 177 ? Kind::failed : Kind::applied) << i;
  }
  EXPECT_EQ(outcomes[177].error->code, ErrorCode::refused);
  EXPECT_THAT(outcomes[177].error->text(), HasSubstr("may not change TLSA at _25._tcp.h177.example."));
  EXPECT_LE(updates, 60);
}

TEST_F(Updater, OfTwoTheOneThatIsAllowedIsDone) {
  on_update(policy(primary, [](const Name& at) { return at == owner(1); }));
  const auto outcomes = apply({first(1), first(2)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::failed, Kind::applied));
  EXPECT_EQ(updates, 3);
}

TEST_F(Updater, ForbiddenOwnersHereAndThereCostNoMoreThanAMessageForEachChange) {
  timeout = long_enough;
  std::set<Name> forbidden;
  for (int i = 0; i < 250; i += 3) forbidden.insert(owner(i));
  on_update(policy(primary, [&](const Name& at) { return forbidden.contains(at); }));
  const auto outcomes = apply(many(250));
  for (const auto& outcome : outcomes)
    EXPECT_EQ(outcome.kind, forbidden.contains(outcome.owner) ? Kind::failed : Kind::applied);
  EXPECT_LE(updates, 300);
}

TEST_F(Updater, TheFewThatAreAllowedAmongManyAreFound) {
  timeout = long_enough;
  on_update(policy(primary, [](const Name& at) { return at != owner(3) && at != owner(100); }));
  const auto outcomes = apply(many(250));
  for (int i = 0; i < 250; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.kind, i == 3 || i == 100 ? Kind::applied : Kind::failed) << i;
  }
  EXPECT_THAT(outcomes[7].error->text(), HasSubstr("may not change TLSA at _25._tcp.h7.example.;"));
  EXPECT_EQ(updates, 251);
}

TEST_F(Updater, AKeyThatMayChangeNothingIsTriedAtEachOwnerOfOneMessageOnly) {
  timeout = long_enough;
  on_update(policy(primary, [](const Name&) { return true; }));
  const auto outcomes = apply(many(750));
  EXPECT_THAT(kinds(outcomes), AllOf(SizeIs(750), Each(Kind::failed)));
  EXPECT_EQ(updates, 251 + 9 + 9);
}

// BIND: the 101st record of one owner, and nothing else in the message is done either.
TEST_F(Updater, AnOwnerThatTheServerFailsAtIsNamedAndTheOthersAreDone) {
  timeout = long_enough;
  on_update([&](int, const Received& request) -> std::optional<Reply> {
    for (const auto& record : request.message.authority) {
      if (record.owner == owner(5)) return primary.reply(request, answer_to(request, rcode::servfail));
    }
    return {};
  });
  const auto outcomes = apply(many(12));
  for (int i = 0; i < 12; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.kind, i == 5 ? Kind::failed : Kind::applied) << i;
  }
  EXPECT_EQ(outcomes[5].error->code, ErrorCode::no_answer);
  EXPECT_THAT(outcomes[5].error->text(), AllOf(HasSubstr("SERVFAIL"), HasSubstr("_25._tcp.h5.example.;"),
                                               HasSubstr("see the server's log")));
}

// Knot and PowerDNS do not sign it. They have signed an answer with the key before, so the key is right.
TEST_F(Updater, AnUnsignedRefusalOfAKeyThatIsKnownIsDividedAsWell) {
  timeout = long_enough;
  asks_first = true;
  on_update([&](int, const Received& request) -> std::optional<Reply> {
    for (const auto& record : request.message.authority) {
      if (record.owner == owner(5)) return say(encode(answer_to(request, rcode::notauth)));
    }
    return {};
  });
  const auto outcomes = apply(many(12));
  for (int i = 0; i < 12; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_EQ(outcome.kind, i == 5 ? Kind::failed : Kind::applied) << i;
  }
  EXPECT_THAT(outcomes[5].error->text(),
              HasSubstr("its policy does not let the key change TLSA at _25._tcp.h5."));
}

TEST_F(Updater, AKeyThatMayChangeNothingHasOneError) {
  timeout = long_enough;
  on_update(policy(primary, [](const Name&) { return true; }));
  const auto outcomes = apply(many(250));
  EXPECT_THAT(kinds(outcomes), AllOf(SizeIs(250), Each(Kind::failed)));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error->text(), outcomes[0].error->text());
  EXPECT_THAT(outcomes[0].error->text(), HasSubstr("_25._tcp.h0.example. and 249 more"));
  EXPECT_THAT(steps, SizeIs(250));
}

TEST_F(Updater, StoppedWhileOwnersAreTriedAloneTheRestIsNotSent) {
  timeout = long_enough;
  on_update(policy(primary, [](const Name& at) { return at == owner(1); }));
  int asked = 0;
  how.is_stopped = [&] { return ++asked > 3; };
  const auto outcomes = apply(many(100));
  const auto count = [all = kinds(outcomes)](Kind kind) { return std::count(all.begin(), all.end(), kind); };
  EXPECT_EQ(count(Kind::applied), 2);
  EXPECT_EQ(count(Kind::not_sent), 98);
  EXPECT_EQ(updates, 3);
}

TEST_F(Updater, ARefusalOfTheKeyIsTheErrorOfEveryChangeInTheMessage) {  // Knot's policy speaks so as well
  on_update([&](int, const Received& request) {
    return say(tsig_error_answer(request, *tsig_key, 17));  // BADKEY
  });
  const auto outcomes = apply({first(1), first(2)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::failed, Kind::failed));
  EXPECT_EQ(outcomes[0].error->code, ErrorCode::refused);
  EXPECT_EQ(outcomes[0].error->text(), outcomes[1].error->text());
  EXPECT_EQ(updates, 1);
}

// RFC 8945 section 5.4: nobody has signed it, so it proves nothing.
TEST_F(Updater, WhatBecameOfChangesBehindAnUnsignedRefusalIsTold) {
  on_update([&](int, const Received& request) {
    (void)primary.handle(request);
    return say(encode(answer_to(request, rcode::refused)));
  });
  const auto outcomes = apply({first(1), first(2)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::failed, Kind::failed));
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome.error->code, ErrorCode::refused);
    EXPECT_THAT(outcome.error->advice, HasSubstr("the change has been made all the same"));
    EXPECT_EQ(outcome.after, rrset(300, {"3 1 1 aa"}));
  }
  EXPECT_EQ(updates, 1);
}

TEST_F(Updater, AnUnsignedRefusalOfWhatWasNotDoneRaisesNoDoubt) {
  on_update([](int, const Received& request) { return say(encode(answer_to(request, rcode::notauth))); });
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::refused);
  EXPECT_THAT(outcome.error->advice, Not(HasSubstr("the change")));
}

// RFC 2136 sections 3.5 and 5: the reply was lost, and reading back resolves it.
TEST_F(Updater, ALostReplyToAnUpdateThatWasAppliedIsNotSentAgain) {
  on_update([&](int, const Received& request) {
    (void)primary.handle(request);
    return silence();
  });
  EXPECT_THAT(kinds(apply({first(1), first(2)})), ElementsAre(Kind::applied, Kind::applied));
  EXPECT_EQ(updates, 1);
  EXPECT_EQ(primary.serial(name("example")), 2U);
}

TEST_F(Updater, AnUpdateThatWasLostIsSentOnceMore) {
  on_update([&](int n, const Received&) { return n == 1 ? std::optional(silence()) : std::nullopt; });
  const auto outcomes = apply({first(1), first(2)});
  EXPECT_THAT(kinds(outcomes), ElementsAre(Kind::applied, Kind::applied));
  EXPECT_TRUE(outcomes[0].is_in_doubt);  // the first message may still come, and find all as it was before
  EXPECT_EQ(updates, 2);
  EXPECT_FALSE(apply({first(3)}).at(0).is_in_doubt);
}

TEST_F(Updater, OneThatIsAppliedLateMeetsItsOwnPrerequisite) {  // Knot, behind an open control transaction
  std::optional<Received> held;
  on_update([&](int n, const Received& request) -> std::optional<Reply> {
    if (n == 1) {
      held = request;
      return silence();
    }
    (void)primary.handle(*held);
    return {};
  });
  EXPECT_THAT(kinds(apply({first(1)})), ElementsAre(Kind::applied));
  EXPECT_EQ(primary.tlsa_at(owner(1)), rrset(300, {"3 1 1 aa"}));
  EXPECT_EQ(updates, 2);
}

TEST_F(Updater, TwoLostRepliesAreNoAnswerAndSaySo) {
  on_update([](int, const Received&) { return silence(); });
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::no_answer);
  EXPECT_THAT(outcome.error->text(), HasSubstr("may still apply it"));
  EXPECT_TRUE(outcome.is_in_doubt);
  EXPECT_EQ(updates, 2);
}

TEST_F(Updater, WhatToDoAboutAForwarderIsToldBesides) {
  on_update([&](int, const Received& request) {
    return say(tsig_error_answer(request, *tsig_key, 17, rcode::servfail));  // BADKEY
  });
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.error->code, ErrorCode::no_answer);
  EXPECT_THAT(outcome.error->advice, AllOf(HasSubstr("--server"), HasSubstr("may still apply it")));
}

TEST_F(Updater, AForgedNoerrorIsNoSuccess) {  // RFC 8945 section 5.4
  on_update([](int, const Received& request) { return say(encode(answer_to(request))); });
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::protocol);
  EXPECT_THAT(outcome.error->advice, HasSubstr("unchanged now"));
}

TEST_F(Updater, WhatBecameOfAChangeBehindAForgedAnswerIsTold) {
  on_update([&](int, const Received& request) {
    (void)primary.handle(request);
    return say(encode(answer_to(request)));
  });
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::protocol);
  EXPECT_THAT(outcome.error->advice, HasSubstr("made all the same"));
}

// A secondary says NOERROR once its primary has, and follows when it is told to.
class ForwardedUpdate : public Updater {
 protected:
  ForwardedUpdate() {
    primary.add("ns.example. 300 A 192.0.2.53");  // whom the SOA names
    primary.misbehave = [this](const Received& request) -> std::optional<Reply> {
      if (request.message.opcode == opcode_update) {
        forwarded = request;
        return primary.reply(request, answer_to(request));
      }
      const bool is_asked_for_its_primary = request.message.questions.at(0).type == type::soa;
      if (follows && is_asked_for_its_primary) (void)primary.handle(*forwarded);
      return {};
    };
    how.time_to_follow = std::chrono::milliseconds(300);
  }
  std::optional<Received> forwarded;
  bool follows = false;
};

TEST_F(ForwardedUpdate, ShowsOnceTheSecondaryFollows) {
  follows = true;
  EXPECT_THAT(kinds(apply({first(1), first(2)})), ElementsAre(Kind::applied, Kind::applied));
  EXPECT_EQ(updates, 1);
}

TEST_F(ForwardedUpdate, ThatIsNotSeenAfterALongerWaitSaysWhy) {
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.error->code, ErrorCode::protocol);
  EXPECT_THAT(outcome.error->text(), AllOf(HasSubstr("forwarded"), HasSubstr("--server")));
  EXPECT_EQ(updates, 1);
}

TEST_F(ForwardedUpdate, WhoIsThePrimaryIsDisproved) {
  primary.add("ns.example. 300 A 127.0.0.1");
  EXPECT_EQ(apply({first(1)}).at(0).error->code, ErrorCode::protocol);
}

TEST_F(Updater, AnswersThatLagBehindInlineSigningAreWaitedFor) {
  auto before = primary;
  before.misbehave = {};
  int reads = 0;
  primary.misbehave = [&](const Received& request) -> std::optional<Reply> {
    if (request.message.opcode == opcode_update || request.message.questions.at(0).type != type::tlsa)
      return {};
    if (++reads > 4) return {};
    return primary.reply(request, before.handle(request));
  };
  EXPECT_THAT(kinds(apply({first(1)})), ElementsAre(Kind::applied));
  EXPECT_EQ(reads, 5);
}

TEST_F(Updater, ASignatureThatLagsIsWaitedFor) {
  int reads = 0;
  primary.misbehave = [&](const Received& request) -> std::optional<Reply> {
    if (request.message.opcode == opcode_update || request.message.questions.at(0).type != type::tlsa)
      return {};
    if (++reads > 3) return {};
    auto message = primary.handle(request);
    std::erase_if(message.answer, [](const auto& record) { return record.type == type::rrsig; });
    return primary.reply(request, message);
  };
  const auto outcome = apply({first(1)}).at(0);
  EXPECT_EQ(outcome.kind, Kind::applied);
  EXPECT_TRUE(outcome.has_rrsig);
  EXPECT_EQ(reads, 4);
}

TEST_F(Updater, AnOwnerOutsideTheZoneIsNeverSent) {  // RFC 2136 section 2.3
  auto change = first(1);
  change.owner = name("_25._tcp.mx.test");
  EXPECT_EQ(apply({change}).at(0).error->code, ErrorCode::internal);
  EXPECT_EQ(updates, 0);
}

}  // namespace updater_test
}  // namespace tlsa_update::dns
