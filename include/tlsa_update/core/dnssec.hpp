// How far DNSSEC vouches for an RRset (RFC 4035 section 4.3). The verdict alone, and not who reached
// it.
#pragma once

#include <string_view>

namespace tlsa_update {

enum class Dnssec {
  secure,
  insecure,  // proved to be unsigned: no client uses its TLSA records (RFC 6698 section 4.1)
  bogus,     // signed, and wrongly: to those who validate it is not there
  unknown,   // nobody who may be trusted judged it (RFC 4035's "indeterminate")
};
[[nodiscard]] std::string_view text(Dnssec verdict);

// The verdict on two RRsets of which clients need both: bogus before insecure before unknown before secure. A
// fault that is known is not hidden by a verdict that is not.
[[nodiscard]] Dnssec weaker(Dnssec a, Dnssec b);

}  // namespace tlsa_update
