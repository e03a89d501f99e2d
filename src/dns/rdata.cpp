#include "rdata.hpp"

#include <algorithm>

namespace tlsa_update::dns {
namespace {

// Where names lie: after `before` octets, `names` of them, then `after` octets.
struct Layout {
  std::uint16_t type;
  std::uint8_t before, names, after;
};

// RFC 3597 section 4: the types whose names a receiver decompresses (without the long dead SIG and NXT, and
// NAPTR, whose strings are nothing to us), and DNAME, of which RFC 2672 once allowed it.
constexpr Layout layouts[] = {
    {2, 0, 1, 0},   // NS
    {3, 0, 1, 0},   // MD
    {4, 0, 1, 0},   // MF
    {5, 0, 1, 0},   // CNAME
    {6, 0, 2, 20},  // SOA
    {7, 0, 1, 0},   // MB
    {8, 0, 1, 0},   // MG
    {9, 0, 1, 0},   // MR
    {12, 0, 1, 0},  // PTR
    {14, 0, 2, 0},  // MINFO
    {15, 2, 1, 0},  // MX
    {17, 0, 2, 0},  // RP
    {18, 2, 1, 0},  // AFSDB
    {21, 2, 1, 0},  // RT
    {26, 2, 2, 0},  // PX
    {33, 6, 1, 0},  // SRV
    {39, 0, 1, 0},  // DNAME
};

}  // namespace

Bytes read_rdata(WireReader& reader, const RecordFields& fields) {
  const auto* layout = std::ranges::find(layouts, fields.type, &Layout::type);
  if (layout == std::end(layouts)) return copy(reader.octets(fields.rdata_size));
  // RFC 2136 section 2.4: what says "any" or "none" of an RRset has no RDATA.
  if (fields.rdata_size == 0 && fields.rr_class != class_in) return {};
  WireWriter rdata;
  rdata.octets(reader.octets(layout->before));
  WireName name;
  for (int i = 0; i < layout->names && reader.name(name); ++i) rdata.octets(name.view());
  rdata.octets(reader.octets(layout->after));
  if (reader.ok() && reader.at() != fields.rdata_at + fields.rdata_size)
    reader.fail_at("RDATA whose names do not fill its length", fields.rdata_at);
  return reader.ok() ? rdata.take() : Bytes{};
}

}  // namespace tlsa_update::dns
