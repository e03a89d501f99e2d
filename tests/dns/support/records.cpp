#include "support/records.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <ldns/ldns.h>

#include "tlsa_update/core/freer.hpp"

namespace tlsa_update::dns::test {
namespace {

using RrPtr = std::unique_ptr<ldns_rr, Freer<ldns_rr_free>>;

void append(Bytes& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Name name(std::string_view text) {
  const auto parsed = Name::parse(text);
  if (!parsed) throw std::invalid_argument("no name: " + std::string(text));
  return *parsed;
}

Record rr(std::string_view line) {
  ldns_rr* raw = nullptr;
  const std::string text(line);
  if (ldns_rr_new_frm_str(&raw, text.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK)
    throw std::invalid_argument("no record: " + text);
  const RrPtr record(raw);
  ldns_rr2canonical(record.get());
  Record result;
  result.owner = Name::from_wire(
                     {ldns_rdf_data(ldns_rr_owner(record.get())), ldns_rdf_size(ldns_rr_owner(record.get()))})
                     .value();
  result.type = static_cast<std::uint16_t>(ldns_rr_get_type(record.get()));
  result.ttl = ldns_rr_ttl(record.get());
  for (std::size_t i = 0; i < ldns_rr_rd_count(record.get()); ++i) {
    const ldns_rdf* field = ldns_rr_rdf(record.get(), i);
    result.rdata.insert(result.rdata.end(), ldns_rdf_data(field),
                        ldns_rdf_data(field) + ldns_rdf_size(field));
  }
  return result;
}

std::vector<Record> rrs(std::initializer_list<std::string_view> lines) {
  std::vector<Record> records;
  for (const auto line : lines) records.push_back(rr(line));
  return records;
}

Record rrsig(const Name& owner, std::uint16_t covered, std::size_t labels, const Name& signer,
             std::uint32_t ttl) {
  Record record{owner, type::rrsig, 1, ttl, {}};
  append(record.rdata, covered, 2);
  append(record.rdata, 13, 1);
  append(record.rdata, labels, 1);
  append(record.rdata, ttl, 4);
  append(record.rdata, 2'000'000'000, 4);
  append(record.rdata, 1'700'000'000, 4);
  append(record.rdata, 12345, 2);
  record.rdata.insert(record.rdata.end(), signer.wire().begin(), signer.wire().end());
  record.rdata.resize(record.rdata.size() + 64, 0x5A);
  return record;
}

TlsaRecords tlsa(std::initializer_list<std::string_view> records) {
  TlsaRecords result;
  for (const auto record : records) result.push_back(parse_tlsa(record).value());
  std::sort(result.begin(), result.end());
  return result;
}

Rrset rrset(std::uint32_t ttl, std::initializer_list<std::string_view> records) {
  return {ttl, tlsa(records)};
}

}  // namespace tlsa_update::dns::test
