#include "rrsig.hpp"

#include <ctime>
#include <memory>

#include <ldns/ldns.h>

#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
using RrPtr = std::unique_ptr<ldns_rr, Freer<ldns_rr_free>>;
using RrListPtr = std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_deep_free>>;
using BorrowedRrListPtr =
    std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_free>>;  // the list, not what is in it

RrPtr to_ldns(const Record& record) {
  WireWriter wire;
  wire.octets(record.owner.wire());
  wire.record(record.type, record.rr_class, record.ttl, record.rdata);
  const Bytes octets = wire.take();
  ldns_rr* rr = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&rr, octets.data(), octets.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
    return nullptr;
  return RrPtr(rr);
}

// Records that ldns cannot read are left out; what they would have signed or been then does not verify.
RrListPtr to_ldns(const std::vector<Record>& records) {
  RrListPtr list(ldns_rr_list_new());
  for (const auto& record : records)
    if (auto rr = to_ldns(record); rr && list && ldns_rr_list_push_rr(list.get(), rr.get())) rr.release();
  return list;
}

// RFC 4034 section 2.1.1 and 2.1.2: a zone key of protocol 3, not revoked (RFC 5011 section 2.1).
bool is_zone_key(const Record& key) {
  return key.type == type::dnskey && key.rdata.size() > 4 && (key.rdata[0] & 1) != 0 &&
         (key.rdata[1] & 0x80) == 0 && key.rdata[2] == 3;
}

// RFC 4035 section 5.3.1: the signer is the zone.
bool is_signer(const Record& signature, const Name& apex) {
  WireReader reader(signature.rdata);
  reader.octets(18);
  const Name signer = reader.name();
  return reader.ok() && signer == apex;
}

}  // namespace

std::optional<std::uint16_t> type_covered(const Record& rrsig) {
  WireReader reader(rrsig.rdata);
  const auto covered = reader.u16();
  return reader.ok() ? std::optional(covered) : std::nullopt;
}

bool has_valid_signature(const std::vector<Record>& rrset, const std::vector<Record>& signatures,
                         const std::vector<Record>& keys, const Name& apex, std::uint64_t now) {
  std::vector<Record> zone_keys;
  for (const auto& key : keys)
    if (key.owner == apex && is_zone_key(key)) zone_keys.push_back(key);
  const auto key_list = to_ldns(zone_keys);
  const auto signed_list = to_ldns(rrset);
  if (!key_list || !signed_list || ldns_rr_list_rr_count(signed_list.get()) != rrset.size()) return false;
  for (const auto& signature : signatures) {
    if (rrset.empty() || type_covered(signature) != rrset.front().type || !is_signer(signature, apex))
      continue;
    const auto rrsig = to_ldns(signature);
    const BorrowedRrListPtr good_keys(ldns_rr_list_new());
    if (rrsig &&
        ldns_verify_rrsig_keylist_time(signed_list.get(), rrsig.get(), key_list.get(),
                                       static_cast<std::time_t>(now), good_keys.get()) == LDNS_STATUS_OK)
      return true;
  }
  return false;
}

}  // namespace tlsa_update::dns
