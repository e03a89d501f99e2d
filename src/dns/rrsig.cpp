#include "rrsig.hpp"

#include <algorithm>
#include <ctime>

#include "ldns_record.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// The list, not what is in it. What ldns cannot read, and left out, would not have verified.
using BorrowedRrListPtr = std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_free>>;

// RFC 4034 section 3.1.5: the 32 bits are those nearest to now.
Time time_of(std::uint32_t stamp, std::uint64_t now) {
  const auto distance = static_cast<std::int32_t>(stamp - static_cast<std::uint32_t>(now));
  return Time(Seconds(static_cast<std::int64_t>(now) + distance));
}

// Of a signature that does not hold.
SignatureFault fault_of(const Rrsig& signature, std::uint64_t now) {
  const Time expiration = time_of(signature.expiration, now);
  const Time inception = time_of(signature.inception, now);
  const Time today{Seconds(static_cast<std::int64_t>(now))};
  if (expiration < today) return {SignatureFault::Kind::expired, expiration};
  if (inception > today) return {SignatureFault::Kind::early, inception};
  return {};
}

SignatureFault closer(const std::optional<SignatureFault>& a, const SignatureFault& b) {
  using Kind = SignatureFault::Kind;
  if (!a) return b;
  if (a->kind == Kind::unverified || b.kind == Kind::unverified) return {};
  if (a->kind != b.kind) return a->kind == Kind::expired ? *a : b;
  return {a->kind, a->kind == Kind::expired ? std::max(a->at, b.at) : std::min(a->at, b.at)};
}

}  // namespace

bool is_zone_key(const Record& key) {
  return key.type == type::dnskey && key.rdata.size() > 4 && (key.rdata[0] & 1) != 0 &&
         (key.rdata[1] & 0x80) == 0 && key.rdata[2] == 3;
}

Result<Rrsig> rrsig_of(const Record& record) {
  WireReader reader(record.rdata);
  Rrsig rrsig;
  rrsig.covered = reader.u16();
  reader.octets(1);  // algorithm
  rrsig.labels = reader.u8();
  reader.octets(4);  // original TTL
  rrsig.expiration = reader.u32();
  rrsig.inception = reader.u32();
  reader.octets(2);  // key tag
  rrsig.signer = reader.name();
  if (!reader.ok()) return tl::unexpected(reader.error());
  return rrsig;
}

std::uint16_t type_covered(ByteView rdata) { return WireReader(rdata).u16(); }

std::optional<SignatureFault> signature_fault(const std::vector<Record>& rrset,
                                              const std::vector<Record>& signatures,
                                              const std::vector<Record>& keys, const Name& apex,
                                              std::uint64_t now) {
  std::vector<Record> zone_keys;
  for (const auto& key : keys)
    if (key.owner == apex && is_zone_key(key)) zone_keys.push_back(key);
  const auto key_list = to_ldns(zone_keys);
  const auto signed_list = to_ldns(rrset);
  if (!key_list || !signed_list || ldns_rr_list_rr_count(signed_list.get()) != rrset.size())
    return SignatureFault{};
  std::optional<SignatureFault> closest;
  for (const auto& record : signatures) {
    const auto signature = rrsig_of(record);
    // RFC 4035 section 5.3.1: the signer is the zone.
    if (rrset.empty() || !signature || signature->covered != rrset.front().type || signature->signer != apex)
      continue;
    const auto rrsig = to_ldns(record);
    const BorrowedRrListPtr good_keys(ldns_rr_list_new());
    if (rrsig &&
        ldns_verify_rrsig_keylist_time(signed_list.get(), rrsig.get(), key_list.get(),
                                       static_cast<std::time_t>(now), good_keys.get()) == LDNS_STATUS_OK)
      return std::nullopt;
    closest = closer(closest, fault_of(*signature, now));
  }
  return closest.value_or(SignatureFault{});
}

}  // namespace tlsa_update::dns
