#include "openssl.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>

namespace tlsa_update::x509 {

void start_openssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  forget_errors();
}

Fact openssl_reason() {
  // The oldest entry is the innermost: what failed first.
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  std::string text = reason != nullptr ? reason : "no reason given";
  ERR_clear_error();
  return Fact::not_of_file(std::move(text));
}

void forget_errors() { ERR_clear_error(); }

}  // namespace tlsa_update::x509
