#include "decryption.hpp"

#include <algorithm>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

namespace tlsa_update::x509 {
namespace {

using Pbes2Ptr = std::unique_ptr<PBE2PARAM, Freer<PBE2PARAM_free>>;
using Pbkdf2Ptr = std::unique_ptr<PBKDF2PARAM, Freer<PBKDF2PARAM_free>>;
using ScryptPtr = std::unique_ptr<SCRYPT_PARAMS, Freer<SCRYPT_PARAMS_free>>;
using PbePtr = std::unique_ptr<PBEPARAM, Freer<PBEPARAM_free>>;

constexpr long too_many = most_iterations + 1;

// Keeps the default provider active; loaded at most once, and until the process ends.
bool load_legacy_provider() {
  using ProviderPtr = std::unique_ptr<OSSL_PROVIDER, Freer<OSSL_PROVIDER_unload>>;
  static const ProviderPtr legacy(OSSL_PROVIDER_try_load(nullptr, "legacy", 1));
  return legacy != nullptr;
}

// Empties the error queue: did any failure on it say that an algorithm is missing?
bool an_algorithm_is_missing() {
  bool missing = false;
  while (const auto code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason == nullptr) continue;
    const std::string_view text(reason);
    constexpr auto npos = std::string_view::npos;
    missing = missing || text.find("unsupported") != npos || text.find("unknown") != npos;
  }
  return missing;
}

long count_of(const ASN1_INTEGER* integer) {
  std::int64_t count = 0;
  if (ASN1_INTEGER_get_int64(&count, integer) != 1 || count < 0 || count > most_iterations) return too_many;
  return static_cast<long>(count);
}

// RFC 7914: the mixing of one block is about as much work as one iteration of a hash.
long work_of(const SCRYPT_PARAMS& scrypt) {
  long work = 1;
  for (const auto* factor : {scrypt.costParameter, scrypt.blockSize, scrypt.parallelizationParameter})
    work = std::min(too_many, work * count_of(factor));  // both below 2^23
  return work;
}

template <class Pointer, class Item>
Pointer parameters_of(const X509_ALGOR* algorithm, Item* item) {
  return Pointer(
      static_cast<typename Pointer::pointer>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

// The key derivation function inside PBES2 (RFC 8018 appendix A.4, RFC 7914 section 7.1).
long iterations_of_function(const X509_ALGOR& function) {
  switch (OBJ_obj2nid(function.algorithm)) {
    case NID_id_pbkdf2: {
      const auto pbkdf2 = parameters_of<Pbkdf2Ptr>(&function, ASN1_ITEM_rptr(PBKDF2PARAM));
      return pbkdf2 ? count_of(pbkdf2->iter) : 0;
    }
    case NID_id_scrypt: {
      const auto scrypt = parameters_of<ScryptPtr>(&function, ASN1_ITEM_rptr(SCRYPT_PARAMS));
      return scrypt ? work_of(*scrypt) : 0;
    }
    default:
      return 0;
  }
}

// Asks for the passphrase: PEM_do_header offers a buffer, 1,024 octets long.
int give_passphrase(char* buffer, int size, int /*writing*/, void* context) {
  const Passphrase& passphrase = *static_cast<Passphrase*>(context);
  if (passphrase.size > size) return -1;
  std::copy_n(passphrase.text, passphrase.size, buffer);
  return passphrase.size;
}

}  // namespace

Passphrase Passphrase::of(const Secret* secret) {
  if (secret == nullptr || secret->empty()) return {nullptr, 0, secret != nullptr};
  return {reinterpret_cast<const char*>(secret->view().data()), static_cast<int>(secret->size()), true};
}

KeyResult<void> decrypt(const Passphrase& passphrase, const std::function<bool()>& attempt) {
  forget_errors();
  if (attempt()) return {};
  bool missing = an_algorithm_is_missing();
  if (missing && load_legacy_provider()) {
    if (attempt()) return {};
    missing = an_algorithm_is_missing();
  }
  if (missing)
    return out_of_reach("is encrypted with an algorithm that OpenSSL does not offer here", {},
                        "encrypt it anew with AES, or install OpenSSL's legacy provider");
  if (!passphrase.is_given)
    return out_of_reach("is encrypted", {}, "give its passphrase with --passphrase-file");
  return wrong("cannot be decrypted: the passphrase is wrong, or the file is damaged", {},
               "check --passphrase-file");
}

long iterations_of(const X509_ALGOR* algorithm) {
  if (algorithm == nullptr || algorithm->parameter == nullptr) return 0;
  long iterations = 0;
  if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
    if (const auto pbes2 = parameters_of<Pbes2Ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM)))
      iterations = iterations_of_function(*pbes2->keyfunc);
  } else if (const auto pbe = parameters_of<PbePtr>(algorithm, ASN1_ITEM_rptr(PBEPARAM))) {
    iterations = count_of(pbe->iter);  // PBES1 and PKCS#12
  }
  forget_errors();
  return iterations;
}

Parsed<void> check_iterations(long iterations) {
  if (iterations <= most_iterations) return {};
  return wrong("asks for more than {} iterations to derive its key", {std::size_t{most_iterations}});
}

KeyResult<KeyInfoPtr> decrypt_private_key(const X509_SIG* encrypted, const Passphrase& passphrase) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted, &algorithm, nullptr);
  if (auto bounded = check_iterations(iterations_of(algorithm)); !bounded)
    return tl::unexpected(bounded.error());
  KeyInfoPtr key;
  const auto decrypted = decrypt(passphrase, [&] {
    key.reset(PKCS8_decrypt(encrypted, passphrase.text, passphrase.size));
    return key != nullptr;
  });
  if (!decrypted) return tl::unexpected(decrypted.error());
  return key;
}

KeyResult<Secret> decrypt_block(const std::string& headers, ByteView body, const Passphrase& passphrase) {
  std::string writable = headers;  // OpenSSL reads it through a pointer to non-const
  Secret plain;
  const auto decrypted = decrypt(passphrase, [&] {
    EVP_CIPHER_INFO cipher;
    if (PEM_get_EVP_CIPHER_INFO(writable.data(), &cipher) != 1) return false;
    Bytes buffer(body.begin(), body.end());
    long size = static_cast<long>(buffer.size());
    Passphrase asked_for = passphrase;
    const bool done = PEM_do_header(&cipher, buffer.data(), &size, give_passphrase, &asked_for) == 1;
    if (done) buffer.resize(static_cast<std::size_t>(size));
    plain = Secret(std::move(buffer));
    return done;
  });
  if (!decrypted) return tl::unexpected(decrypted.error());
  return plain;
}

}  // namespace tlsa_update::x509
