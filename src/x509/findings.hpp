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

// A PEM block of no use here, such as an X509 CRL.
struct Unused {
  Fact label;
  std::size_t line;
};

class Findings {
 public:
  // `file` and the passphrase are only borrowed.
  [[nodiscard]] static Parsed<Findings> in(ByteView file, const Passphrase& passphrase);

  std::vector<ParsedCertificate> certificates;
  std::vector<PublicKey> keys;
  std::vector<FileFault> out_of_reach;  // keys: why each cannot be read
  std::vector<Unused> unused;

 private:
  explicit Findings(const Passphrase& passphrase) : passphrase_(passphrase) {}

  Parsed<void> take_pem(std::string_view text);
  KeyResult<void> take_block(const PemBlock& block);
  KeyResult<void> take_encrypted_block(const PemBlock& block);
  Parsed<void> take_der(ByteView file);
  KeyResult<void> take(Kind kind, ByteView der);
  KeyResult<void> take_certificate(ByteView der);
  KeyResult<void> take_key(KeyResult<PublicKey> key);
  KeyResult<void> take_pkcs12(ByteView der);
  Parsed<void> pass_over_or_refuse(const KeyFault& fault, const FileFault& in_part);

  Passphrase passphrase_;
};

}  // namespace tlsa_update::x509
