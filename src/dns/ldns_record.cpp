#include "ldns_record.hpp"

#include "wire.hpp"

namespace tlsa_update::dns {

LdnsRrPtr to_ldns(const Record& record) {
  WireWriter wire;
  wire.octets(record.owner.wire());
  wire.record(record.type, record.rr_class, record.ttl, record.rdata);
  const Bytes octets = wire.take();
  ldns_rr* rr = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&rr, octets.data(), octets.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
    return nullptr;
  return LdnsRrPtr(rr);
}

LdnsRrListPtr to_ldns(const std::vector<Record>& records) {
  LdnsRrListPtr list(ldns_rr_list_new());
  for (const auto& record : records)
    if (auto rr = to_ldns(record); rr && list && ldns_rr_list_push_rr(list.get(), rr.get()))
      (void)rr.release();
  return list;
}

}  // namespace tlsa_update::dns
