#include "tlsa_update/dns/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "pipeline.hpp"
#include "support/records.hpp"
#include "support/scripted_server.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "transfer.hpp"

namespace tlsa_update::dns {
namespace exchange_test {

using namespace test;  // NOLINT: the words of the script
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Outcome = UpdateOutcome::Kind;

constexpr std::uint64_t noon = 1'795'300'000;

class ExchangeTest : public testing::Test {
 protected:
  ExchangeOptions options(const ScriptedServer& server, Transport transport = Transport::tcp) {
    ExchangeOptions options;
    options.server = server.name();
    options.transport = transport;
    options.key = key_;
    options.timeout = 200ms;
    options.retries = 1;
    options.clock = [this] { return clock_; };
    return options;
  }
  Exchange exchange(const ScriptedServer& server, Transport transport = Transport::tcp) {
    return {io_.get_executor(), options(server, transport)};
  }
  Exchange unsigned_exchange(const ScriptedServer& server, Transport transport = Transport::tcp) {
    auto plain = options(server, transport);
    plain.key = nullptr;
    return {io_.get_executor(), plain};
  }
  // A host of several addresses, all of them at the port of `server`.
  Exchange exchange_at(const ScriptedServer& server, const std::vector<std::string>& addresses) {
    auto several = options(server);
    several.server.host = "ns.example.test";
    HostAddresses found;
    for (const auto& address : addresses) found.addresses.push_back(boost::asio::ip::make_address(address));
    several.look_up = [found](const std::string&) -> boost::asio::awaitable<Result<HostAddresses>> {
      co_return found;
    };
    return {io_.get_executor(), several};
  }
  Result<Message> ask(Exchange& exchange, const std::string& owner = "mx.example.test") {
    return run(io_, exchange.query({name(owner), type::a}));
  }
  UpdateOutcome change(Exchange& exchange) { return run(io_, exchange.update(one_change())); }

  static Update one_change() {
    RrsetChange change;
    change.owner = name("_25._tcp.mx.example.test");
    change.add = {TlsaRecord{{}, Bytes(32, 7)}};
    return {name("example.test"), {change}};
  }

  // The right answer, signed when the request was.
  Reply good(const Received& request, std::uint16_t code = rcode::noerror) const {
    return say(good_octets(request, code));
  }
  Bytes good_octets(const Received& request, std::uint16_t code = rcode::noerror) const {
    return signed_answer(request, answer_to(request, code), *key_, clock_);
  }

  // Has the client closed the connection, while its Exchange lives?
  bool hears_the_end(const ScriptedServer& server) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (server.left() == 0 && io_.run_one_until(deadline) > 0) continue;
    return server.left() > 0;
  }

  boost::asio::io_context io_;
  std::shared_ptr<const TsigKey> key_ = key();
  std::uint64_t clock_ = noon;
};

TEST_F(ExchangeTest, AQuestionIsSignedAndItsSignedAnswerCounts) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->rcode, rcode::noerror);
  EXPECT_EQ(answer->questions, (std::vector{Question{name("mx.example.test"), type::a}}));
  EXPECT_EQ(verify(server.requests().front().wire, *key_, {}, noon).verdict, TsigVerdict::good);
  EXPECT_EQ(to.address(), server.name().text());
}

// Keeps what is written, write by write, and answers nothing.
class Recorder final : public Stream {
 public:
  explicit Recorder(std::vector<Bytes>& writes) : writes_(writes) {}
  boost::asio::awaitable<Result<void>> connect(const Endpoint&) override { co_return Result<void>{}; }
  boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t>) override {
    co_return fail(ErrorCode::no_answer, "closed");
  }
  boost::asio::awaitable<Result<void>> write(ByteView octets) override {
    writes_.emplace_back(octets.begin(), octets.end());
    co_return Result<void>{};
  }
  void close() noexcept override {}
  bool peer_has_closed() noexcept override { return false; }

 private:
  std::vector<Bytes>& writes_;
};

// RFC 7766 section 8.
TEST_F(ExchangeTest, AMessageAndItsLengthAreOneWrite) {
  const Bytes message(40, 7);
  std::vector<Bytes> writes;
  const auto make = [&](std::uint16_t) { return Attempt({}, message); };
  const auto pipeline = std::make_shared<Pipeline>(io_.get_executor(), std::make_unique<Recorder>(writes),
                                                   Endpoint{}, Patience{200ms, [] { return noon; }});
  (void)run(io_, pipeline->carry(make));
  (void)run(io_, carry_transfer(std::make_unique<Recorder>(writes), {}, message, {}, 200ms));
  EXPECT_THAT(writes, ElementsAre(framed(message), framed(message)));
}

TEST_F(ExchangeTest, AConversationUsesOneConnection) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask(to));
  EXPECT_EQ(server.connections(), 1U);
}

// RFC 7766 section 6.2.1.1 and section 7.
TEST_F(ExchangeTest, AnswersOutOfOrderFindTheirQuestions) {
  Reply kept;
  ScriptedServer server(io_, [&](const Received& request) {
    Reply reply = good(request);
    if (request.number == 1) {
      kept = reply;
      return silence();
    }
    reply.push_back(kept.front());  // two messages in one segment, the older one last
    return reply;
  });
  auto to = exchange(server);
  std::vector<std::string> seen;
  const auto note = [&](std::string owner) -> boost::asio::awaitable<void> {
    const auto answer = co_await to.query({name(owner), type::a});
    seen.push_back(answer ? answer->questions.front().name.text() : answer.error().text());
  };
  for (const auto* owner : {"first.test", "second.test"})
    boost::asio::co_spawn(io_, note(owner), [](std::exception_ptr) {});
  io_.run_for(100ms);
  EXPECT_THAT(seen, testing::UnorderedElementsAre("first.test.", "second.test."));
}

