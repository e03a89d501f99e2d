#include "rrsig.hpp"

#include <ctime>

#include "ldns_record.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// The list, not what is in it. What ldns cannot read, and left out, would not have verified.
using BorrowedRrListPtr = std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_free>>;

// RFC 4035 section 5.3.1: the signer is the zone.
bool is_signer(const Record& signature, const Name& apex) {
  WireReader reader(signature.rdata);
  reader.octets(18);
  const Name signer = reader.name();
  return reader.ok() && signer == apex;
}

}  // namespace

bool is_zone_key(const Record& key) {
  return key.type == type::dnskey && key.rdata.size() > 4 && (key.rdata[0] & 1) != 0 &&
         (key.rdata[1] & 0x80) == 0 && key.rdata[2] == 3;
}

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
