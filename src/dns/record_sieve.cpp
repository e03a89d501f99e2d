#include "record_sieve.hpp"

#include <algorithm>

#include "rdata.hpp"
#include "rrsig.hpp"

namespace tlsa_update::dns {
namespace {}  // namespace

RecordSieve::RecordSieve(Name apex, std::set<Name> interesting)
    : apex_(std::move(apex)), interesting_(std::move(interesting)) {
  zone_.apex = apex_;
  for (const auto& name : interesting_) {
    by_wire_.emplace(as_text(name.wire()), &name);
    sizes_.set(name.wire().size());
  }
  unmet_ = by_wire_;
}

void RecordSieve::take(WireReader& reader) {
  const std::size_t start = reader.at();
  reader.name(owner_);
  const auto fields = reader.record_fields();
  if (!reader.ok()) return;
  ++zone_.records;
  if (is_closed_) {
    reader.fail_at("a record behind the closing SOA", start);
  } else if (fields.rr_class != class_in) {
    reader.fail_at("a zone's record of a class that is not IN", start);
  } else if (!opening_soa_) {
    open(reader, fields);
  } else if (!is_in_zone(owner_.view())) {
    ++zone_.out_of_zone;
    reader.octets(fields.rdata_size);
  } else if (fields.type == type::soa && is_at_apex()) {
    close(reader, fields);
  } else {
    if (!unmet_.empty()) note_existence();
    keep(reader, fields);
  }
}

// RFC 5936 section 2.2: "the first message MUST begin with the SOA".
void RecordSieve::open(WireReader& reader, const RecordFields& fields) {
  if (fields.type != type::soa || !std::ranges::equal(owner_.view(), apex_.wire())) {
    reader.fail_at("a transfer that does not begin with the zone's SOA", fields.rdata_at);
    return;
  }
  opening_soa_ = Record{apex_, type::soa, class_in, fields.ttl, read_rdata(reader, fields)};
  note_existence();
}

// RFC 5936 section 2.2: "the last message MUST conclude with the same SOA". Its TTL may differ.
void RecordSieve::close(WireReader& reader, const RecordFields& fields) {
  const Bytes rdata = read_rdata(reader, fields);
  if (rdata != opening_soa_->rdata)
    reader.fail_at("a closing SOA that is not the opening one", fields.rdata_at);
  zone_.soa_ttls_differ = fields.ttl != opening_soa_->ttl;  // RFC 2181 section 5.2
  is_closed_ = reader.ok();
}

// The owner exists, and with it every name between it and the apex (RFC 4592 section 2.2.2).
void RecordSieve::note_existence() {
  for (auto name = owner_.view(); name.size() >= apex_.wire().size(); name = name.subspan(name[0] + 1U)) {
    if (sizes_.test(name.size())) {
      if (const auto met = unmet_.extract(as_text(name))) zone_.existing.insert(*met.mapped());
    }
    if (name.size() == 1) break;
  }
}

// RFC 4592 section 4.9: "*.example" is a wildcard too when only names below it own anything.
void RecordSieve::note_wildcards() {
  for (auto name = owner_.view(); name.size() > apex_.wire().size(); name = name.subspan(name[0] + 1U)) {
    if (name[0] == 1 && name[1] == '*') zone_.wildcards.insert(Name::from_wire(name).value());
  }
}

bool RecordSieve::is_in_zone(ByteView owner) const {
  const auto apex = apex_.wire();
  while (owner.size() > apex.size()) owner = owner.subspan(owner[0] + 1U);
  return std::ranges::equal(owner, apex);
}

void RecordSieve::keep(WireReader& reader, const RecordFields& fields) {
  note_wildcards();
  switch (fields.type) {
    case type::tlsa:
      return keep_tlsa(reader, fields);
    case type::rrsig:
      if (type_covered(reader.octets(fields.rdata_size)) == type::tlsa)
        zone_.signed_tlsa.insert(owner_.name());
      return;
    case type::cname:
    case type::dname: {
      const Bytes target = read_rdata(reader, fields);
      if (!reader.ok()) return;
      auto& targets = fields.type == type::cname ? zone_.cname : zone_.dname;
      targets.insert_or_assign(owner_.name(), Name::from_wire(target).value());
      return;
    }
    case type::a:
      return keep_address(reader, fields);
    case type::ns:
      if (!is_at_apex()) zone_.cuts.insert(owner_.name());
      break;
    case type::dnskey:
      zone_.is_signed = zone_.is_signed || is_at_apex();
      break;
    default:
      break;
  }
  reader.octets(fields.rdata_size);
}

void RecordSieve::keep_tlsa(WireReader& reader, const RecordFields& fields) {
  auto record = tlsa_from_rdata(reader.octets(fields.rdata_size));
  if (!record) {
    reader.fail_at("a TLSA record of fewer than three octets", fields.rdata_at);
    return;
  }
  const Name owner = owner_.name();
  auto& rrset = zone_.tlsa.try_emplace(owner, Rrset{fields.ttl, {}}).first->second;
  if (rrset.ttl != fields.ttl) zone_.mixed_ttl.insert(owner);
  rrset.ttl = std::min(rrset.ttl, fields.ttl);  // RFC 2181 section 5.2
  rrset.records.push_back(*std::move(record));
}

void RecordSieve::keep_address(WireReader& reader, const RecordFields& fields) {
  const auto rdata = reader.octets(fields.rdata_size);
  if (!sizes_.test(owner_.view().size())) return;
  const auto place = by_wire_.find(as_text(owner_.view()));
  if (place == by_wire_.end()) return;
  if (const auto address = address_in(fields.type, rdata))
    zone_.addresses[*place->second].push_back(*address);
}

TransferredZone RecordSieve::finish() && {
  const auto soa = soa_of(*opening_soa_);  // read_rdata saw to it that this is one
  zone_.serial = soa->serial;
  zone_.soa_minimum = soa->minimum;
  zone_.soa_ttl = opening_soa_->ttl;
  for (auto& [owner, rrset] : zone_.tlsa) {
    auto& records = rrset.records;
    std::ranges::sort(records);
    records.erase(std::unique(records.begin(), records.end()), records.end());  // RFC 5936 2.2: duplicates
  }
  return std::move(zone_);
}

}  // namespace tlsa_update::dns
