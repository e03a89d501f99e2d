// The names in a certificate: distinguished names as text for people, and the DNS names that a client
// compares (RFC 6125 section 6.4). Nothing that a forger put there reaches a terminal or a comparison raw.
#pragma once

#include <string>
#include <vector>

#include "openssl.hpp"

namespace tlsa_update::x509 {

// RFC 2253 style, UTF-8, control characters escaped: "CN=mail.example.com,O=Example".
[[nodiscard]] std::string text_of(const X509_NAME* name);

// subjectAltName dNSName; only without any, the most specific common name (RFC 6125 section 6.4.4).
// Lower-case, without a last dot. Names that no host can have (an embedded NUL, blanks) are left out.
[[nodiscard]] std::vector<std::string> dns_names_of(const X509* x509);

}  // namespace tlsa_update::x509
