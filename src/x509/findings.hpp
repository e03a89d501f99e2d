// What one file holds, sorted out: certificates, keys, and what is of no use here. The content decides what a
// file and each of its parts is; the labels of PEM blocks must agree with it.
#pragma once

#include <string>
#include <vector>

#include "certificate.hpp"
#include "der.hpp"
#include "key.hpp"
#include "pem.hpp"

namespace tlsa_update::x509 {

class Findings {
 public:
  // `file` and the passphrase are only borrowed. Error bad_data; `where` is left to the caller.
  [[nodiscard]] static Result<Findings> in(ByteView file, const Passphrase& passphrase);

  std::vector<ParsedCertificate> certificates;
  std::vector<PublicKey> keys;
  std::vector<std::string> unused;  // "the X509 CRL block at line 40"

 private:
  explicit Findings(const Passphrase& passphrase) : passphrase_(passphrase) {}

  Result<void> take_pem(std::string_view text);
  Result<void> take_block(const PemBlock& block);
  Result<void> take_encrypted_block(const PemBlock& block);
  Result<void> take_der(ByteView file);
  Result<void> take(Kind kind, ByteView der);
  Result<void> take_certificate(ByteView der);
  Result<void> take_key(Result<PublicKey> key);
  Result<void> take_pkcs12(ByteView der);

  Passphrase passphrase_;
};

}  // namespace tlsa_update::x509
