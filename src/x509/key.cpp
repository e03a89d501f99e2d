#include "key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "certificate.hpp"
#include "der.hpp"

namespace tlsa_update::x509 {
namespace {

using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;

tl::unexpected<Error> broken() { return fail(ErrorCode::bad_data, "is broken (" + openssl_reason() + ")"); }

// SPKI as OpenSSL encodes it.
Result<PublicKey> key_of(const KeyPtr& key) {
  if (!key) return broken();
  unsigned char* octets = nullptr;
  const int size = i2d_PUBKEY(key.get(), &octets);
  if (size <= 0) return broken();
  auto result = key_of_spki({octets, static_cast<std::size_t>(size)});
  OPENSSL_free(octets);
  return result;
}

// The numbers of these names, one after the other; empty when the key has not all of them.
Bytes numbers_of(EVP_PKEY* key, std::initializer_list<const char*> names) {
  Bytes numbers;
  for (const char* name : names) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    const NumberPtr number(raw);
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), octets.data());
    numbers.insert(numbers.end(), octets.begin(), octets.end());
  }
  return numbers;
}

}  // namespace

Result<PublicKey> key_of_spki(ByteView der) {
  const unsigned char* cursor = der.data();
  const PubkeyPtr pubkey(d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
  if (!pubkey) return broken();
  if (const auto sound = check_spki(pubkey.get(), der); !sound) return tl::unexpected(sound.error());
  return PublicKey{select(der), key_type_of(pubkey.get())};
}

Result<PublicKey> key_of_rsa_public_key(ByteView der) {
  const unsigned char* cursor = der.data();
  return key_of(KeyPtr(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &cursor, static_cast<long>(der.size()))));
}

Result<PublicKey> key_of_request(ByteView der) {
  const unsigned char* cursor = der.data();
  const RequestPtr request(d2i_X509_REQ(nullptr, &cursor, static_cast<long>(der.size())));
  if (!request) return broken();
  const auto element = first_element(der);
  if (!element) return tl::unexpected(element.error());
  auto key = key_of_spki(spki_of_request(*element));
  // What was damaged on its way shows here. A key that OpenSSL does not know cannot be asked.
  EVP_PKEY* const signer = X509_REQ_get0_pubkey(request.get());
  if (key && signer != nullptr && X509_REQ_verify(request.get(), signer) == 0)
    return fail(ErrorCode::bad_data, "is damaged: its own signature does not verify");
  forget_errors();
  return key;
}

Result<PublicKey> key_of(const PKCS8_PRIV_KEY_INFO* info) {
  return key_of(KeyPtr(info != nullptr ? EVP_PKCS82PKEY(info) : nullptr));
}

Result<PublicKey> key_of_private_key(ByteView der) {
  const auto element = first_element(der);
  if (!element) return tl::unexpected(element.error());
  const unsigned char* cursor = der.data();
  const long size = static_cast<long>(der.size());
  switch (kind_of(*element)) {
    case Kind::private_key: {
      const KeyInfoPtr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, size));
      return info ? key_of(info.get()) : Result<PublicKey>(broken());
    }
    case Kind::rsa_private_key:
      return key_of(KeyPtr(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &cursor, size)));
    case Kind::ec_private_key:
      return key_of(KeyPtr(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &cursor, size)));
    case Kind::dsa_private_key:
      return key_of(KeyPtr(d2i_PrivateKey(EVP_PKEY_DSA, nullptr, &cursor, size)));
    default:
      return fail(ErrorCode::bad_data, "is not a private key");
  }
}

Result<PublicKey> key_of_encrypted_key(ByteView der, const Passphrase& passphrase) {
  const unsigned char* cursor = der.data();
  const EncryptedPtr encrypted(d2i_X509_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  if (!encrypted) return broken();
  const auto info = decrypt_private_key(encrypted.get(), passphrase);
  if (!info) return tl::unexpected(info.error());
  return key_of(info->get());
}

Bytes identity_of(const Selected& spki) {
  const unsigned char* cursor = spki.full.data();
  const KeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.full.size())));
  Bytes identity;
  switch (key ? EVP_PKEY_get_base_id(key.get()) : EVP_PKEY_NONE) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:  // the same numbers may serve under either name
      identity = numbers_of(key.get(), {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E});
      break;
    case EVP_PKEY_EC:  // points may be compressed, curves spelt out
      identity = numbers_of(key.get(), {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y});
      break;
    default:
      break;
  }
  forget_errors();
  return identity.empty() ? spki.full : identity;
}

}  // namespace tlsa_update::x509
