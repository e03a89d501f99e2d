#include "tlsa_update/core/dnssec.hpp"

namespace tlsa_update {

Dnssec weaker(Dnssec a, Dnssec b) {
  for (const auto verdict : {Dnssec::bogus, Dnssec::insecure, Dnssec::unknown})
    if (a == verdict || b == verdict) return verdict;
  return Dnssec::secure;
}

}  // namespace tlsa_update