TEST_F(ExchangeTest, ThousandsInFlightAreAnsweredOverOneConnection) {
  constexpr int count = 10'000;
  ScriptedServer server(io_, [&](const Received& request) { return say(encode(answer_to(request))); });
  auto patient = options(server);
  patient.key = nullptr;
  patient.timeout = long_enough;
  Exchange to(io_.get_executor(), patient);
  int answered = 0;
  const auto note = [&](int i) -> boost::asio::awaitable<void> {
    const auto owner = name("n" + std::to_string(i) + ".test");
    const auto answer = co_await to.query({owner, type::tlsa});
    if (answer && answer->questions.front().name == owner) ++answered;
  };
  for (int i = 0; i < count; ++i) boost::asio::co_spawn(io_, note(i), [](std::exception_ptr) {});
  while (answered < count && io_.run_one_for(long_enough) > 0) continue;
  EXPECT_EQ(answered, count);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(ExchangeTest, AnAnswerMayComeOctetByOctet) {
  ScriptedServer server(io_, [&](const Received& request) {
    return Reply{{Act::Kind::bytewise, good_octets(request)}};
  });
  auto to = exchange(server);
  EXPECT_TRUE(ask(to));
}

TEST_F(ExchangeTest, AnUnsignedAnswerOverTcpFailsAtOnce) {
  ScriptedServer server(io_, [](const Received& request) { return say(encode(answer_to(request))); });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::protocol);
  EXPECT_THAT(answer.error().text(), HasSubstr("the request was signed, the answer is not"));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(ExchangeTest, BadkeyIsARefusalWithTheNameOfTheKey) {
  ScriptedServer server(io_,
                        [&](const Received& request) { return say(tsig_error_answer(request, *key_, 17)); });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::refused);
  EXPECT_THAT(answer.error().text(),
              HasSubstr("BADKEY: the server does not take key update.example. (hmac-sha256)"));
}

TEST_F(ExchangeTest, ServfailIsTriedAgainAndThenSaid) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request, rcode::servfail); });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::no_answer);
  EXPECT_EQ(answer.error().text(),
            server.name().text() +
                ": SERVFAIL: the server fails to answer A at mx.example.test.; see the "
                "server's log: has the zone failed to load, or expired?");
  ASSERT_EQ(server.requests().size(), 2U);
}

// RFC 8945 section 5.2.3, RFC 5452 section 9.2: a retry is a new message.
TEST_F(ExchangeTest, ARetryHasItsOwnIdTimeAndSignature) {
  ScriptedServer server(io_, [&](const Received& request) {
    clock_ += request.number == 1 ? 2 : 0;
    return good(request, request.number == 1 ? rcode::servfail : rcode::noerror);
  });
  auto to = exchange(server);
  ASSERT_TRUE(ask(to));
  const auto& sent = server.requests();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_NE(sent[0].message.id, sent[1].message.id);
  EXPECT_NE(mac_of(sent[0], *key_), mac_of(sent[1], *key_));
  EXPECT_EQ(verify(sent[1].wire, *key_, {}, noon + 302).verdict, TsigVerdict::good);
}

TEST_F(ExchangeTest, TimeSignedNeverDecreases) {
  ScriptedServer server(io_, [&](const Received& request) {
    return say(signed_answer(request, answer_to(request), *key_, noon));
  });
  auto to = exchange(server);
  ASSERT_TRUE(ask(to));
  clock_ = noon - 600;
  ASSERT_TRUE(ask(to));
  EXPECT_EQ(verify(server.requests()[1].wire, *key_, {}, noon + 300).verdict, TsigVerdict::good);
}

TEST_F(ExchangeTest, SilenceEndsWithEveryTryAtItsDeadline) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::no_answer);
  EXPECT_EQ(answer.error().text(), server.name().text() + ": no answer in 200 ms");
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.connections(), 2U);  // a connection that is dead is not asked again
}

TEST_F(ExchangeTest, NobodyListens) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  auto to = exchange(server);
  server.stop_listening();
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text(), server.name().text() + ": connection refused");
  EXPECT_EQ(answer.error().code, ErrorCode::no_answer);
}

TEST_F(ExchangeTest, AHostNameIsLookedUp) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto named = options(server);
  named.server.host = "localhost";
  Exchange to(io_.get_executor(), named);
  EXPECT_TRUE(ask(to));
}

TEST_F(ExchangeTest, AHostNameIsLookedUpWhereItIsToldTo) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto named = options(server);
  named.server.host = "ns.example.test";
  std::vector<std::string> asked;
  named.look_up = [&](std::string host) -> boost::asio::awaitable<Result<HostAddresses>> {
    asked.push_back(std::move(host));
    const auto elsewhere = boost::asio::ip::make_address("127.0.0.9");  // where nobody listens
    co_return HostAddresses{{elsewhere, boost::asio::ip::make_address(server.name().host)}, true};
  };
  Exchange to(io_.get_executor(), named);
  EXPECT_TRUE(ask(to));
  EXPECT_TRUE(ask(to));
  EXPECT_THAT(asked, ElementsAre("ns.example.test"));
}

TEST_F(ExchangeTest, AHostNameWithoutAddressIsSaid) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  auto named = options(server);
  named.timeout = 5s;
  named.server.host = "nowhere.invalid";
  Exchange to(io_.get_executor(), named);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::no_answer);
  EXPECT_THAT(answer.error().text(), HasSubstr("nowhere.invalid: its address"));
}

