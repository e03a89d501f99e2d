// Transaction signatures (RFC 8945), ours, on EVP_MAC: signing and verifying are pure functions of octets,
// key and time. Never reads a clock, never resends, never changes the clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tlsa_update/core/bytes.hpp"
#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/name.hpp"
#include "tlsa_update/core/secret.hpp"

namespace tlsa_update::dns {

enum class TsigAlgorithm { hmac_md5, hmac_sha1, hmac_sha224, hmac_sha256, hmac_sha384, hmac_sha512 };

[[nodiscard]] std::string_view text(TsigAlgorithm algorithm);  // "hmac-sha256"
[[nodiscard]] const Name& wire_name(TsigAlgorithm algorithm);  // hmac-md5.sig-alg.reg.int. for md5
[[nodiscard]] std::size_t mac_size(TsigAlgorithm algorithm);   // octets
[[nodiscard]] bool is_weak(TsigAlgorithm algorithm);           // md5 and sha1
// Any case, final dot allowed. Error bad_data; it shows the text only if it is too short for a secret, or a
// known algorithm with a truncated MAC ("hmac-sha256-128"), which is refused: RFC 8945 section 5.2.2.1.
[[nodiscard]] Result<TsigAlgorithm> parse_algorithm(std::string_view text);

struct TsigKey {
  Name name;
  TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256;
  Secret secret;
  [[nodiscard]] std::string label() const;  // "key update.example. (hmac-sha256)": for messages, no secret
};

inline constexpr std::uint16_t tsig_fudge = 300;  // seconds, RFC 8945 section 10

struct Signed {
  Bytes wire;  // the message with its TSIG RR
  Bytes mac;   // kept until the answer is in (RFC 8945 section 5.1)
};

// `message`: a whole message without TSIG. `request_mac`: empty for requests; for answers (test servers) the
// MAC of the request. Time in seconds since 1970, 48 bits.
[[nodiscard]] Signed sign(ByteView message, const TsigKey& key, std::uint64_t now, ByteView request_mac = {},
                          std::uint16_t fudge = tsig_fudge);

// What the TSIG record of an answer says, whether or not it can be trusted.
enum class TsigVerdict {
  good,
  unsigned_answer,  // no TSIG RR
  malformed,        // not last, twice, wrong class or TTL, broken RDATA (RFC 8945 section 5.2)
  other_key,        // another key name or algorithm than asked with
  peer_badkey,      // the peer reports BADKEY, unauthenticated
  peer_badsig,      // the peer reports BADSIG, unauthenticated
  peer_badtime,     // the peer reports BADTIME; `authentic` tells whether the MAC verified
  peer_badtrunc,
  peer_other_error,
  bad_mac,   // MAC does not verify, or is shorter than section 5.2.2.1 allows
  bad_time,  // our clock is outside Time Signed +- Fudge
};

struct TsigResult {
  TsigVerdict verdict = TsigVerdict::malformed;
  bool authentic = false;                    // the MAC verified under our key
  std::uint16_t peer_error = 0;              // the TSIG error field
  std::optional<std::uint64_t> server_time;  // BADTIME: Other Data, or Time Signed
  Bytes mac;                                 // of this answer, for a stream
};

// `request_mac`: of the request that this answers. Order of checks: key, MAC, time, truncation (section 5.2).
// A MAC shorter than the whole digest is never good: we never send one, and an answer's is at least as long
// as the request's (section 7). What a peer reports without a MAC counts only with RCODE NOTAUTH
// (section 5.4); with any other it is bad_mac, and `peer_error` still tells.
[[nodiscard]] TsigResult verify(ByteView message, const TsigKey& key, ByteView request_mac,
                                std::uint64_t now);

class Mac;  // src/dns/mac.hpp

// RFC 8945 section 5.3.1: a TCP stream of answers to one request. Each message in order; the first and the
// last must be signed, at most 99 between two signed ones; times must not decrease. Keeps no message: each is
// digested as it comes.
class TsigStream {
 public:
  // `key` must outlive the stream.
  TsigStream(const TsigKey& key, Bytes request_mac);
  ~TsigStream();
  TsigStream(TsigStream&&) noexcept;
  TsigStream& operator=(TsigStream&&) noexcept;

  // good: signed and verified, or unsigned and tolerated so far. Anything else: discard all; it stays so for
  // whatever follows.
  [[nodiscard]] TsigResult next(ByteView message, std::uint64_t now);
  [[nodiscard]] bool last_was_signed() const { return count_ > 0 && unsigned_run_ == 0; }

 private:
  TsigResult check(ByteView message, std::uint64_t now);

  const TsigKey* key_;
  std::unique_ptr<Mac> mac_;  // has digested the prior MAC and the unsigned messages since
  TsigVerdict verdict_ = TsigVerdict::good;
  std::uint64_t last_time_ = 0;
  unsigned unsigned_run_ = 0;
  std::size_t count_ = 0;
};

}  // namespace tlsa_update::dns
