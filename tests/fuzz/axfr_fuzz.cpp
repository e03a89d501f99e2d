// A transfer: messages behind two-octet lengths, as on TCP. The first octet chooses: bit 0, a signed
// transfer, where the target signs what bits 1 to 7 let it, so that the decoder behind TSIG is reached.
#include <cstdlib>

#include "dns/tsig_peer.hpp"
#include "tlsa_update/dns/axfr_stream.hpp"

using namespace tlsa_update;
using namespace tlsa_update::dns;

namespace {

const Bytes request_mac(32, 0x11);

// The server's side of a signed transfer (RFC 8945 section 5.3.1).
class Signer {
 public:
  Bytes pass(const Bytes& message, bool is_signed) {
    if (!is_signed || message.size() < 12) {
      put(unsigned_, message);
      return message;
    }
    const Bytes wire = peer_.sign(message, prior_mac_, unsigned_);
    prior_mac_ = peer_.mac(message, prior_mac_, unsigned_);
    unsigned_.clear();
    peer_.timers_only = true;
    return wire;
  }

 private:
  PeerTsig peer_;
  Bytes prior_mac_ = request_mac, unsigned_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TsigKey key{Name::parse("update.example").value(), TsigAlgorithm::hmac_sha256,
                           Secret(peer_secret)};
  ByteView rest(data, size);
  if (rest.empty()) return 0;
  const unsigned mode = rest[0];
  rest = rest.subspan(1);
  AxfrStream stream(Name::parse("example").value(), 0x1234, (mode & 1) != 0 ? &key : nullptr, request_mac,
                    {Name::parse("mx.example").value()});
  Signer signer;
  bool is_complete = false;
  for (unsigned number = 0; rest.size() >= 2; ++number) {
    const auto length = std::min<std::size_t>(rest[0] * 256U + rest[1], rest.size() - 2);
    Bytes message(rest.begin() + 2, rest.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    rest = rest.subspan(2 + length);
    const bool is_left_unsigned = (mode >> (1 + number % 7) & 1) != 0;
    if ((mode & 1) != 0) message = signer.pass(message, !is_left_unsigned);
    const auto complete = stream.next(message, noon);
    if (is_complete && complete) std::abort();  // nothing may follow the end
    if (!is_complete && !complete && !stream.result().tlsa.empty())
      std::abort();  // of a failed transfer nothing is used
    is_complete = is_complete || (complete && *complete);
    for (const auto& [owner, rrset] : stream.result().tlsa)
      if (rrset.records.empty() || !owner.is_at_or_below(stream.result().apex)) std::abort();
  }
  return 0;
}