// RFC 7766 section 7: matched by ID, and by the question as well.
TEST_F(ExchangeTest, StrayMessagesAreDroppedAndTheAnswerFound) {
  ScriptedServer server(io_, [&](const Received& request) {
    Message other_id = answer_to(request);
    other_id.id ^= 1;
    Message other_question = answer_to(request);
    other_question.questions.front().name = name("else.test");
    return Reply{{Act::Kind::message, encode(other_id)},
                 {Act::Kind::message, encode(other_question)},
                 {Act::Kind::message, Bytes{}},
                 {Act::Kind::message, good_octets(request)}};
  });
  auto to = exchange(server);
  EXPECT_TRUE(ask(to));
}

TEST_F(ExchangeTest, OnlyStrayMessagesEndAtTheDeadlineAndAreCounted) {
  ScriptedServer server(io_, [&](const Received& request) {
    Message other_id = answer_to(request);
    other_id.id ^= 1;
    return Reply(3, {Act::Kind::message, encode(other_id)});
  });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::no_answer);
  EXPECT_THAT(answer.error().text(), HasSubstr("3 messages that answer nothing were dropped"));
}

TEST_F(ExchangeTest, HalfAnAnswerIsAFault) {
  for (const bool close : {false, true}) {
    ScriptedServer server(io_, [&](const Received& request) {
      Bytes half = framed(good_octets(request));
      half.resize(half.size() / 2);
      Reply reply{{Act::Kind::octets, half}};
      if (close) reply.push_back({Act::Kind::close, {}});
      return reply;
    });
    auto to = exchange(server);
    const auto answer = ask(to);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::protocol) << answer.error().text();
  }
}

TEST_F(ExchangeTest, WhatIsNoMessageIsAFault) {
  ScriptedServer server(io_, [](const Received& request) {
    Bytes junk = encode(answer_to(request));
    junk.resize(11);
    return say(junk);
  });
  auto to = exchange(server);
  EXPECT_EQ(ask(to).error().code, ErrorCode::protocol);
}

// RFC 7766 section 6.2.4: what was not answered is asked again on a new connection.
TEST_F(ExchangeTest, AConnectionClosedInTheMiddleIsOpenedAgain) {
  ScriptedServer server(io_, [&](const Received& request) {
    if (request.number == 2) return Reply{{Act::Kind::close, {}}};
    return good(request);
  });
  auto to = exchange(server);
  EXPECT_TRUE(ask(to));
  EXPECT_TRUE(ask(to));
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(ExchangeTest, AConnectionClosedWhileIdleIsNotUsedForAnUpdate) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server);
  ASSERT_TRUE(ask(to));
  server.drop_connections();
  EXPECT_EQ(change(to).kind, Outcome::done);
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.connections(), 2U);
}

// A server that closes after a few answers (NSD tcp-query-count) is still read to the end.
TEST_F(ExchangeTest, AServerThatClosesAfterEveryTenthAnswerIsReadToTheEnd) {
  ScriptedServer server(io_, [&](const Received& request) {
    Reply reply = good(request);
    if (request.number % 10 == 0) reply.push_back({Act::Kind::close, {}});
    return reply;
  });
  auto to = exchange(server);
  int answered = 0;
  const auto note = [&](int i) -> boost::asio::awaitable<void> {
    if (co_await to.query({name("n" + std::to_string(i) + ".test"), type::tlsa})) ++answered;
  };
  for (int i = 0; i < 100; ++i) boost::asio::co_spawn(io_, note(i), [](std::exception_ptr) {});
  while (answered < 100 && io_.run_one_for(5s) > 0) continue;
  EXPECT_EQ(answered, 100);
}

TEST_F(ExchangeTest, AnIdleConversationKeepsNoEventLoopAlive) {
  ScriptedServer server(io_, [](const Received& request) { return say(encode(answer_to(request))); });
  boost::asio::io_context own;
  auto plain = options(server);
  plain.key = nullptr;
  Exchange to(own.get_executor(), plain);
  bool answered = false;
  boost::asio::co_spawn(own, to.query({name("mx.example.test"), type::a}),
                        [&](std::exception_ptr, Result<Message> answer) { answered = answer.has_value(); });
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (!own.stopped() && std::chrono::steady_clock::now() < end) {
    own.poll();
    io_.poll();
  }
  EXPECT_TRUE(answered);
  EXPECT_TRUE(own.stopped());
}

TEST_F(ExchangeTest, AConversationMayBeAbandonedInTheMiddle) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  for (const auto transport : {Transport::tcp, Transport::udp}) {
    bool ended = false;
    {
      boost::asio::io_context own;
      const auto converse = [&]() -> boost::asio::awaitable<void> {
        Exchange to(own.get_executor(), options(server, transport));
        const auto answer = co_await to.query({name("mx.example.test"), type::a});
        ended = true;
      };
      boost::asio::co_spawn(own, converse(), [](std::exception_ptr) {});
      while (server.requests().size() < (transport == Transport::tcp ? 1U : 2U)) {
        own.poll();
        io_.poll();
      }
    }
    EXPECT_FALSE(ended);
  }
}

// --- UPDATE

TEST_F(ExchangeTest, AnUpdateIsDoneWhenASignedNoerrorSaysSo) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server);
  const auto outcome = change(to);
  EXPECT_EQ(outcome.kind, Outcome::done);
  const auto& sent = server.requests().front();
  EXPECT_EQ(sent.message.opcode, 5);
  EXPECT_EQ(sent.message.questions, (std::vector{Question{name("example.test"), type::soa}}));
  EXPECT_EQ(verify(sent.wire, *key_, {}, noon).verdict, TsigVerdict::good);
}

// RFC 3007 section 2.
TEST_F(ExchangeTest, AnUpdateWithoutAKeyIsNotSent) {
  ScriptedServer server(io_, [](const Received& request) { return say(encode(answer_to(request))); });
  auto to = unsigned_exchange(server);
  EXPECT_EQ(change(to).kind, Outcome::refused);
  EXPECT_TRUE(server.requests().empty());
}

