// Handshakes with a live service: which chains does it present, and do they satisfy DANE? Speaks just enough
// of each protocol to reach TLS (starttls.hpp), trusts nothing that it hears, never logs in. A service may
// hold a certificate of each kind of key, so every address is asked twice: once by a client that can only
// verify RSA signatures, once by one that can only verify ECDSA, Ed25519 and Ed448. A peer has one connection
// of ours at a time, whatever the port: mail servers count them. A temporary refusal is tried once more after
// a second.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/probe/starttls.hpp"

namespace tlsa_update::probe {

// Where one handshake goes. Not Asio's endpoint: its header is half of what a file that includes this one
// parses.
struct SocketAddress {
  boost::asio::ip::address address;
  std::uint16_t port = 0;
};

struct ProbeRequest {
  Service service;
  std::vector<SocketAddress> addresses;  // every A and AAAA with the port
  StartTls starttls = StartTls::none;

  // The domain whose MX or SRV record led to the host. A second name that certificates may bear (RFC 7672
  // section 3.2.2, RFC 7673 section 6), and the one that an XMPP stream is addressed to.
  std::optional<Name> source_domain;

  std::optional<Rrset> rrset;  // to verify against; none: no verification
  std::optional<Time> now;     // when certificates must be valid (usages 0 to 2); none: OpenSSL's clock
  std::chrono::milliseconds timeout{30000};  // one handshake, from connecting to its end

  // Instead of one handshake of each kind of key: so many that offer all kinds. One that shows no chain is no
  // look at whatever is behind the address (DESIGN, W10): several machines may be.
  unsigned samples = 0;
};

// One Presented for each address and kind of key, or sample, in the order of `addresses`, the RSA one first;
// SNI and TLSA base domain = service.host. Connects to all addresses at once, `at_once` in flight. Never
// fails: what goes wrong is an outcome. Only TCP services can be probed: others are unreachable and say so.
// `addresses_known` is left for the caller, who knows how the addresses were found.
//
// Verification is OpenSSL's (RFC 7671): records that are unusable are passed over, also usages 0 and 1 on
// port 25 (RFC 7672 section 3.1.3); names and dates do not count for usage 3 (RFC 7671 section 5.1).
[[nodiscard]] boost::asio::awaitable<std::vector<ServiceEvidence>> probe_all(
    std::vector<ProbeRequest> requests, std::size_t at_once = 64);
[[nodiscard]] boost::asio::awaitable<ServiceEvidence> probe(ProbeRequest request);

// HOST:PORT of --from-server: a host name (U-labels too), an IPv4 address or an IPv6 address in brackets;
// after a name the port may be a well-known service name.
struct LiveServer {
  std::string host;  // without brackets and final dot
  std::uint16_t port = 0;
  bool operator==(const LiveServer&) const = default;
  [[nodiscard]] std::string text() const;  // "HOST:PORT", "[::1]:PORT"
};
[[nodiscard]] Result<LiveServer> parse_live_server(std::string_view text);  // Error usage

// The distinct chains that a live server presents, RSA first; source "server:HOST:PORT".
struct ServedCredentials {
  std::vector<Credential> credentials;  // never empty
  std::vector<std::string> notes;       // for people: handshakes that brought neither a chain nor a clear no
};

// Asks the server at every one of `addresses`, which are those of its host; SNI = host unless it is an
// address. Error no_answer when not one address presents a chain, with the reason of each.
[[nodiscard]] boost::asio::awaitable<Result<ServedCredentials>> from_server(
    LiveServer server, std::vector<boost::asio::ip::address> addresses, StartTls starttls,
    std::chrono::milliseconds timeout = std::chrono::seconds{30});

}  // namespace tlsa_update::probe
