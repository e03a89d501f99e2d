#include "tlsa_update/probe/starttls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

namespace tlsa_update::probe {
namespace starttls_test {

using namespace std::string_literals;
using State = Dialogue::State;
using testing::HasSubstr;

// What came of a dialogue, all of it.
struct Outcome {
  State state = State::talking;
  std::string sent;
  std::string detail;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  static constexpr const char* words[] = {"talking", "tls", "refused", "broken"};
  return stream << words[static_cast<int>(outcome.state)] << ", sent \"" << outcome.sent << "\", \""
                << outcome.detail << '"';
}

Outcome after(StartTls protocol, const std::vector<std::string>& portions) {
  Dialogue dialogue(protocol, {"[192.0.2.1]", "example.com"});
  auto sent = dialogue.take_output();
  for (const auto& portion : portions) {
    dialogue.feed(portion);
    sent += dialogue.take_output();
  }
  return {dialogue.state(), sent, dialogue.detail()};
}

struct Case {
  StartTls protocol;
  std::string said;  // by the peer, first to last
  Outcome outcome;
};

const std::string ehlo = "EHLO [192.0.2.1]\r\n";
const std::string client_stream =
    "<?xml version='1.0'?><stream:stream to='example.com' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";
const std::string server_stream =
    "<?xml version='1.0'?><stream:stream to='example.com' version='1.0' xmlns='jabber:server' "
    "xmlns:stream='http://etherx.jabber.org/streams'>";
const std::string starttls_tag = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const std::string ldap_request = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"s + "1.3.6.1.4.1.1466.20037";
const std::string postgres_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;

std::vector<Case> table() {
  using enum StartTls;
  return {
      {none, "", {State::tls, "", ""}},

      // RFC 3207, RFC 5321 section 4.2.1
      {smtp,
       "220-mx.example.com ESMTP\r\n220 ready\r\n250-mx.example.com\r\n250-SIZE 1\r\n250 starttls\r\n220 "
       "go\r\n",
       {State::tls, ehlo + "STARTTLS\r\n", ""}},
      {smtp, "220 mx\n250-mx\n250 STARTTLS\n220 go\n", {State::tls, ehlo + "STARTTLS\r\n", ""}},
      {smtp, "220 mx\r\n250 STARTTLS\r\n", {State::refused, ehlo, "does not offer STARTTLS"}},
      {smtp, "220 mx\r\n250-mx\r\n250 XSTARTTLS\r\n", {State::refused, ehlo, "does not offer STARTTLS"}},
      {smtp, "220 mx\r\n250\r\n", {State::refused, ehlo, "does not offer STARTTLS"}},
      {smtp,
       "220 mx\r\n502 5.5.1 what?\r\n",
       {State::refused, ehlo, "answers EHLO with \"502 5.5.1 what?\""}},
      {smtp,
       "220 mx\r\n250-mx\r\n250 STARTTLS\r\n454 4.7.0 not now\r\n",
       {State::refused, ehlo + "STARTTLS\r\n", "answers STARTTLS with \"454 4.7.0 not now\""}},
      {smtp, "421 busy\r\n", {State::broken, "", "greets with \"421 busy\""}},
      {smtp, "554-no\r\n554 mail here\r\n", {State::broken, "", "greets with \"554 mail here\""}},
      {smtp, "220-mx\r\n250 mx\r\n", {State::broken, "", "says \"250 mx\", which is no reply"}},
      {smtp, "SSH-2.0-x\r\n", {State::broken, "", "says \"SSH-2.0-x\", which is no reply"}},
      {smtp, "\r\n", {State::broken, "", "says \"\", which is no reply"}},
      {smtp, "220 \x1b[2J\r\n250 ok\x07\r\n", {State::refused, ehlo, "does not offer STARTTLS"}},
      {smtp, "421 \x1b[2J\xff\r\n", {State::broken, "", "greets with \"421 \\x1b[2J\\xff\""}},
      {smtp, "220 mx\r\n250-mx\r\n250 STARTTLS\r\n", {State::talking, ehlo + "STARTTLS\r\n", ""}},

      // RFC 2033
      {lmtp,
       "220 lmtp\r\n250-lmtp\r\n250 STARTTLS\r\n220 go\r\n",
       {State::tls, "LHLO [192.0.2.1]\r\nSTARTTLS\r\n", ""}},
      {lmtp,
       "220 lmtp\r\n500 no\r\n",
       {State::refused, "LHLO [192.0.2.1]\r\n", "answers LHLO with \"500 no\""}},

      // RFC 9051 sections 6.1.1 and 6.2.1
      {imap,
       "* OK hello\r\n* CAPABILITY IMAP4rev1 starttls LOGINDISABLED\r\na OK done\r\nb OK go\r\n",
       {State::tls, "a CAPABILITY\r\nb STARTTLS\r\n", ""}},
      {imap,
       "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n* CAPABILITY IMAP4rev1\r\na OK done\r\n",
       {State::refused, "a CAPABILITY\r\n", "does not offer STARTTLS"}},
      {imap,
       "* OK {5}\r\na OK \r\n* CAPABILITY STARTTLS\r\n* NO {13+}\r\n\r\na OK fake\r\n and on\r\na OK x\r\nb "
       "OK y\r\n",
       {State::tls, "a CAPABILITY\r\nb STARTTLS\r\n", ""}},
      {imap, "* PREAUTH hi\r\n", {State::refused, "", "greets with \"* PREAUTH hi\""}},
      {imap, "* BYE busy\r\n", {State::broken, "", "greets with \"* BYE busy\""}},
      {imap,
       "* OK hi\r\n* CAPABILITY STARTTLS\r\na OK\r\n* OK wait\r\nb NO never\r\n",
       {State::refused, "a CAPABILITY\r\nb STARTTLS\r\n", "answers STARTTLS with \"b NO never\""}},
      {imap,
       "* OK hi\r\n* CAPABILITY STARTTLS\r\na OK\r\nc OK go\r\n",
       {State::broken, "a CAPABILITY\r\nb STARTTLS\r\n", "answers STARTTLS with \"c OK go\""}},
      {imap, "* OK {65537}\r\n", {State::broken, "", "announces a literal of 65537 octets"}},
      {imap, "* OK {}\r\na BAD x\r\n", {State::refused, "a CAPABILITY\r\n", "does not offer STARTTLS"}},

      // RFC 2595 section 4
      {pop3,
       "+OK <1@x>\r\n+OK list\r\nUSER\r\nSTLS\r\n.\r\n+OK go\r\n",
       {State::tls, "CAPA\r\nSTLS\r\n", ""}},
      {pop3, "+OK\r\n+OK\r\nUSER\r\n.\r\n", {State::refused, "CAPA\r\n", "does not offer STLS"}},
      {pop3, "+OK\r\n-ERR what\r\n", {State::refused, "CAPA\r\n", "answers CAPA with \"-ERR what\""}},
      {pop3, "-ERR busy\r\n", {State::broken, "", "greets with \"-ERR busy\""}},
      {pop3,
       "+OK\r\n+OK\r\nSTLS\r\n.\r\n-ERR no\r\n",
       {State::refused, "CAPA\r\nSTLS\r\n", "answers STLS with \"-ERR no\""}},

      // RFC 4217 section 4, RFC 959 section 4.2
      {ftp,
       "220-hello\r\n 220 inside\r\n221 inside\r\n220 ready\r\n234 go\r\n",
       {State::tls, "AUTH TLS\r\n", ""}},
      {ftp, "220 x\r\n534 no\r\n", {State::refused, "AUTH TLS\r\n", "answers AUTH TLS with \"534 no\""}},
      {ftp, "120 in 5 minutes\r\n", {State::broken, "", "greets with \"120 in 5 minutes\""}},

      // RFC 6120 section 5.4
      {xmpp,
       "<?xml version='1.0'?><stream:stream from='x>y' id='1'><stream:features><starttls "
       "xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls><x><starttls/></x></stream:features>"
       "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
       {State::tls, client_stream + starttls_tag, ""}},
      {xmpp_server,
       "<stream:stream>\n<stream:features><tls:starttls/></stream:features><proceed></proceed>",
       {State::tls, server_stream + starttls_tag, ""}},
      {xmpp,
       "<stream:stream><stream:features><x><starttls/></x></stream:features>",
       {State::refused, client_stream, "does not offer starttls"}},
      {xmpp, "<stream:stream><stream:features/>", {State::refused, client_stream, "does not offer starttls"}},
      {xmpp,
       "<stream:stream><stream:features><starttls/></stream:features><failure/>",
       {State::refused, client_stream + starttls_tag, "answers starttls with <failure>"}},
      {xmpp,
       "<stream:stream><stream:error><host-unknown/></stream:error></stream:stream>",
       {State::broken, client_stream, "answers the stream with the error host-unknown"}},
      {xmpp, "<stream:stream></stream:stream>", {State::broken, client_stream, "sends no stream features"}},
      {xmpp, "<html>", {State::broken, client_stream, "opens no XMPP stream"}},
      {xmpp, "<!DOCTYPE x", {State::broken, client_stream, "sends XML that XMPP does not allow"}},
      {xmpp, "<?php", {State::broken, client_stream, "sends XML that XMPP does not allow"}},
      {xmpp, "<a <b", {State::broken, client_stream, "sends a tag that does not end"}},

      // RFC 5804 sections 1.7 and 2.2
      {sieve,
       "\"IMPLEMENTATION\" \"x\"\r\n\"SIEVE\" \"fileinto\"\r\n\"starttls\"\r\nOK \"ready\"\r\nOK \"go\"\r\n",
       {State::tls, "STARTTLS\r\n", ""}},
      {sieve, "{8}\r\nSTARTTLS\r\nOK {3}\r\na\nb\r\nOK\r\n", {State::tls, "STARTTLS\r\n", ""}},
      {sieve, "\"SASL\" \"\"\r\nOK\r\n", {State::refused, "", "does not offer STARTTLS"}},
      {sieve, "BYE \"busy\"\r\n", {State::broken, "", "greets with \"BYE \"busy\"\""}},
      {sieve,
       "\"STARTTLS\"\r\nOK\r\nNO \"never\"\r\n",
       {State::refused, "STARTTLS\r\n", "answers STARTTLS with \"NO \"never\"\""}},

      // RFC 4511 section 4.14
      {ldap, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s, {State::tls, ldap_request, ""}},
      {ldap,
       "\x30\x84\x00\x00\x00\x0f\x02\x01\x01\x78\x0a\x0a\x01\x02\x04\x00\x04\x03"s + "no!",
       {State::refused, ldap_request, "answers StartTLS with result code 2, \"no!\""}},
      {ldap,
       "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00"s,
       {State::broken, ldap_request, "answers StartTLS with another LDAP message"}},
      {ldap, "\x30\x80"s, {State::broken, ldap_request, "sends what is no LDAP message"}},
      {ldap, "\x30\x84\x7f\xff\xff\xff"s, {State::broken, ldap_request, "sends what is no LDAP message"}},
      {ldap, "\x30\x00"s, {State::broken, ldap_request, "answers StartTLS with another LDAP message"}},
      {ldap, "HTTP/1.1", {State::broken, ldap_request, "sends what is no LDAP message"}},

      // PostgreSQL's SSLRequest
      {postgres, "S", {State::tls, postgres_request, ""}},
      {postgres, "N", {State::refused, postgres_request, "does not offer TLS"}},
      {postgres, "E", {State::broken, postgres_request, "answers SSLRequest with neither S nor N"}},
  };
}

TEST(Dialogue, EndsAsItsRfcSays) {
  for (const auto& [protocol, said, outcome] : table()) {
    EXPECT_EQ(after(protocol, {said}), outcome) << text(protocol) << ": " << said;
  }
}

TEST(Dialogue, TellsWhatALaterTryMayCure) {
  using enum StartTls;
  const std::tuple<StartTls, const char*, bool> cases[] = {
      {smtp, "421 4.3.2 busy\r\n", true},
      {smtp, "554 5.7.1 no\r\n", false},
      {smtp, "220 mx\r\n450 later\r\n", true},
      {smtp, "220 mx\r\n250-mx\r\n250 STARTTLS\r\n454 4.7.0 not now\r\n", true},
      {smtp, "220 mx\r\n250 mx\r\n", false},
      {imap, "* BYE too many\r\n", true},
      {imap, "* NO\r\n", false},
      {pop3, "-ERR [SYS/TEMP] busy\r\n", true},
      {pop3, "-ERR no\r\n", false},
      {ftp, "421 busy\r\n", true},
      {ftp, "220 ftp\r\n500 what\r\n", false},
  };
  for (const auto& [protocol, said, is_temporary] : cases) {
    Dialogue dialogue(protocol, {});
    dialogue.feed(said);
    EXPECT_EQ(dialogue.is_temporary(), is_temporary) << said;
    EXPECT_NE(dialogue.state(), State::talking) << said;
  }
}

// CVE-2011-0411, and CVE-2021-23222 for PostgreSQL: what came in the clear must not count as said under TLS.
TEST(Dialogue, RefusesAPeerThatSaysMoreInTheClearAfterItAgreed) {
  for (const auto& [protocol, said, outcome] : table()) {
    if (outcome.state != State::tls) continue;
    const Outcome injected{
        State::refused, outcome.sent,
        "sends more in the clear after agreeing to TLS (command injection, CVE-2011-0411)"};
    EXPECT_EQ(after(protocol, {said + "250 x\r\n"}), injected) << text(protocol);
    EXPECT_EQ(after(protocol, {said, "\r"}), injected) << text(protocol);
  }
}

TEST(Dialogue, RefusesALineThatIsTooLong) {
  const std::string long_text(4096, 'x');
  EXPECT_EQ(after(StartTls::smtp, {"220 " + long_text}),
            (Outcome{State::broken, "", "sends a line of more than 4096 octets"}));
  EXPECT_EQ(after(StartTls::xmpp, {"<" + long_text + "x"}).detail, "sends a tag that does not end");
}

TEST(Dialogue, RefusesAPeerThatNeverComesToAnEnd) {
  const std::pair<StartTls, std::string> endless[] = {
      {StartTls::smtp, "220-hello\r\n"},    {StartTls::ftp, "220-hello\r\n"},
      {StartTls::imap, "* OK hello\r\n"},   {StartTls::pop3, "+OK hello\r\n"},
      {StartTls::sieve, "\"NOTIFY\"\r\n"},  {StartTls::xmpp, "text"},
      {StartTls::imap, "* OK {60000}\r\n"},
  };
  for (const auto& [protocol, more] : endless) {
    std::string said;
    while (said.size() <= 65536) said += more;
    const auto outcome = after(protocol, {said});
    EXPECT_EQ(outcome.state, State::broken) << text(protocol);
    EXPECT_EQ(outcome.detail, "sends more than 65536 octets before TLS");
  }
}

TEST(Dialogue, EscapesADomainThatIsNoDomain) {
  Dialogue dialogue(StartTls::xmpp, {"", "a'><b"});
  EXPECT_THAT(dialogue.take_output(), HasSubstr("to='a&#39;&#62;&#60;b'"));
}

// Anything that resembles what peers say, and anything else.
rc::Gen<std::string> some_said() {
  std::vector<std::string> pieces = {"\r\n", "\n", "{3}\r\n", "220", "-", " ",    "a OK",         "+OK", ".",
                                     "<",    "</", "/>",      "'",   ">", "\x30", "\x02\x01\x01", "\xff"};
  for (const auto& row : table()) {
    for (std::size_t i = 0; i < row.said.size();) {
      const auto end = row.said.find('\n', i);
      const auto size = end == std::string::npos ? row.said.size() - i : end - i + 1;
      pieces.push_back(row.said.substr(i, size));
      i += size;
    }
    pieces.push_back(row.said);
  }
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                      [](const std::vector<std::string>& parts) {
                        std::string said;
                        for (const auto& part : parts) said += part;
                        return said;
                      });
}

RC_GTEST_PROP(Dialogue, TheSizeOfThePortionsMakesNoDifference, ()) {
  const auto protocol = static_cast<StartTls>(*rc::gen::inRange(0, static_cast<int>(StartTls::postgres) + 1));
  const auto said = *some_said();
  std::vector<std::string> octets;
  for (const char octet : said) octets.emplace_back(1, octet);
  const auto cut = said.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, said.size());
  const auto whole = after(protocol, {said});
  RC_ASSERT(after(protocol, octets) == whole);
  RC_ASSERT(after(protocol, {said.substr(0, cut), said.substr(cut)}) == whole);
}

