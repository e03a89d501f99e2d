// A server's hand at TSIG for the tests, right or wrong in whatever way is asked; written from RFC 8945 apart
// from the library, on OpenSSL's one-shot HMAC. tsig_vectors.py vouches for both.
#pragma once

#include <optional>
#include <string_view>

#include <openssl/hmac.h>

#include "tlsa_update/core/bytes.hpp"

namespace tlsa_update::dns {

inline void put(Bytes& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void put(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

// "Update.Example." in the case it is written in.
inline Bytes raw_name(std::string_view text) {
  Bytes wire;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  wire.push_back(0);
  return wire;
}

inline constexpr std::uint64_t noon = 1'795'300'000;
inline const Bytes peer_secret(32, 0x5A);

struct PeerTsig {
  Bytes owner = raw_name("update.example.");   // as it stands on the wire
  Bytes algorithm = raw_name("hmac-sha256.");  // as it stands on the wire
  Bytes digested_owner = raw_name("update.example.");
  Bytes secret = peer_secret;
  std::uint16_t rr_class = 255;
  std::uint32_t ttl = 0;
  std::uint64_t time_signed = noon;
  std::uint16_t fudge = 300;
  std::uint16_t error = 0;
  Bytes other;
  std::size_t mac_size = 32;  // 0: unsigned
  std::optional<std::uint16_t> original_id;
  bool timers_only = false;
  Bytes behind;  // octets behind the RR

  // HMAC-SHA-256 over the prior MAC, `before` (unsigned messages of a stream), the message and the TSIG
  // fields.
  [[nodiscard]] Bytes mac(ByteView message, ByteView prior_mac, ByteView before = {}) const {
    Bytes input;
    if (!prior_mac.empty()) {
      put(input, prior_mac.size(), 2);
      put(input, prior_mac);
    }
    put(input, before);
    const auto id_at = input.size();
    put(input, message);
    if (original_id) {
      input[id_at] = static_cast<std::uint8_t>(*original_id >> 8);
      input[id_at + 1] = static_cast<std::uint8_t>(*original_id);
    }
    if (!timers_only) {
      put(input, digested_owner);
      put(input, 255, 2);
      put(input, 0, 4);
      put(input, raw_name("hmac-sha256."));
    }
    put(input, time_signed, 6);
    put(input, fudge, 2);
    if (!timers_only) {
      put(input, error, 2);
      put(input, other.size(), 2);
      put(input, other);
    }
    Bytes digest(32);
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), input.data(), input.size(),
         digest.data(), nullptr);
    digest.resize(mac_size, 0xEE);
    return digest;
  }

  [[nodiscard]] Bytes sign(ByteView message, ByteView prior_mac, ByteView before = {}) const {
    return attach(message, mac(message, prior_mac, before));
  }

  [[nodiscard]] Bytes attach(ByteView message, ByteView with_mac) const {
    Bytes rdata = algorithm;
    put(rdata, time_signed, 6);
    put(rdata, fudge, 2);
    put(rdata, with_mac.size(), 2);
    put(rdata, with_mac);
    put(rdata, original_id.value_or(static_cast<std::uint16_t>(message[0] << 8 | message[1])), 2);
    put(rdata, error, 2);
    put(rdata, other.size(), 2);
    put(rdata, other);
    Bytes wire(message.begin(), message.end());
    ++wire[11];
    put(wire, owner);
    put(wire, 250, 2);
    put(wire, rr_class, 2);
    put(wire, ttl, 4);
    put(wire, rdata.size(), 2);
    put(wire, rdata);
    put(wire, behind);
    return wire;
  }
};

}  // namespace tlsa_update::dns
