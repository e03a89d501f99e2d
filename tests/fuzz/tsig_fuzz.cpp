// Octets of a peer as the answer to a signed request. The seeds are signed with this key, but answer another
// request: nothing that a fuzzer makes of them can verify.
#include <cstdlib>

#include "tlsa_update/dns/tsig.hpp"
#include "tsig_record.hpp"

using namespace tlsa_update;
using namespace tlsa_update::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TsigKey key{Name::parse("update.example").value(), TsigAlgorithm::hmac_sha256,
                           Secret(Bytes(32, 0x5A))};
  static const Bytes request_mac(32, 0x22);
  const auto result = verify({data, size}, key, request_mac, 1'795'300'000);
  if (result.authentic || result.verdict == TsigVerdict::good) std::abort();
  // Whatever is a message without a TSIG can be signed, and then verifies.
  if (find_tsig({data, size}).outcome != TsigSearch::Outcome::absent) return 0;
  const auto wire = sign({data, size}, key, 1'795'300'000, request_mac).wire;
  if (verify(wire, key, request_mac, 1'795'300'000).verdict != TsigVerdict::good) std::abort();
  return 0;
}