TEST(StartTls, WordsAndPortsOfEachProtocol) {
  EXPECT_EQ(parse_starttls("xmpp-server"), StartTls::xmpp_server);
  for (int i = 0; i <= static_cast<int>(StartTls::postgres); ++i) {
    const auto protocol = static_cast<StartTls>(i);
    EXPECT_EQ(parse_starttls(text(protocol)), protocol);
  }
  const auto unknown = parse_starttls("smtps");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::usage);
  EXPECT_THAT(unknown.error().text(), HasSubstr("smtp, lmtp, imap"));

  const std::pair<std::uint16_t, StartTls> ports[] = {
      {21, StartTls::ftp},           {24, StartTls::lmtp},       {25, StartTls::smtp},
      {110, StartTls::pop3},         {143, StartTls::imap},      {389, StartTls::ldap},
      {443, StartTls::none},         {465, StartTls::none},      {587, StartTls::smtp},
      {993, StartTls::none},         {4190, StartTls::sieve},    {5222, StartTls::xmpp},
      {5269, StartTls::xmpp_server}, {5432, StartTls::postgres},
  };
  for (const auto& [port, protocol] : ports) EXPECT_EQ(starttls_for_port(port), protocol) << port;
}

}  // namespace starttls_test
}  // namespace tlsa_update::probe
