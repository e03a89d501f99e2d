// Files that hold no certificate and no key of TLS, or hold them wrapped in something else: what they are
// instead, and the command that takes the certificate out, so that the error says it.
#pragma once

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/file_fault.hpp"

namespace tlsa_update::x509 {

inline constexpr Words advice_for_pkcs7 = "take the certificates out of it: openssl pkcs7 -print_certs";

// `file` has no boundary line of PEM and is not DER.
[[nodiscard]] FileFault fault_of_foreign(ByteView file);

}  // namespace tlsa_update::x509
