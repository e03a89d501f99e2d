#include "farewell.hpp"

namespace tlsa_update::probe {

StartTls spoken_inside(StartTls asked, std::uint16_t port) {
  if (asked != StartTls::none) return asked;
  switch (port) {
    case 465:
      return StartTls::smtp;
    case 636:
      return StartTls::ldap;
    case 990:
      return StartTls::ftp;
    case 993:
      return StartTls::imap;
    case 995:
      return StartTls::pop3;
    default:
      return StartTls::none;
  }
}

std::string_view farewell(StartTls protocol) {
  switch (protocol) {
    case StartTls::smtp:
    case StartTls::lmtp:
    case StartTls::pop3:
    case StartTls::ftp:
      return "QUIT\r\n";
    case StartTls::imap:
      return "z LOGOUT\r\n";
    case StartTls::sieve:
      return "LOGOUT\r\n";
    case StartTls::ldap:  // RFC 4511 section 4.3: UnbindRequest, as message 2
      return {"\x30\x05\x02\x01\x02\x42\x00", 7};
    case StartTls::none:
    case StartTls::xmpp:
    case StartTls::xmpp_server:
    case StartTls::postgres:
      break;
  }
  return {};
}

bool is_greeted_by_server(StartTls protocol) {
  switch (protocol) {
    case StartTls::smtp:
    case StartTls::imap:
    case StartTls::pop3:
    case StartTls::ftp:
      return true;
    default:
      return false;
  }
}

}  // namespace tlsa_update::probe
