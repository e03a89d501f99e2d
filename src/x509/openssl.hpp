// What the files of this room share of OpenSSL: one owning pointer a C type, the start of the library, and
// the reason of its last failure in words.
#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tlsa_update/core/file_fault.hpp"
#include "tlsa_update/core/freer.hpp"

namespace tlsa_update::x509 {

using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using PubkeyPtr = std::unique_ptr<X509_PUBKEY, Freer<X509_PUBKEY_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyInfoPtr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freer<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPtr = std::unique_ptr<X509_SIG, Freer<X509_SIG_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freer<PKCS12_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;

// Every entry into this room calls it first. The system's openssl.cnf is not read: nothing here depends on
// it, and it costs a tenth of the life of `generate`. (Whoever starts OpenSSL earlier in the process
// decides.)
void start_openssl();

// The innermost reason on OpenSSL's error queue, lower case as it comes ("wrong tag"); empties the queue.
// Never empty text.
[[nodiscard]] Fact openssl_reason();

// Empties the queue of failures that were expected.
void forget_errors();

}  // namespace tlsa_update::x509