struct UpdateRow {
  const char* what;
  std::function<Reply(const Received&)> script;
  Outcome kind;
  std::optional<ErrorCode> code;
  std::size_t sent;
};

TEST_F(ExchangeTest, WhatBecomesOfAnUpdate) {
  const auto unsigned_rcode = [](std::uint16_t code) {
    return [code](const Received& request) { return say(encode(answer_to(request, code))); };
  };
  const auto signed_rcode = [this](std::uint16_t code) {
    return [this, code](const Received& request) { return good(request, code); };
  };
  const auto reported = [this](std::uint16_t error, std::uint16_t code) {
    return [this, error, code](const Received& request) {
      return say(tsig_error_answer(request, *key_, error, code));
    };
  };
  const auto spoiled = [this](std::function<void(Message&)> spoil) {
    return [this, spoil](const Received& request) {
      Message answer = answer_to(request);
      spoil(answer);
      return say(signed_answer(request, answer, *key_, clock_));
    };
  };
  const auto stranger = key("update.example", TsigAlgorithm::hmac_sha256, 9);
  const auto other = key("other.example");
  const UpdateRow rows[] = {
      {"NXRRSET", signed_rcode(rcode::nxrrset), Outcome::prerequisite_failed, {}, 1},
      {"YXRRSET", signed_rcode(rcode::yxrrset), Outcome::prerequisite_failed, {}, 1},
      {"NXDOMAIN", signed_rcode(rcode::nxdomain), Outcome::prerequisite_failed, {}, 1},
      {"YXDOMAIN", signed_rcode(rcode::yxdomain), Outcome::prerequisite_failed, {}, 1},
      {"REFUSED", signed_rcode(rcode::refused), Outcome::denied, ErrorCode::refused, 1},
      {"NOTAUTH", signed_rcode(rcode::notauth), Outcome::refused, ErrorCode::refused, 1},
      {"NOTZONE", signed_rcode(rcode::notzone), Outcome::refused, ErrorCode::refused, 1},
      {"NOTIMP", signed_rcode(rcode::notimp), Outcome::refused, ErrorCode::refused, 1},
      {"FORMERR", signed_rcode(rcode::formerr), Outcome::refused, ErrorCode::protocol, 1},
      {"SERVFAIL to the last", signed_rcode(rcode::servfail), Outcome::failed, ErrorCode::no_answer, 2},
      {"unsigned NOERROR", unsigned_rcode(rcode::noerror), Outcome::unknown, ErrorCode::protocol, 1},
      {"unsigned NXRRSET", unsigned_rcode(rcode::nxrrset), Outcome::unknown, ErrorCode::protocol, 1},
      {"unsigned FORMERR", unsigned_rcode(rcode::formerr), Outcome::unknown, ErrorCode::protocol, 1},
      {"unsigned SERVFAIL", unsigned_rcode(rcode::servfail), Outcome::unknown, ErrorCode::no_answer, 1},
      {"unsigned REFUSED", unsigned_rcode(rcode::refused), Outcome::unknown, ErrorCode::refused, 1},
      {"unsigned NOTAUTH", unsigned_rcode(rcode::notauth), Outcome::unknown, ErrorCode::refused, 1},
      {"unsigned NOTIMP", unsigned_rcode(rcode::notimp), Outcome::unknown, ErrorCode::refused, 1},
      {"BADSIG", reported(16, rcode::notauth), Outcome::unknown, ErrorCode::refused, 1},
      {"BADKEY", reported(17, rcode::notauth), Outcome::unknown, ErrorCode::refused, 1},
      {"BADTIME", reported(18, rcode::notauth), Outcome::unknown, ErrorCode::refused, 1},
      {"BADTRUNC", reported(22, rcode::notauth), Outcome::unknown, ErrorCode::refused, 1},
      {"BADKEY from a forwarder", reported(17, rcode::servfail), Outcome::unknown, ErrorCode::no_answer, 1},
      {"wrong secret",
       [&](const Received& request) {
         return say(sign(encode(answer_to(request)), *stranger, noon, mac_of(request, *key_)).wire);
       },
       Outcome::unknown, ErrorCode::protocol, 1},
      {"another key",
       [&](const Received& request) {
         return say(sign(encode(answer_to(request)), *other, noon, mac_of(request, *key_)).wire);
       },
       Outcome::unknown, ErrorCode::protocol, 1},
      {"signed long ago",
       [&](const Received& request) {
         return say(signed_answer(request, answer_to(request), *key_, noon - 301));
       },
       Outcome::unknown, ErrorCode::protocol, 1},
      {"QR=0", spoiled([](Message& m) { m.is_response = false; }), Outcome::unknown, ErrorCode::protocol, 1},
      {"another opcode", spoiled([](Message& m) { m.opcode = 0; }), Outcome::unknown, ErrorCode::protocol, 1},
      {"TC over TCP", spoiled([](Message& m) { m.truncated = true; }), Outcome::unknown, ErrorCode::protocol,
       1},
      {"another ID", spoiled([](Message& m) { m.id ^= 1; }), Outcome::unknown, ErrorCode::no_answer, 1},
      {"another zone", spoiled([](Message& m) { m.questions[0].name = name("example.org"); }),
       Outcome::unknown, ErrorCode::protocol, 1},
      {"a bare header, signed", spoiled([](Message& m) { m.questions.clear(); }), Outcome::done, {}, 1},
      {"silence", [](const Received&) { return silence(); }, Outcome::unknown, ErrorCode::no_answer, 1},
      {"a closed connection",
       [](const Received&) {
         return Reply{{Act::Kind::close, {}}};
       },
       Outcome::unknown, ErrorCode::no_answer, 1},
      {"half an answer, then silence",
       [&](const Received& request) {
         Bytes half = framed(good_octets(request));
         half.resize(20);
         return Reply{{Act::Kind::octets, half}};
       },
       Outcome::unknown, ErrorCode::protocol, 1},
      {"half an answer, then a closed connection",
       [&](const Received& request) {
         Bytes half = framed(good_octets(request));
         half.resize(20);
         return Reply{{Act::Kind::octets, half}, {Act::Kind::close, {}}};
       },
       Outcome::unknown, ErrorCode::protocol, 1},
      {"12 octets without sense",
       [](const Received& request) {
         Bytes wire = encode(answer_to(request));
         wire.resize(12);
         return say(wire);
       },
       Outcome::unknown, ErrorCode::protocol, 1},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    ScriptedServer server(io_, row.script);
    auto to = exchange(server);
    const auto outcome = change(to);
    EXPECT_EQ(outcome.kind, row.kind);
    ASSERT_EQ(outcome.error.has_value(), row.code.has_value());
    if (row.code) {
      EXPECT_EQ(outcome.error->code, *row.code) << outcome.error->text();
      EXPECT_THAT(outcome.error->text(), HasSubstr(server.name().text()));
    }
    EXPECT_EQ(server.requests().size(), row.sent);
  }
}

