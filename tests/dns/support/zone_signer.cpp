#include "support/zone_signer.hpp"

#include <stdexcept>

#include <ldns/ldns.h>

#include "support/records.hpp"
#include "tlsa_update/core/freer.hpp"

namespace tlsa_update::dns::test {
namespace {

using RrListPtr = std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_deep_free>>;
using RrPtr = std::unique_ptr<ldns_rr, Freer<ldns_rr_free>>;
using KeyListPtr = std::unique_ptr<ldns_key_list, Freer<ldns_key_list_free>>;
using TextPtr = std::unique_ptr<char, Freer<std::free>>;

Record from_ldns(const ldns_rr* record) { return rr(TextPtr(ldns_rr2str(record)).get()); }

RrPtr to_ldns(const Record& record) {
  Bytes wire(record.owner.wire().begin(), record.owner.wire().end());
  const auto put = [&](std::uint64_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) wire.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  put(record.type, 2);
  put(record.rr_class, 2);
  put(record.ttl, 4);
  put(record.rdata.size(), 2);
  wire.insert(wire.end(), record.rdata.begin(), record.rdata.end());
  ldns_rr* raw = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&raw, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
    throw std::invalid_argument("no record");
  return RrPtr(raw);
}

}  // namespace

struct ZoneSigner::Key {
  KeyListPtr list{ldns_key_list_new()};  // owns the key
  ldns_key* key = nullptr;
};

ZoneSigner::ZoneSigner(const Name& apex) : key_(std::make_unique<Key>()) {
  key_->key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
  if (key_->key == nullptr) throw std::runtime_error("no key");
  ldns_key_list_push_key(key_->list.get(), key_->key);
  ldns_key_set_pubkey_owner(key_->key, ldns_dname_new_frm_str(apex.text().c_str()));
  ldns_key_set_flags(key_->key, LDNS_KEY_ZONE_KEY);
  const RrPtr dnskey(ldns_key2rr(key_->key));
  ldns_key_set_keytag(key_->key, ldns_calc_keytag(dnskey.get()));
}

ZoneSigner::~ZoneSigner() = default;

std::string ZoneSigner::text() const {
  return TextPtr(ldns_rr2str(RrPtr(ldns_key2rr(key_->key)).get())).get();
}

Record ZoneSigner::dnskey() const { return from_ldns(RrPtr(ldns_key2rr(key_->key)).get()); }

Record ZoneSigner::sign(const std::vector<Record>& rrset, std::uint32_t inception,
                        std::uint32_t expiration) const {
  ldns_key_set_inception(key_->key, inception);
  ldns_key_set_expiration(key_->key, expiration);
  const RrListPtr list(ldns_rr_list_new());
  for (const auto& record : rrset) ldns_rr_list_push_rr(list.get(), to_ldns(record).release());
  const RrListPtr signatures(ldns_sign_public(list.get(), key_->list.get()));
  if (!signatures || ldns_rr_list_rr_count(signatures.get()) != 1) throw std::runtime_error("not signed");
  return from_ldns(ldns_rr_list_rr(signatures.get(), 0));
}

}  // namespace tlsa_update::dns::test
