// Handshakes with a live service: which chains does it present, and do they satisfy DANE? Speaks just
// enough of each protocol to reach TLS (starttls.hpp). Reads, never logs in.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/zone_view.hpp"

namespace tlsa_update::probe {

enum class StartTls { none, smtp, lmtp, imap, pop3, ftp, xmpp, xmpp_server, sieve, ldap, postgres };

[[nodiscard]] Result<StartTls> parse_starttls(std::string_view text);  // Error usage lists the words
[[nodiscard]] StartTls starttls_for_port(std::uint16_t port);  // 25, 587 smtp; 143 imap; ... else none

struct ProbeRequest {
  Service service;
  std::vector<boost::asio::ip::tcp::endpoint> addresses;  // every A and AAAA with the port
  StartTls starttls = StartTls::none;
  std::optional<Rrset> rrset;  // to verify against; none: no verification
  std::chrono::milliseconds timeout{5000};
};

// An RSA-only and an ECDSA-only handshake with every address, concurrently, SNI = service.host, each under
// the deadline.
[[nodiscard]] boost::asio::awaitable<ServiceEvidence> probe(ProbeRequest request);

}  // namespace tlsa_update::probe