// Knot gives SERVFAIL to every UPDATE that it applies together with a bad one.
TEST_F(ExchangeTest, ASignedServfailToAnUpdateIsTriedOnceMore) {
  ScriptedServer server(io_, [&](const Received& request) {
    return good(request, request.number == 1 ? rcode::servfail : rcode::noerror);
  });
  auto to = exchange(server);
  EXPECT_EQ(change(to).kind, Outcome::done);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_NE(server.requests()[0].message.id, server.requests()[1].message.id);
}

// --- A server of several addresses

TEST_F(ExchangeTest, AnAddressThatRefusesTheConnectionIsLeftForTheNext) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto asking = exchange_at(server, {"127.0.0.2", "127.0.0.1"});
  EXPECT_TRUE(ask(asking));
  EXPECT_EQ(asking.address(), server.name().text());
  auto changing = exchange_at(server, {"127.0.0.2", "127.0.0.1"});
  EXPECT_EQ(change(changing).kind, Outcome::done);
}

TEST_F(ExchangeTest, WhenAllAddressesFailEachIsNamedWithItsReason) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request, rcode::servfail); });
  const std::string port = "@" + std::to_string(server.name().port);
  const auto both =
      AllOf(HasSubstr("ns.example.test" + port), HasSubstr("127.0.0.2" + port + ": connection refused"),
            HasSubstr("127.0.0.1" + port + ": SERVFAIL"));
  auto asking = exchange_at(server, {"127.0.0.2", "127.0.0.1"});
  EXPECT_THAT(ask(asking).error().text(), both);
  auto changing = exchange_at(server, {"127.0.0.2", "127.0.0.1"});
  EXPECT_THAT(change(changing).error->text(), both);
}

// RFC 2136 section 4.6.
TEST_F(ExchangeTest, AnUpdateThatOneAddressDeclinesGoesToTheNext) {
  const auto signed_rcode = [this](std::uint16_t code) {
    return [this, code](const Received& request) { return good(request, code); };
  };
  const auto unsigned_rcode = [](std::uint16_t code) {
    return [code](const Received& request) { return say(encode(answer_to(request, code))); };
  };
  struct Row {
    const char* what;
    Script first, second;
    Outcome kind;
    std::size_t sent_first, sent_second;
  };
  const Row rows[] = {
      {"SERVFAIL", signed_rcode(rcode::servfail), signed_rcode(0), Outcome::done, 2, 1},
      {"NOTIMP", signed_rcode(rcode::notimp), signed_rcode(0), Outcome::done, 1, 1},
      {"unsigned SERVFAIL", unsigned_rcode(rcode::servfail), signed_rcode(0), Outcome::done, 1, 1},
      {"unsigned NOTIMP", unsigned_rcode(rcode::notimp), signed_rcode(0), Outcome::done, 1, 1},
      {"both SERVFAIL", signed_rcode(rcode::servfail), signed_rcode(rcode::servfail), Outcome::failed, 2, 2},
      {"both unsigned", unsigned_rcode(rcode::notimp), unsigned_rcode(rcode::servfail), Outcome::unknown, 1,
       1},
      {"REFUSED is final", signed_rcode(rcode::refused), signed_rcode(0), Outcome::denied, 1, 0},
      {"silence is unknown", [](const Received&) { return silence(); }, signed_rcode(0), Outcome::unknown, 1,
       0},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    ScriptedServer first(io_, row.first, "127.0.0.1");
    ScriptedServer second(io_, row.second, "127.0.0.2", first.name().port);
    auto to = exchange_at(first, {"127.0.0.1", "127.0.0.2"});
    const auto outcome = change(to);
    EXPECT_EQ(outcome.kind, row.kind);
    EXPECT_EQ(first.requests().size(), row.sent_first);
    EXPECT_EQ(second.requests().size(), row.sent_second);
    if (outcome.kind == Outcome::done || row.sent_second == 0) continue;
    EXPECT_THAT(outcome.error->text(),
                AllOf(HasSubstr(first.name().text()), HasSubstr(second.name().text())));
  }
}

TEST_F(ExchangeTest, ARefusedUpdateNamesOwnerTypeAndKey) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request, rcode::refused); });
  auto to = exchange(server);
  const auto outcome = change(to);
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(
      outcome.error->text(),
      HasSubstr(
          "REFUSED: key update.example. (hmac-sha256) may not change TLSA at _25._tcp.mx.example.test."));
}

