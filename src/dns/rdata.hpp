// RDATA that holds names a sender may have compressed. Types beyond the table are opaque octets (RFC 3597).
#pragma once

#include "wire.hpp"

namespace tlsa_update::dns {

// The RDATA at `fields` of a message, with its names uncompressed and in lower case (the canonical form of
// RFC 4034 section 6.2, so that equal data is equal octets). Leaves `reader` behind the RDATA. Empty on a
// fault, also when the names do not fill RDLENGTH exactly.
[[nodiscard]] Bytes read_rdata(WireReader& reader, const RecordFields& fields);

}  // namespace tlsa_update::dns
