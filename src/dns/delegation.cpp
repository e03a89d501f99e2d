#include "tlsa_update/dns/delegation.hpp"

#include <algorithm>

#include "ldns_record.hpp"
#include "rrsig.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// RFC 4034 section 2.1.1: bit 15 of the flags.
bool is_entry_point(const Record& key) { return (key.rdata[1] & 1) != 0; }

std::vector<Record> zone_keys(const std::vector<Record>& dnskeys) {
  std::vector<Record> keys;
  std::copy_if(dnskeys.begin(), dnskeys.end(), std::back_inserter(keys), is_zone_key);
  return keys;
}

}  // namespace

bool leads_to(const std::vector<Record>& ds, const std::vector<Record>& dnskeys) {
  const auto keys = zone_keys(dnskeys);
  return std::any_of(ds.begin(), ds.end(), [&](const Record& one) {
    const auto pointer = to_ldns(one);
    return pointer && std::any_of(keys.begin(), keys.end(), [&](const Record& key) {
             const auto target = to_ldns(key);
             return target && ldns_rr_compare_ds(pointer.get(), target.get());
           });
  });
}

std::vector<Record> ds_for(const std::vector<Record>& dnskeys) {
  auto keys = zone_keys(dnskeys);
  if (std::any_of(keys.begin(), keys.end(), is_entry_point))
    std::erase_if(keys, [](const Record& key) { return !is_entry_point(key); });
  std::vector<Record> all;
  for (const auto& key : keys) {
    const auto target = to_ldns(key);
    const LdnsRrPtr pointer(target ? ldns_key_rr2ds(target.get(), LDNS_SHA256) : nullptr);
    if (!pointer) continue;
    Record ds;
    ds.owner = key.owner;
    ds.type = type::ds;
    for (std::size_t i = 0; i < ldns_rr_rd_count(pointer.get()); ++i) {
      const ldns_rdf* field = ldns_rr_rdf(pointer.get(), i);
      ds.rdata.insert(ds.rdata.end(), ldns_rdf_data(field), ldns_rdf_data(field) + ldns_rdf_size(field));
    }
    all.push_back(std::move(ds));
  }
  return all;
}

std::string ds_text(const Record& ds) {
  WireReader rdata(ds.rdata);
  const auto tag = rdata.u16();
  const auto algorithm = rdata.u8();
  const auto digest_type = rdata.u8();
  const auto digest = rdata.octets(ds.rdata.size() - std::min(ds.rdata.size(), rdata.at()));
  return ds.owner.text() + " DS " + std::to_string(tag) + " " + std::to_string(algorithm) + " " +
         std::to_string(digest_type) + " " + to_hex(digest);
}

}  // namespace tlsa_update::dns
