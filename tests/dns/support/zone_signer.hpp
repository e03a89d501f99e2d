// A zone's key and the signatures it makes, by ldns, for tests of what verifies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns::test {

class ZoneSigner {
 public:
  explicit ZoneSigner(const Name& apex);  // a new ECDSA P-256 key
  ~ZoneSigner();
  [[nodiscard]] Record dnskey() const;
  [[nodiscard]] std::string text() const;  // the DNSKEY as a line of a zone file
  // The RRSIG over `rrset`, valid from `inception` to `expiration`, seconds since 1970.
  [[nodiscard]] Record sign(const std::vector<Record>& rrset, std::uint32_t inception,
                            std::uint32_t expiration) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

}  // namespace tlsa_update::dns::test
