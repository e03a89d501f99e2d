#include "tlsa_update/probe/starttls.hpp"

#include <algorithm>
#include <array>

#include "items.hpp"
#include "talk.hpp"
#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update::probe {
namespace {

struct Word {
  std::string_view text;
  StartTls protocol;
};

constexpr std::array words = {
    Word{"none", StartTls::none},         Word{"smtp", StartTls::smtp},
    Word{"lmtp", StartTls::lmtp},         Word{"imap", StartTls::imap},
    Word{"pop3", StartTls::pop3},         Word{"ftp", StartTls::ftp},
    Word{"xmpp", StartTls::xmpp},         Word{"xmpp-server", StartTls::xmpp_server},
    Word{"sieve", StartTls::sieve},       Word{"ldap", StartTls::ldap},
    Word{"postgres", StartTls::postgres},
};

Ending agreed() { return {Dialogue::State::tls, {}}; }
Ending refused(std::string why) { return {Dialogue::State::refused, std::move(why)}; }
Ending broken(std::string why) { return {Dialogue::State::broken, std::move(why)}; }
Ending for_now(bool is_temporary, Ending ending) {
  ending.is_temporary = is_temporary;
  return ending;
}

std::string answers(std::string_view command, std::string_view said) {
  return "answers " + std::string(command) + " with \"" + std::string(said) + '"';
}
std::string greets(std::string_view said) { return "greets with \"" + std::string(said) + '"'; }
std::string does_not_offer(std::string_view what) { return "does not offer " + std::string(what); }

// RFC 3207; RFC 2033 for LMTP, whose greeting of ours is LHLO.
Talk smtp(std::string& out, std::string hello, std::string self) {
  const auto greeting = co_await Reply(Reply::Style::smtp);
  if (!greeting.is("220")) co_return for_now(greeting.is_transient(), broken(greets(greeting.text())));
  out += hello + ' ' + self + "\r\n";
  const auto capabilities = co_await Reply(Reply::Style::smtp);
  if (!capabilities.is("250"))
    co_return for_now(capabilities.is_transient(), refused(answers(hello, capabilities.text())));
  if (!capabilities.offers("STARTTLS")) co_return refused(does_not_offer("STARTTLS"));
  out += "STARTTLS\r\n";
  const auto answer = co_await Reply(Reply::Style::smtp);
  if (!answer.is("220"))
    co_return for_now(answer.is_transient(), refused(answers("STARTTLS", answer.text())));
  co_return agreed();
}

// RFC 9051 sections 6.1.1, 6.2.1 and 7.1.4: after PREAUTH there is no STARTTLS.
Talk imap(std::string& out) {
  const auto greeting = co_await LiteralLine();
  if (has_word(greeting.text(), "PREAUTH")) co_return refused(greets(greeting.text()));
  if (!equal_in_any_case(word(greeting.text(), 1), "OK")) {
    const bool is_bye = equal_in_any_case(word(greeting.text(), 1), "BYE");
    co_return for_now(is_bye, broken(greets(greeting.text())));
  }
  out += "a CAPABILITY\r\n";
  bool offered = false;
  auto line = co_await LiteralLine();
  while (word(line.text(), 0) == "*") {
    offered |= equal_in_any_case(word(line.text(), 1), "CAPABILITY") && has_word(line.text(), "STARTTLS");
    line = co_await LiteralLine();
  }
  if (word(line.text(), 0) != "a") co_return broken(answers("CAPABILITY", line.text()));
  if (!offered) co_return refused(does_not_offer("STARTTLS"));
  out += "b STARTTLS\r\n";
  line = co_await LiteralLine();
  while (word(line.text(), 0) == "*") line = co_await LiteralLine();
  if (word(line.text(), 0) != "b") co_return broken(answers("STARTTLS", line.text()));
  if (!equal_in_any_case(word(line.text(), 1), "OK")) co_return refused(answers("STARTTLS", line.text()));
  co_return agreed();
}

// RFC 2449 section 5 and RFC 2595 section 4.
Talk pop3(std::string& out) {
  const auto greeting = co_await Line();
  if (word(greeting.text(), 0) != "+OK") {
    const bool is_temporary = equal_in_any_case(word(greeting.text(), 1), "[SYS/TEMP]");
    co_return for_now(is_temporary, broken(greets(greeting.text())));
  }
  out += "CAPA\r\n";
  auto line = co_await Line();
  if (word(line.text(), 0) != "+OK") co_return refused(answers("CAPA", line.text()));
  bool offered = false;
  while (line.text() != ".") {
    offered |= equal_in_any_case(word(line.text(), 0), "STLS");
    line = co_await Line();
  }
  if (!offered) co_return refused(does_not_offer("STLS"));
  out += "STLS\r\n";
  line = co_await Line();
  if (word(line.text(), 0) != "+OK") co_return refused(answers("STLS", line.text()));
  co_return agreed();
}

// RFC 4217 section 4: whether AUTH TLS is offered is known by asking for it.
Talk ftp(std::string& out) {
  const auto greeting = co_await Reply(Reply::Style::ftp);
  if (!greeting.is("220")) co_return for_now(greeting.is_transient(), broken(greets(greeting.text())));
  out += "AUTH TLS\r\n";
  const auto answer = co_await Reply(Reply::Style::ftp);
  if (!answer.is("234"))
    co_return for_now(answer.is_transient(), refused(answers("AUTH TLS", answer.text())));
  co_return agreed();
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("<>&'\"").find(c) == std::string_view::npos) {
      escaped += c;
    } else {
      escaped += "&#" + std::to_string(static_cast<int>(c)) + ';';
    }
  }
  return escaped;
}