// --- UDP

TEST_F(ExchangeTest, OverUdpEveryQuestionHasItsOwnPortAndId) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server, Transport::udp);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask(to));
  std::set<std::uint16_t> ports, ids;
  for (const auto& request : server.requests()) {
    EXPECT_TRUE(request.udp);
    ports.insert(request.port);
    ids.insert(request.message.id);
  }
  EXPECT_GT(ports.size(), 1U);
  EXPECT_GT(ids.size(), 1U);
}

// RFC 8945 section 5.4 and RFC 5452 section 9: what does not fit or verify does not end the wait.
TEST_F(ExchangeTest, OverUdpTheGoodAnswerIsFoundBehindBadOnes) {
  const auto stranger = key("update.example", TsigAlgorithm::hmac_sha256, 9);
  ScriptedServer server(io_, [&](const Received& request) {
    Message other_id = answer_to(request);
    other_id.id ^= 1;
    Message other_question = answer_to(request);
    other_question.questions.front().type = type::aaaa;
    Message not_an_answer = answer_to(request);
    not_an_answer.is_response = false;
    return Reply{{Act::Kind::message, encode(other_id)},
                 {Act::Kind::message, encode(other_question)},
                 {Act::Kind::message, encode(not_an_answer)},
                 {Act::Kind::message, Bytes(7, 0)},
                 {Act::Kind::message, encode(answer_to(request, rcode::nxdomain))},
                 {Act::Kind::message, tsig_error_answer(request, *key_, 17)},
                 {Act::Kind::message, signed_answer(request, answer_to(request), *stranger, noon)},
                 {Act::Kind::message, good_octets(request)}};
  });
  std::string log;
  auto talkative = options(server, Transport::udp);
  talkative.log = [&](const std::string& line) { log += line + "\n"; };
  Exchange to(io_.get_executor(), talkative);
  const auto answer = ask(to);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->rcode, rcode::noerror);
  EXPECT_EQ(server.requests().size(), 1U);
  // "... SHOULD be logged" (RFC 8945 section 5.4)
  for (const auto* passed_over :
       {"another question", "a request came", "answer NXDOMAIN", "BADKEY", "does not verify"})
    EXPECT_THAT(log, HasSubstr(passed_over));
  EXPECT_THAT(log, HasSubstr(server.name().text() + ": "));
}

TEST_F(ExchangeTest, OverUdpTheFirstBadAnswerIsReportedAtTheDeadline) {
  ScriptedServer server(io_, [&](const Received& request) {
    return Reply{{Act::Kind::message, tsig_error_answer(request, *key_, 17)},
                 {Act::Kind::message, encode(answer_to(request))}};
  });
  auto to = exchange(server, Transport::udp);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::refused);
  EXPECT_THAT(answer.error().text(), HasSubstr("BADKEY"));
}

// RFC 7766 section 5.
TEST_F(ExchangeTest, ATruncatedAnswerOverUdpIsAskedForOverTcp) {
  ScriptedServer server(io_, [&](const Received& request) {
    Message answer = answer_to(request);
    answer.truncated = request.udp;
    return say(signed_answer(request, answer, *key_, noon));
  });
  auto to = exchange(server, Transport::udp);
  ASSERT_TRUE(ask(to));
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].udp);
  EXPECT_FALSE(server.requests()[1].udp);
}

// RFC 2181 section 9, RFC 8945 section 5.3: with prerequisites, a second UPDATE is harmless.
TEST_F(ExchangeTest, ATruncatedAnswerToAnUpdateOverUdpIsIgnoredAndTheUpdateGoesByTcp) {
  ScriptedServer server(io_, [&](const Received& request) {
    Message answer = answer_to(request);
    answer.truncated = request.udp;
    return say(signed_answer(request, answer, *key_, noon));
  });
  auto to = exchange(server, Transport::udp);
  EXPECT_EQ(change(to).kind, Outcome::done);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].udp);
  EXPECT_FALSE(server.requests()[1].udp);
}

TEST_F(ExchangeTest, AfterATruncatedAnswerWithoutTcpNobodyKnowsWhatBecameOfTheUpdate) {
  ScriptedServer server(io_, [&](const Received& request) {
    Message answer = answer_to(request);
    answer.truncated = true;
    return request.udp ? say(signed_answer(request, answer, *key_, noon)) : Reply{{Act::Kind::close, {}}};
  });
  auto to = exchange(server, Transport::udp);
  EXPECT_EQ(change(to).kind, Outcome::unknown);
}

// doctor's harmless one: RFC 3007 section 2 wants all others signed.
TEST_F(ExchangeTest, AnUpdateThatIsToBeUnsignedIsUnsigned) {
  ScriptedServer server(io_, [](const Received& request) { return say(encode(answer_to(request))); });
  auto to = exchange(server);
  EXPECT_EQ(run(io_, to.update_unsigned(one_change())).kind, Outcome::done);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_NE(verify(server.requests().front().wire, *key_, {}, noon).verdict, TsigVerdict::good);
}

// Knot from 3.4 on and PowerDNS: one bare answer to an unknown key, a wrong secret, a wrong clock.
TEST_F(ExchangeTest, BehindABareRefusalTheZoneIsAskedForWithoutAKey) {
  ScriptedServer server(io_, [&](const Received& request) {
    auto answer = answer_to(request, rcode::notauth);
    if (verify(request.wire, *key_, {}, noon).verdict != TsigVerdict::good) {
      answer = answer_to(request);
      answer.authoritative = true;
      answer.authority = {rr("example.test. 60 SOA ns.example.test. h.example.test. 1 2 3 4 5")};
    }
    return say(encode(answer));
  });
  auto to = exchange(server);
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::refused);
  EXPECT_THAT(answer.error().text(),
              AllOf(HasSubstr("does not take key update.example. (hmac-sha256) for A at "
                              "mx.example.test."),
                    HasSubstr("of zone example.test.")));
  EXPECT_FALSE(to.has_verified());
}

