// PKCS#12 (RFC 7292): every certificate and every key in the container, not only one pair of them.
#pragma once

#include <vector>

#include "key.hpp"

namespace tlsa_update::x509 {

struct Pkcs12Contents {
  std::vector<Bytes> certificates;  // DER
  std::vector<PublicKey> keys;
  std::vector<FileFault> out_of_reach;  // keys: why each cannot be read
};

[[nodiscard]] KeyResult<Pkcs12Contents> open_pkcs12(ByteView der, const Passphrase& passphrase);

}  // namespace tlsa_update::x509
