#include "tlsa_update/core/dnssec.hpp"

namespace tlsa_update {

std::string_view text(Dnssec verdict) {
  switch (verdict) {
    case Dnssec::secure:
      return "secure";
    case Dnssec::insecure:
      return "insecure";
    case Dnssec::bogus:
      return "bogus";
    case Dnssec::unknown:
      break;
  }
  return "unknown";
}

Dnssec weaker(Dnssec a, Dnssec b) {
  for (const auto verdict : {Dnssec::bogus, Dnssec::insecure, Dnssec::unknown})
    if (a == verdict || b == verdict) return verdict;
  return Dnssec::secure;
}

}  // namespace tlsa_update