TEST_F(ExchangeTest, AServerThatHasSignedAnAnswerKnowsTheKey) {
  ScriptedServer server(io_, [&](const Received& request) {
    return request.message.opcode == 5 ? say(encode(answer_to(request, rcode::notauth))) : good(request);
  });
  auto to = exchange(server);
  ASSERT_TRUE(ask(to));
  EXPECT_TRUE(to.has_verified());
  EXPECT_THAT(change(to).error->text(),
              HasSubstr("the likeliest first: (1) its policy does not let the key change"));
}

TEST_F(ExchangeTest, WhereItsServerComesFromIsToldWhenItIsOfNoUse) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request, rcode::refused); });
  auto from_soa = options(server);
  from_soa.origin = "it is the MNAME: --server names another";
  Exchange refusing(io_.get_executor(), from_soa);
  EXPECT_THAT(change(refusing).error->text(), HasSubstr("--server names another"));
  server.stop_listening();
  Exchange dead(io_.get_executor(), from_soa);
  EXPECT_THAT(ask(dead).error().text(),
              AllOf(HasSubstr("connection refused"), HasSubstr("--server names another")));
  EXPECT_THAT(change(dead).error->text(), HasSubstr("--server names another"));
}

// RFC 6891 section 6.2.2.
TEST_F(ExchangeTest, AServerThatDoesNotKnowEdnsIsAskedOnceWithout) {
  for (const auto transport : {Transport::udp, Transport::tcp}) {
    ScriptedServer server(io_, [&](const Received& request) {
      return good(request, request.message.has_edns ? rcode::formerr : rcode::noerror);
    });
    auto to = exchange(server, transport);
    ASSERT_TRUE(ask(to));
    ASSERT_EQ(server.requests().size(), 2U);
    EXPECT_FALSE(server.requests()[1].message.has_edns);
  }
}

TEST_F(ExchangeTest, OverUdpAClosedPortIsTriedAgainAndSaid) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  auto to = exchange(server, Transport::udp);
  server.stop_listening();
  const auto answer = ask(to);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text(), server.name().text() + ": connection refused");
}

TEST_F(ExchangeTest, OverUdpSilenceIsTriedAgainWithANewMessage) {
  ScriptedServer server(
      io_, [&](const Received& request) { return request.number == 1 ? silence() : good(request); });
  auto to = exchange(server, Transport::udp);
  ASSERT_TRUE(ask(to));
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_NE(server.requests()[0].message.id, server.requests()[1].message.id);
}

TEST_F(ExchangeTest, OverUdpALostAnswerToAnUpdateLeavesItUnknown) {
  ScriptedServer server(io_, [](const Received&) { return silence(); });
  auto to = exchange(server, Transport::udp);
  EXPECT_EQ(change(to).kind, Outcome::unknown);
  EXPECT_EQ(server.requests().size(), 1U);
}

// RFC 2136 section 2.1 with RFC 1035 section 4.2.1.
TEST_F(ExchangeTest, AnUpdateOverUdpThatIsTooLargeGoesOverTcp) {
  ScriptedServer server(io_, [&](const Received& request) { return good(request); });
  auto to = exchange(server, Transport::udp);
  EXPECT_EQ(change(to).kind, Outcome::done);
  Update large = one_change();
  for (std::uint8_t i = 0; i < 10; ++i) large.changes.front().add.push_back(TlsaRecord{{}, Bytes(32, i)});
  EXPECT_EQ(run(io_, to.update(large)).kind, Outcome::done);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].udp);
  EXPECT_FALSE(server.requests()[1].udp);
}

// --- Transfers

TEST_F(ExchangeTest, ATransferHandsOverEveryMessageInOrder) {
  std::vector<Bytes> sent;
  for (std::size_t i = 1; i <= 300; ++i) sent.push_back(Bytes(i * 200, static_cast<std::uint8_t>(i)));
  ScriptedServer server(io_, [&](const Received&) {
    Reply reply;
    for (const auto& message : sent) reply.push_back({Act::Kind::message, message});
    return reply;
  });
  auto to = exchange(server);
  std::uint16_t id = 0;
  Bytes mac;
  std::vector<Bytes> received;
  const auto done = run(io_, to.transfer(
                                 name("example.test"),
                                 [&](std::uint16_t request_id, Bytes request_mac) {
                                   id = request_id;
                                   mac = std::move(request_mac);
                                   received.clear();
                                 },
                                 [&](ByteView message) -> Result<bool> {
                                   received.emplace_back(message.begin(), message.end());
                                   return received.size() == sent.size();
                                 }));
  EXPECT_TRUE(done);
  EXPECT_EQ(received, sent);
  const auto& request = server.requests().front();
  EXPECT_EQ(request.message.id, id);
  EXPECT_EQ(mac_of(request, *key_), mac);
  EXPECT_EQ(request.message.questions, (std::vector{Question{name("example.test"), type::axfr}}));
  // RFC 5936 section 2.1: flags zero, one question, nothing else but the TSIG.
  EXPECT_EQ(Bytes(request.wire.begin() + 2, request.wire.begin() + 12),
            (Bytes{0, 0, 0, 1, 0, 0, 0, 0, 0, 1}));
  EXPECT_TRUE(hears_the_end(server));  // RFC 5936 section 4.1.1
}

