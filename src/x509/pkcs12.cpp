#include "pkcs12.hpp"

#include <algorithm>

#include <openssl/asn1.h>

#include "decryption.hpp"

namespace tlsa_update::x509 {
namespace {

struct FreeSafes {
  void operator()(STACK_OF(PKCS7) * safes) const noexcept { sk_PKCS7_pop_free(safes, PKCS7_free); }
};
struct FreeBags {
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const noexcept {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
};
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), FreeSafes>;
using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), FreeBags>;

tl::unexpected<FileFault> broken_container() { return wrong("is broken ({})", {openssl_reason()}); }

// Walks one container, opened with one passphrase.
class Pkcs12Reader {
 public:
  explicit Pkcs12Reader(const Passphrase& passphrase) : passphrase_(passphrase) {}

  KeyResult<Pkcs12Contents> read(PKCS12* container) {
    if (auto open = verify_mac(container); !open) return tl::unexpected(open.error());
    const SafesPtr safes(PKCS12_unpack_authsafes(container));
    if (!safes) return broken_container();
    for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i)
      if (auto taken = take_safe(sk_PKCS7_value(safes.get(), i)); !taken)
        return tl::unexpected(taken.error());
    return std::move(contents_);
  }

 private:
  // RFC 7292 section 4: the MAC is over everything; a container may also go without.
  KeyResult<void> verify_mac(PKCS12* container) {
    if (PKCS12_mac_present(container) != 1) return {};
    const ASN1_INTEGER* count = nullptr;
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &count, container);
    std::int64_t iterations = 1;
    if (count != nullptr && ASN1_INTEGER_get_int64(&iterations, count) != 1) iterations = most_iterations + 1;
    if (auto bounded = spend(iterations); !bounded) return bounded;
    return decrypt(passphrase_, [&] {
      if (PKCS12_verify_mac(container, passphrase_.text, passphrase_.size) == 1) return true;
      // No passphrase is two things in PKCS#12: none at all, and an empty BMPString.
      if (passphrase_.size != 0 || PKCS12_verify_mac(container, "", 0) != 1) return false;
      passphrase_.text = "";
      return true;
    });
  }

  KeyResult<void> take_safe(PKCS7* safe) {
    BagsPtr bags;
    if (PKCS7_type_is_data(safe)) {
      bags.reset(PKCS12_unpack_p7data(safe));
      if (!bags) return broken_container();
    } else if (PKCS7_type_is_encrypted(safe) && safe->d.encrypted != nullptr) {
      if (auto bounded = spend(iterations_of(safe->d.encrypted->enc_data->algorithm)); !bounded)
        return bounded;
      const auto opened = decrypt(passphrase_, [&] {
        bags.reset(PKCS12_unpack_p7encdata(safe, passphrase_.text, passphrase_.size));
        return bags != nullptr;
      });
      if (!opened) return opened;
    } else {
      return wrong("is sealed for a public key, which is not supported");
    }
    return take_bags(bags.get(), 0);
  }

  KeyResult<void> take_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    for (int i = 0; bags != nullptr && i < sk_PKCS12_SAFEBAG_num(bags); ++i)
      if (auto taken = take_bag(sk_PKCS12_SAFEBAG_value(bags, i), depth); !taken) return taken;
    return {};
  }

  KeyResult<void> take_bag(const PKCS12_SAFEBAG* bag, int depth) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag:
        return take_key(key_of(PKCS12_SAFEBAG_get0_p8inf(bag)));
      case NID_pkcs8ShroudedKeyBag:
        return take_key(shrouded_key(PKCS12_SAFEBAG_get0_pkcs8(bag)));
      case NID_certBag:
        return take_certificate(bag);
      case NID_safeContentsBag:
        if (depth == 8) return wrong("is nested too deeply");
        return take_bags(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      default:  // CRLs and secrets
        return {};
    }
  }

  KeyResult<PublicKey> shrouded_key(const X509_SIG* encrypted) {
    if (encrypted == nullptr) return broken_container();
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(encrypted, &algorithm, nullptr);
    if (auto bounded = spend(iterations_of(algorithm)); !bounded) return tl::unexpected(bounded.error());
    const auto info = decrypt_private_key(encrypted, passphrase_);
    if (!info) return tl::unexpected(info.error());
    return key_of(info->get());
  }

  KeyResult<void> take_key(KeyResult<PublicKey> key) {
    if (key) {
      contents_.keys.push_back(std::move(*key));
    } else if (key.error().is_out_of_reach) {
      contents_.out_of_reach.push_back(std::move(key.error().why));
    } else {
      return tl::unexpected(std::move(key.error()));
    }
    return {};
  }

  KeyResult<void> take_certificate(const PKCS12_SAFEBAG* bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
    const X509Ptr certificate(PKCS12_SAFEBAG_get1_cert(bag));
    unsigned char* octets = nullptr;
    const int size = certificate ? i2d_X509(certificate.get(), &octets) : -1;
    if (size <= 0) return broken_container();
    contents_.certificates.emplace_back(octets, octets + size);
    OPENSSL_free(octets);
    return {};
  }

  // The budget is one for the whole container.
  KeyResult<void> spend(long iterations) {
    spent_ += std::clamp(iterations, 0L, most_iterations + 1);
    if (auto bounded = check_iterations(spent_); !bounded) return tl::unexpected(bounded.error());
    return {};
  }

  Passphrase passphrase_;
  long spent_ = 0;
  Pkcs12Contents contents_;
};

}  // namespace

KeyResult<Pkcs12Contents> open_pkcs12(ByteView der, const Passphrase& passphrase) {
  const unsigned char* cursor = der.data();
  const Pkcs12Ptr container(d2i_PKCS12(nullptr, &cursor, static_cast<long>(der.size())));
  if (!container) return broken_container();
  return Pkcs12Reader(passphrase).read(container.get());
}

}  // namespace tlsa_update::x509
