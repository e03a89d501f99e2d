// Nothing of a private key stays behind in memory that this program has given back. Every block that C++
// frees in this test is searched for the private number first. (OpenSSL's own memory is OpenSSL's to wipe.)
#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <malloc.h>
#include <memory>
#include <new>

#include <openssl/bn.h>
#include <openssl/pem.h>

#include "support/certificates.hpp"
#include "tlsa_update/x509/loader.hpp"

namespace {

// The last octets of the private number, which is in no public half. Looked for only while `watched` is set.
std::uint8_t needle[24];
bool watched = false;
int leaks = 0;

void search_before_free(void* block) {
  if (block == nullptr || !watched) return;
  const auto* begin = static_cast<const std::uint8_t*>(block);
  const auto* end = begin + malloc_usable_size(block);
  if (std::search(begin, end, std::begin(needle), std::end(needle)) != end) ++leaks;
}

}  // namespace

void operator delete(void* block) noexcept {
  search_before_free(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  search_before_free(block);
  std::free(block);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new(std::size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

namespace tlsa_update::x509 {
namespace {

// How often the private number is found in what load() frees.
int leaks_while_loading(const std::string& file, const Secret* passphrase) {
  const ByteView octets(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
  leaks = 0;
  watched = true;
  const bool loaded = load(octets, "key.pem", passphrase).has_value();
  watched = false;
  EXPECT_TRUE(loaded);
  return leaks;
}

// The private number of a P-256 key; its last octets become the needle.
Bytes watch_for(const test::Key& key) {
  BIGNUM* raw = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), "priv", &raw), 1);
  Bytes number(32);
  EXPECT_EQ(BN_bn2binpad(raw, number.data(), 32), 32);
  BN_clear_free(raw);
  std::copy_n(number.begin() + 8, sizeof needle, needle);
  return number;
}

std::string encrypted_old_pem(const test::Key& key, std::string passphrase) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  auto* octets = reinterpret_cast<unsigned char*>(passphrase.data());
  PEM_write_bio_PrivateKey_traditional(out.get(), key.get(), EVP_aes_128_cbc(), octets,
                                       static_cast<int>(passphrase.size()), nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(Wiping, NothingOfAPrivateKeyIsLeftInFreedMemory) {
  const auto key = test::make_key();
  const auto number = watch_for(key);
  const Secret passphrase(Bytes{'x', 'y', 'z', 'z', 'y'});
  EXPECT_EQ(leaks_while_loading(test::private_pem_of(key), nullptr), 0);
  EXPECT_EQ(leaks_while_loading(encrypted_old_pem(key, "xyzzy"), &passphrase), 0);

  // The search finds what is not wiped.
  watched = true;
  { const Bytes careless = number; }
  watched = false;
  EXPECT_EQ(leaks, 1);
}

}  // namespace
}  // namespace tlsa_update::x509
