#include "mac.hpp"

#include <array>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

namespace tlsa_update::dns {
namespace {

const char* digest_name(TsigAlgorithm algorithm) {
  switch (algorithm) {
    case TsigAlgorithm::hmac_md5:
      return "MD5";
    case TsigAlgorithm::hmac_sha1:
      return "SHA1";
    case TsigAlgorithm::hmac_sha224:
      return "SHA224";
    case TsigAlgorithm::hmac_sha256:
      return "SHA256";
    case TsigAlgorithm::hmac_sha384:
      return "SHA384";
    case TsigAlgorithm::hmac_sha512:
      return "SHA512";
  }
  return "";
}

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL does not compute this HMAC");
}

// Fetched once: looking an algorithm up costs more than a short HMAC.
EVP_MAC* hmac() {
  static EVP_MAC* const fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return fetched;
}

}  // namespace

Mac::Mac(const TsigKey& key) : context_(EVP_MAC_CTX_new(hmac())) {
  std::string digest = digest_name(key.algorithm);
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_end()};
  // An empty key is a key as well; a null pointer would mean "the key you have".
  static constexpr std::uint8_t none = 0;
  const auto secret = key.secret.view();
  require(context_ != nullptr && EVP_MAC_init(context_.get(), secret.empty() ? &none : secret.data(),
                                              secret.size(), parameters.data()) == 1);
}

void Mac::update(ByteView octets) {
  require(EVP_MAC_update(context_.get(), octets.data(), octets.size()) == 1);
}

void Mac::update_u16(std::size_t value) {
  const std::array octets{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  update(octets);
}

Bytes Mac::finish() {
  Bytes digest(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  require(EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) == 1 &&
          EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
  digest.resize(size);
  return digest;
}

bool is_available(TsigAlgorithm algorithm) {
  try {
    Mac probe(TsigKey{Name(), algorithm, Secret()});
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tlsa_update::dns
