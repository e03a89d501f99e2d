// PKCS#12 (RFC 7292): every certificate and every key in the container, not only one pair of them.
#pragma once

#include <vector>

#include "key.hpp"

namespace tlsa_update::x509 {

struct Pkcs12Contents {
  std::vector<Bytes> certificates;  // DER
  std::vector<PublicKey> keys;
};

// Error bad_data; `where` is left to the caller.
[[nodiscard]] Result<Pkcs12Contents> open_pkcs12(ByteView der, const Passphrase& passphrase);

}  // namespace tlsa_update::x509
