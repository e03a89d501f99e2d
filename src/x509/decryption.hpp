// Encrypted private keys and containers. The passphrase comes from the caller and never from a terminal; old
// algorithms (RC2, DES) are tried through OpenSSL's legacy provider; and a file cannot ask for hours of key
// derivation.
#pragma once

#include <functional>
#include <string>

#include "openssl.hpp"
#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update::x509 {

// What a file may ask for: the key derivations of all its parts together. OpenSSL's own default is 2,048,
// current advice for passwords below 2,000,000.
inline constexpr long most_iterations = 5'000'000;

// Why a key does not give its public half. One that is out of reach may be sound: it is encrypted and no
// passphrase is given, or this OpenSSL does not know an algorithm.
struct KeyFault {
  KeyFault(FileFault fault, bool out_of_reach = false)
      : why(std::move(fault)), is_out_of_reach(out_of_reach) {}

  FileFault why;
  bool is_out_of_reach;
};

template <class T>
using KeyResult = tl::expected<T, KeyFault>;

[[nodiscard]] inline tl::unexpected<KeyFault> out_of_reach(Words what, std::initializer_list<Fact> facts = {},
                                                           Words advice = "") {
  return tl::unexpected<KeyFault>(KeyFault(FileFault(what, facts, advice), true));
}

// As OpenSSL's C functions want it. Borrows from a Secret; without one it is the empty passphrase, which is
// tried before the user is asked for another.
struct Passphrase {
  const char* text = nullptr;
  int size = 0;
  bool is_given = false;

  [[nodiscard]] static Passphrase of(const Secret* secret);
};

// Calls `attempt` until it succeeds or its failure is known: again with the legacy provider when an algorithm
// is missing. The fault tells apart a missing passphrase, a wrong one, and a missing algorithm.
[[nodiscard]] KeyResult<void> decrypt(const Passphrase& passphrase, const std::function<bool()>& attempt);

// Iterations that this algorithm asks for (RFC 8018 appendix A, RFC 7292 appendix B); 0 when it says none.
// A count that does not fit counts as more than allowed.
[[nodiscard]] long iterations_of(const X509_ALGOR* algorithm);

// Refuses more than most_iterations.
[[nodiscard]] Parsed<void> check_iterations(long iterations);

// PKCS#8 EncryptedPrivateKeyInfo (RFC 5958 section 3) to the key itself.
[[nodiscard]] KeyResult<KeyInfoPtr> decrypt_private_key(const X509_SIG* encrypted,
                                                        const Passphrase& passphrase);

// The "Proc-Type: 4,ENCRYPTED" form of RFC 1421 as OpenSSL writes it, to the DER of the private key.
[[nodiscard]] KeyResult<Secret> decrypt_block(const std::string& headers, ByteView body,
                                              const Passphrase& passphrase);

}  // namespace tlsa_update::x509
