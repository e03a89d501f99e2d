// The OpenSSL side of a probe: a client that can verify only one kind of key, looks at whatever chain it is
// shown. Its security level is the lowest, because it
// entrusts the peer with nothing: what a weak server presents has to be seen too.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <string>

#include "tlsa_update/core/evidence.hpp"
#include "tlsa_update/probe/endpoint.hpp"

namespace tlsa_update::probe {

// `ecdsa` stands for every signature that is not RSA: Ed25519 and Ed448 too (DSA is long gone from TLS).
// `any` offers all of both, and the server chooses.
enum class Kind { rsa, ecdsa, any };

[[nodiscard]] boost::asio::ssl::context looking_context();

// The name as SNI (RFC 6066 section 3: no final dot; empty for an address) and certificates bear it.
[[nodiscard]] std::string tls_name(const Name& name);

// Restricts a new connection to one kind of key, and sets SNI.
[[nodiscard]] Result<void> prepare(SSL* ssl, Kind kind, const ProbeRequest& request);

// The peer has sent its certificates, whatever became of the handshake then: who demands a certificate of the
// client ends it after that.
[[nodiscard]] bool has_presented(const SSL* ssl);

// After the handshake: the chain as the peer sent it, and what x509::dane_verdict makes of it and the RRset.
void read_evidence(SSL* ssl, const ProbeRequest& request, Presented& presented);

// The peer's alert says that it speaks TLS but not with any certificate of this kind.
[[nodiscard]] bool is_no_common_algorithm(const boost::system::error_code& error);
// The peer ended the connection without a word of TLS.
[[nodiscard]] bool is_hang_up(const boost::system::error_code& error);
// What came is no TLS.
[[nodiscard]] bool is_plain_text(const boost::system::error_code& error);
// The peer's alert says that it has no certificate for the name that it was asked for.
[[nodiscard]] bool is_unknown_name(const boost::system::error_code& error);

}  // namespace tlsa_update::probe