// RFC 5936 section 2.1.5: TSIG is never dropped, whatever comes of it, and there is an end to trying.
TEST_F(ExchangeTest, ATransferIsSignedHoweverOftenItIsTried) {
  const std::pair<const char*, Script> rows[] = {
      {"BADKEY", [&](const Received& request) { return say(tsig_error_answer(request, *key_, 17)); }},
      {"REFUSED", [&](const Received& request) { return say(encode(answer_to(request, rcode::refused))); }},
      {"FORMERR", [&](const Received& request) { return say(encode(answer_to(request, rcode::formerr))); }},
      {"closed",
       [](const Received&) {
         return Reply{{Act::Kind::close, {}}};
       }},
      {"silence", [](const Received&) { return silence(); }},
  };
  for (const auto& [what, script] : rows) {
    SCOPED_TRACE(what);
    ScriptedServer server(io_, script);
    auto to = exchange(server);
    EXPECT_FALSE(run(io_, transfer_zone(to, name("example.test"))));
    EXPECT_THAT(server.requests(), testing::SizeIs(AllOf(testing::Ge(1U), testing::Le(2U))));
    for (const auto& request : server.requests())
      EXPECT_EQ(verify(request.wire, *key_, {}, noon).verdict, TsigVerdict::good);
  }
}

struct TransferRow {
  const char* what;
  Reply reply;
  ErrorCode code;
  const char* text;
  std::size_t sent;
};

TEST_F(ExchangeTest, WhatBecomesOfABrokenTransfer) {
  const Act message{Act::Kind::message, Bytes(100, 1)};
  const Act half{Act::Kind::octets, Bytes{0, 100, 1, 1}};
  const Act close{Act::Kind::close, {}};
  const TransferRow rows[] = {
      {"closed before the first message", {close}, ErrorCode::no_answer, "closed the connection", 2},
      {"closed midway", {message, close}, ErrorCode::protocol, "the transfer broke off", 1},
      {"closed within a message", {message, half, close}, ErrorCode::protocol, "within a message", 1},
      {"silent midway", {message}, ErrorCode::no_answer, "no answer in 200 ms", 1},
      {"silent", {}, ErrorCode::no_answer, "no answer in 200 ms", 2},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    ScriptedServer server(io_, [&](const Received&) { return row.reply; });
    auto to = exchange(server);
    const auto done = run(io_, to.transfer(
                                   name("example.test"), [](std::uint16_t, Bytes) {},
                                   [](ByteView) -> Result<bool> { return false; }));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, row.code);
    EXPECT_THAT(done.error().text(), HasSubstr(row.text));
    EXPECT_EQ(server.requests().size(), row.sent);
    for (const auto& request : server.requests())
      EXPECT_EQ(verify(request.wire, *key_, {}, noon).verdict, TsigVerdict::good);
  }
}

TEST_F(ExchangeTest, ATransferThatNeverEndsIsEnded) {
  const Reply messages(4'000, {Act::Kind::message, Bytes(2'000, 1)});
  ScriptedServer server(io_, [&](const Received&) { return messages; });
  auto hasty = options(server);
  hasty.timeout = 10ms;
  Exchange to(io_.get_executor(), hasty);
  const auto slow_reader = [](ByteView) -> Result<bool> {
    std::this_thread::sleep_for(1ms);
    return false;
  };
  const auto done = run(io_, to.transfer(
                                 name("example.test"), [](std::uint16_t, Bytes) {}, slow_reader));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::no_answer);
  EXPECT_THAT(done.error().text(), HasSubstr("the transfer broke off: no end in 1200 ms"));
}

TEST_F(ExchangeTest, ATransferEndsWithTheErrorOfWhoReadsIt) {
  ScriptedServer server(io_, [](const Received&) { return say(Bytes(100, 1)); });
  auto to = exchange(server);
  const auto done =
      run(io_, to.transfer(
                   name("example.test"), [](std::uint16_t, Bytes) {},
                   [](ByteView) -> Result<bool> { return fail(ErrorCode::protocol, "bad MAC"); }));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "bad MAC");
  EXPECT_TRUE(hears_the_end(server));
}

// --- Names of servers

TEST(ParseServer, TakesHostsAndAddressesWithPorts) {
  const std::pair<const char*, ServerName> table[] = {
      {"ns0.example.net", {"ns0.example.net", 53}},    {"192.0.2.1", {"192.0.2.1", 53}},
      {"192.0.2.1@5353", {"192.0.2.1", 5353}},         {"2001:db8::53", {"2001:db8::53", 53}},
      {"2001:db8::53@853", {"2001:db8::53", 853}},     {"[2001:db8::53]@853", {"2001:db8::53", 853}},
      {"ns0.example.net.@1", {"ns0.example.net.", 1}}, {"127.0.0.1#53", {"127.0.0.1", 53}},
      {"2001:db8::53#853", {"2001:db8::53", 853}},     {"ns0.example.net#5353", {"ns0.example.net", 5353}},
  };
  for (const auto& [text, server] : table) EXPECT_EQ(parse_server(text), server) << text;
  EXPECT_EQ(parse_server("ns0.example.net", 853), (ServerName{"ns0.example.net", 853}));
}

TEST(ParseServer, SaysWhatIsWrong) {
  for (const auto* text : {"", "@53", "ns0@", "ns0@0", "ns0@65536", "ns0@53x", "ns0@-1", "ns0#", "ns0#0",
                           "ns0#53#53", "ns0@53#53", "ns0:53", "[ns0]", "2001:db8:::1", "a..b", "."}) {
    const auto server = parse_server(text);
    ASSERT_FALSE(server) << text;
    EXPECT_EQ(server.error().code, ErrorCode::usage) << text;
  }
}

}  // namespace exchange_test
}  // namespace tlsa_update::dns