// RFC 6120 section 5.4. The content namespace tells a client's stream from a server's (section 4.8.2).
Talk xmpp(std::string& out, std::string domain, std::string content) {
  out += "<?xml version='1.0'?><stream:stream to='" + xml_escaped(domain) + "' version='1.0' xmlns='" +
         content + "' xmlns:stream='http://etherx.jabber.org/streams'>";
  auto tag = co_await Tag();
  if (tag.is_declaration()) tag = co_await Tag();
  if (tag.name() != "stream" || tag.closes()) co_return broken("opens no XMPP stream");
  tag = co_await Tag();
  if (tag.name() == "error" && !tag.closes()) {
    const auto condition = co_await Tag();
    co_return broken("answers the stream with the error " + std::string(condition.name()));
  }
  if (tag.name() != "features" || tag.closes()) co_return broken("sends no stream features");
  bool offered = false;
  for (int depth = tag.stands_alone() ? 0 : 1; depth > 0;) {
    tag = co_await Tag();
    offered |= depth == 1 && tag.name() == "starttls" && !tag.closes();
    if (!tag.stands_alone()) depth += tag.closes() ? -1 : 1;
  }
  if (!offered) co_return refused(does_not_offer("starttls"));
  out += "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
  const auto answer = co_await Tag();
  if (answer.name() != "proceed" || answer.closes()) {
    co_return refused("answers starttls with <" + std::string(answer.name()) + '>');
  }
  if (!answer.stands_alone()) {
    tag = co_await Tag();
    if (!tag.closes() || tag.name() != "proceed") co_return broken("sends a proceed that is not empty");
  }
  co_return agreed();
}

// RFC 5804 sections 1.7 and 2.2: the greeting is the list of capabilities, one a line, and then OK.
Talk sieve(std::string& out) {
  bool offered = false;
  auto line = co_await LiteralLine();
  while (line.text().starts_with('"')) {
    offered |= equal_in_any_case(word(line.text(), 0), "\"STARTTLS\"");
    line = co_await LiteralLine();
  }
  if (!equal_in_any_case(word(line.text(), 0), "OK")) co_return broken(greets(line.text()));
  if (!offered) co_return refused(does_not_offer("STARTTLS"));
  out += "STARTTLS\r\n";
  line = co_await LiteralLine();
  if (!equal_in_any_case(word(line.text(), 0), "OK")) co_return refused(answers("STARTTLS", line.text()));
  co_return agreed();
}

// RFC 4511 section 4.14: ExtendedRequest { [0] 1.3.6.1.4.1.1466.20037 } as message 1.
Talk ldap(std::string& out) {
  out += std::string_view("\x30\x1d\x02\x01\x01\x77\x18\x80\x16", 9);
  out += "1.3.6.1.4.1.1466.20037";
  const auto message = co_await LdapMessage();
  const auto response = message.extended_response(1);
  if (!response) co_return broken("answers StartTLS with another LDAP message");
  if (response->result_code != 0) {
    co_return refused("answers StartTLS with result code " + std::to_string(response->result_code) + ", \"" +
                      response->diagnostic + '"');
  }
  co_return agreed();
}

