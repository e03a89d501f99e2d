#include "tls_client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tlsa_update/x509/dane.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace tlsa_update::probe {
namespace {

// The leaf's key must fit one of the schemes (RFC 8446 section 4.4.2.2) and, up to TLS 1.2, the cipher suite.
// RSASSA-PKCS1 among the schemes of ecdsa admits chains that an RSA issuer signed, and no RSA leaf: TLS 1.3
// does not sign handshakes with it (section 4.2.3), and in TLS 1.2 the cipher suites shut it out.
constexpr const char* rsa_schemes =
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* ecdsa_schemes =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* all_schemes =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr const char* all_suites = "aECDSA:aRSA:!eNULL";
constexpr const char* rsa_suites = "aRSA:!eNULL";
constexpr const char* ecdsa_suites = "aECDSA:!eNULL";

struct Offer {
  const char* schemes;
  const char* suites;
};

Offer offer_of(Kind kind) {
  switch (kind) {
    case Kind::rsa:
      return {rsa_schemes, rsa_suites};
    case Kind::ecdsa:
      return {ecdsa_schemes, ecdsa_suites};
    case Kind::any:
      break;
  }
  return {all_schemes, all_suites};
}

constexpr std::size_t max_certificates = 100U << 10;  // octets of a peer's Certificate message

// SSL_set_tlsext_host_name() and SSL_set1_sigalgs_list() without the casts in their macros.
bool set_sni(SSL* ssl, std::string name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}
bool set_schemes(SSL* ssl, std::string schemes) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_SIGALGS_LIST, 0, schemes.data()) == 1;
}

int reason_of(const boost::system::error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

// RFC 6698 section 4.1: a client passes over what it does not understand or cannot be right.
bool is_usable(const TlsaRecord& record, const Service& service) {
  const auto [usage, selector, matching_type] = record.parameters;
  if (selector > Selector::spki || usage > Usage::dane_ee) return false;
  // RFC 7672 section 3.1.3: what usages 0 and 1 mean for SMTP is not defined.
  if (service.port == smtp_port && (usage == Usage::pkix_ta || usage == Usage::pkix_ee)) return false;
  switch (matching_type) {
    case MatchingType::full:
      return !record.data.empty();
    case MatchingType::sha2_256:
      return record.data.size() == 32;
    case MatchingType::sha2_512:
      return record.data.size() == 64;
    default:
      return false;
  }
}

TlsaRecords usable_records(const ProbeRequest& request) {
  TlsaRecords usable;
  std::ranges::copy_if(request.rrset->records, std::back_inserter(usable),
                       [&](const TlsaRecord& record) { return is_usable(record, request.service); });
  return usable;
}

std::vector<Name> reference_names(const ProbeRequest& request) {
  std::vector<Name> names{request.service.host};
  if (request.source_domain) names.push_back(*request.source_domain);
  return names;
}

std::vector<Bytes> presented_certificates(SSL* ssl) {
  std::vector<Bytes> certificates;
  auto* const chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const auto* const certificate = sk_X509_value(chain, i);
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) return {};
    Bytes der(static_cast<std::size_t>(size));
    auto* end = der.data();
    i2d_X509(certificate, &end);
    certificates.push_back(std::move(der));
  }
  return certificates;
}

}  // namespace

std::string tls_name(const Name& name) { return name.is_root() ? std::string() : name.host_text(); }

boost::asio::ssl::context looking_context() {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  auto* const raw = context.native_handle();
  SSL_CTX_set_security_level(raw, 0);
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_max_cert_list(raw, max_certificates);
  SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);  // the chain is judged when the handshake has shown it
  return context;
}

Result<void> prepare(SSL* ssl, Kind kind, const ProbeRequest& request) {
  const auto [schemes, suites] = offer_of(kind);
  const auto sni = tls_name(request.service.host);
  const bool is_set = set_schemes(ssl, schemes) && SSL_set_cipher_list(ssl, suites) == 1 &&
                      (sni.empty() || set_sni(ssl, sni));
  if (is_set) return {};
  const auto* const reason = ERR_reason_error_string(ERR_get_error());
  return fail(ErrorCode::internal, std::string("OpenSSL: ") + (reason != nullptr ? reason : "cannot set up"));
}

void read_evidence(SSL* ssl, const ProbeRequest& request, Presented& presented) {
  auto chain = x509::chain_of(presented_certificates(ssl), true);
  if (!chain) {
    presented.detail = "presents a chain that cannot be read: " + chain.error().what;
    return;
  }
  presented.outcome = ProbeOutcome::served;
  presented.chain = std::move(*chain);
  presented.key_type = presented.chain.front().key_type;
  if (!request.rrset) return;
  const auto usable = usable_records(request);
  auto verdict = x509::dane_verdict(presented.chain, usable, reference_names(request), request.now);
  presented.matched = std::move(verdict.matched);
  if (!presented.matched) presented.detail = usable.empty() ? "no usable TLSA record" : verdict.refusal;
}

bool is_no_common_algorithm(const boost::system::error_code& error) {
  const int reason = reason_of(error);
  return reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE || reason == SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY;
}

bool is_hang_up(const boost::system::error_code& error) {
  return error == boost::asio::error::eof || error == boost::asio::error::connection_reset ||
         error == boost::asio::error::broken_pipe || error == boost::asio::ssl::error::stream_truncated ||
         reason_of(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

bool is_plain_text(const boost::system::error_code& error) {
  const int reason = reason_of(error);
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST;
}

bool is_unknown_name(const boost::system::error_code& error) {
  return reason_of(error) == SSL_R_TLSV1_UNRECOGNIZED_NAME;
}

bool has_presented(const SSL* ssl) { return sk_X509_num(SSL_get_peer_cert_chain(ssl)) > 0; }

}  // namespace tlsa_update::probe
