// Files that hold no certificate and no key of TLS: what they are instead, so that the error says it.
#pragma once

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"

namespace tlsa_update::x509 {

inline constexpr const char* advice_for_pkcs7 = "take the certificates out of it: openssl pkcs7 -print_certs";

// `file` holds neither a PEM block nor DER. Always bad_data; `where` is left to the caller.
[[nodiscard]] Error error_of_foreign(ByteView file);

}  // namespace tlsa_update::x509
