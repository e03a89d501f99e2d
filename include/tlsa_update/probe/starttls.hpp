// The plain-text dialogues that come before TLS, as pure functions of the octets received: no sockets, no
// clock, no TLS. Speaks just enough of each protocol to ask for TLS, never logs in, and keeps nothing of what
// the peer sent but one printable line. What it reads is bounded: 4 KiB a line, 64 KiB a dialogue.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tlsa_update/core/error.hpp"

namespace tlsa_update::probe {

enum class StartTls { none, smtp, lmtp, imap, pop3, ftp, xmpp, xmpp_server, sieve, ldap, postgres };

// "smtp", "xmpp-server", ...; "none" is TLS from the first octet. Error usage lists the words.
[[nodiscard]] Result<StartTls> parse_starttls(std::string_view text);
[[nodiscard]] std::string_view text(StartTls protocol);

// The protocol that speaks plain text first on this port: 25 and 587 smtp, 143 imap, 110 pop3, 21 ftp, 5222
// xmpp, 5269 xmpp-server, 4190 sieve, 389 ldap, 5432 postgres, 24 lmtp; every other port none.
[[nodiscard]] StartTls starttls_for_port(std::uint16_t port);

struct DialogueNames {
  std::string self = "localhost";  // SMTP and LMTP: what EHLO or LHLO says: a host name or "[192.0.2.1]"
  std::string domain;              // XMPP: the domain the stream is addressed to, without the final dot
};

// One dialogue with one peer. Hand over what was received, send what it wants sent, until it is not talking.
class Dialogue {
 public:
  enum class State {
    talking,  // send take_output(), then feed() what comes
    tls,      // the peer agreed: TLS begins with the next octet, which is ours
    refused,  // the peer speaks the protocol but not TLS, or sent more after agreeing (CVE-2011-0411)
    broken,   // the peer does not speak the protocol, is out of service, or sent too much
  };

  Dialogue(StartTls protocol, DialogueNames names);
  ~Dialogue();
  Dialogue(Dialogue&&) noexcept;
  Dialogue& operator=(Dialogue&&) noexcept;

  // Octets in any portions; the portions make no difference.
  void feed(std::string_view received);

  [[nodiscard]] std::string take_output();  // what to send now; empty when it is the peer's turn
  [[nodiscard]] State state() const;
  [[nodiscard]] std::string detail() const;  // refused and broken: why, printable, one line
  // refused and broken: the peer says that a later try may go well (RFC 5321 section 4.2.1, RFC 9051 section
  // 7.1.5, RFC 3206 section 4).
  [[nodiscard]] bool is_temporary() const;

 private:
  class Script;
  std::unique_ptr<Script> script_;
};

}  // namespace tlsa_update::probe
