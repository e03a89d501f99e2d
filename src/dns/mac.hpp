// HMAC (RFC 2104) under a TSIG key, by OpenSSL's EVP_MAC. Knows nothing of what is digested.
#pragma once

#include <memory>

#include <openssl/evp.h>

#include "tlsa_update/core/freer.hpp"
#include "tlsa_update/dns/tsig.hpp"

namespace tlsa_update::dns {

class Mac {
 public:
  // Throws std::runtime_error when OpenSSL will not compute this HMAC (an FIPS provider and MD5):
  // parse_key_file refuses such keys, so that nothing after it meets one.
  explicit Mac(const TsigKey& key);

  void update(ByteView octets);
  void update_u16(std::size_t value);
  // The digest; begins anew under the same key.
  [[nodiscard]] Bytes finish();

 private:
  std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>> context_;
};

[[nodiscard]] bool is_available(TsigAlgorithm algorithm);

// In a time that does not depend on where the two differ. A length that differs is no secret.
[[nodiscard]] bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace tlsa_update::dns
