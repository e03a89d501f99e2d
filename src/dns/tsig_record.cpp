#include "tsig_record.hpp"

#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {
namespace {

constexpr std::size_t arcount_at = 10;  // RFC 1035 section 4.1.1

// RFC 8945 section 4.2; `reader` stands before RDATA.
TsigRecord read_tsig(WireReader& reader, const RecordFields& fields) {
  TsigRecord record;
  // "MUST NOT be compressed": read from RDATA alone, so that no pointer has anywhere to point to.
  const auto rdata = reader.octets(fields.rdata_size);
  WireReader inside(rdata);
  record.algorithm = inside.name();
  record.time_signed = inside.u48();
  record.fudge = inside.u16();
  record.mac = copy(inside.octets(inside.u16()));
  record.original_id = inside.u16();
  record.error = inside.u16();
  record.other = copy(inside.octets(inside.u16()));
  if (!inside.ok() || !inside.is_at_end())
    reader.fail_at("TSIG RDATA that is not as long as it says", fields.rdata_at);
  return record;
}

}  // namespace

TsigSearch find_tsig(ByteView message) {
  using enum TsigSearch::Outcome;
  WireReader reader(message);
  const auto header = reader.header();
  for (int i = 0; i < header.questions && reader.ok(); ++i) {
    reader.skip_name();
    reader.u32();
  }
  TsigSearch search;
  const auto records = header.records();
  for (std::uint32_t i = 1; i <= records && reader.ok(); ++i) {
    const std::size_t at = reader.at();
    reader.skip_name();
    const auto fields = reader.record_fields();
    if (fields.type != type::tsig) {
      reader.octets(fields.rdata_size);
      continue;
    }
    if (i != records || header.additionals == 0 || fields.rr_class != class_any || fields.ttl != 0) return {};
    search.record = read_tsig(reader, fields);
    search.record.at = at;
    WireReader owner(message, at);  // may be compressed, unlike the algorithm's name
    search.record.key_name = owner.name();
    if (!owner.ok()) return {};
    search.outcome = found;
  }
  if (!reader.ok() || !reader.is_at_end()) return {};
  if (search.outcome != found) search.outcome = absent;
  return search;
}

Bytes with_tsig(ByteView message, const TsigRecord& record) {
  WireWriter rdata;
  rdata.octets(record.algorithm.wire());
  rdata.u48(record.time_signed);
  rdata.u16(record.fudge);
  rdata.u16(record.mac.size());
  rdata.octets(record.mac);
  rdata.u16(record.original_id);
  rdata.u16(record.error);
  rdata.u16(record.other.size());
  rdata.octets(record.other);
  WireWriter out(copy(message));
  out.octets(record.key_name.wire());
  out.record(type::tsig, class_any, 0, rdata.take());
  Bytes wire = out.take();
  if (++wire[arcount_at + 1] == 0) ++wire[arcount_at];
  return wire;
}

Bytes tsig_variables(const TsigRecord& record) {
  WireWriter out;
  out.octets(
      record.key_name.wire());  // a Name is in lower case: RFC 8945 section 4.3.3, RFC 4034 section 6.2
  out.u16(class_any);
  out.u32(0);
  out.octets(record.algorithm.wire());
  out.u48(record.time_signed);
  out.u16(record.fudge);
  out.u16(record.error);
  out.u16(record.other.size());
  out.octets(record.other);
  return out.take();
}

Bytes tsig_timers(const TsigRecord& record) {
  WireWriter out;
  out.u48(record.time_signed);
  out.u16(record.fudge);
  return out.take();
}

}  // namespace tlsa_update::dns
