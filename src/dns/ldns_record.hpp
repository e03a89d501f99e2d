// Records as ldns wants them, and back: for what ldns computes over keys and signatures. Owns what ldns
// allocates, and decides nothing.
#pragma once

#include <memory>
#include <vector>

#include <ldns/ldns.h>
// It defines these for C, and every header that follows would suffer.
#undef bool
#undef true
#undef false

#include "tlsa_update/core/freer.hpp"
#include "tlsa_update/dns/message.hpp"

namespace tlsa_update::dns {

using LdnsRrPtr = std::unique_ptr<ldns_rr, Freer<ldns_rr_free>>;
using LdnsRrListPtr = std::unique_ptr<ldns_rr_list, Freer<ldns_rr_list_deep_free>>;

// Nothing when ldns cannot read it.
[[nodiscard]] LdnsRrPtr to_ldns(const Record& record);
// Records that ldns cannot read are left out.
[[nodiscard]] LdnsRrListPtr to_ldns(const std::vector<Record>& records);

}  // namespace tlsa_update::dns