// PostgreSQL's SSLRequest: Int32 length 8, Int32 80877103; the answer is one octet.
Talk postgres(std::string& out) {
  out += std::string_view("\0\0\0\x08\x04\xd2\x16\x2f", 8);
  const auto answer = co_await Octet();
  if (answer.value() == 'N') co_return refused(does_not_offer("TLS"));
  if (answer.value() != 'S') co_return broken("answers SSLRequest with neither S nor N");
  co_return agreed();
}

Talk direct() { co_return agreed(); }

Talk begin(StartTls protocol, std::string& out, DialogueNames names) {
  switch (protocol) {
    case StartTls::smtp:
      return smtp(out, "EHLO", std::move(names.self));
    case StartTls::lmtp:
      return smtp(out, "LHLO", std::move(names.self));
    case StartTls::imap:
      return imap(out);
    case StartTls::pop3:
      return pop3(out);
    case StartTls::ftp:
      return ftp(out);
    case StartTls::xmpp:
      return xmpp(out, std::move(names.domain), "jabber:client");
    case StartTls::xmpp_server:
      return xmpp(out, std::move(names.domain), "jabber:server");
    case StartTls::sieve:
      return sieve(out);
    case StartTls::ldap:
      return ldap(out);
    case StartTls::postgres:
      return postgres(out);
    case StartTls::none:
      break;
  }
  return direct();
}

}  // namespace

Result<StartTls> parse_starttls(std::string_view text) {
  const auto* const found = std::ranges::find(words, text, &Word::text);
  if (found != words.end()) return found->protocol;
  std::string known;
  for (const auto& word : words) known += (known.empty() ? "" : ", ") + std::string(word.text);
  return fail(ErrorCode::usage, "\"" + std::string(text) + "\" is no protocol with STARTTLS", "--starttls",
              "one of " + known);
}

std::string_view text(StartTls protocol) { return std::ranges::find(words, protocol, &Word::protocol)->text; }

StartTls starttls_for_port(std::uint16_t port) {
  switch (port) {
    case 21:
      return StartTls::ftp;
    case 24:
      return StartTls::lmtp;
    case smtp_port:
    case 587:
      return StartTls::smtp;
    case 110:
      return StartTls::pop3;
    case 143:
      return StartTls::imap;
    case 389:
      return StartTls::ldap;
    case 4190:
      return StartTls::sieve;
    case 5222:
      return StartTls::xmpp;
    case 5269:
      return StartTls::xmpp_server;
    case 5432:
      return StartTls::postgres;
    default:
      return StartTls::none;
  }
}

class Dialogue::Script {
 public:
  Script(StartTls protocol, DialogueNames names) : talk_(begin(protocol, output_, std::move(names))) {
    note();
  }

  void feed(std::string_view received) {
    auto input = received.substr(0, max_dialogue - received_);
    received_ += input.size();
    const bool is_too_much = input.size() < received.size();
    while (ending_.state == State::talking && !input.empty()) advance(input);
    if (ending_.state == State::tls && (!input.empty() || is_too_much)) {
      ending_ = refused("sends more in the clear after agreeing to TLS (command injection, CVE-2011-0411)");
    }
    if (ending_.state == State::talking && is_too_much) {
      ending_ = broken("sends more than " + std::to_string(max_dialogue) + " octets before TLS");
    }
  }

  std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] const Ending& ending() const { return ending_; }

 private:
  void advance(std::string_view& input) {
    switch (talk_.pending().take(input)) {
      case Progress::more:
        return;
      case Progress::malformed:
        ending_ = broken(talk_.pending().trouble());
        return;
      case Progress::whole:
        talk_.resume();
        note();
    }
  }

  void note() {
    if (talk_.ending()) ending_ = *talk_.ending();
  }

  std::string output_;  // before talk_, which writes to it
  Talk talk_;
  Ending ending_{State::talking, {}};
  std::size_t received_ = 0;
};

Dialogue::Dialogue(StartTls protocol, DialogueNames names)
    : script_(std::make_unique<Script>(protocol, std::move(names))) {}
Dialogue::~Dialogue() = default;
Dialogue::Dialogue(Dialogue&&) noexcept = default;
Dialogue& Dialogue::operator=(Dialogue&&) noexcept = default;

void Dialogue::feed(std::string_view received) { script_->feed(received); }
std::string Dialogue::take_output() { return script_->take_output(); }
Dialogue::State Dialogue::state() const { return script_->ending().state; }
bool Dialogue::is_temporary() const { return script_->ending().is_temporary; }
std::string Dialogue::detail() const { return printable(script_->ending().detail, 200); }

}  // namespace tlsa_update::probe
