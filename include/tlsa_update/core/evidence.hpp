// What probes of the live service brought: which chain each address presents. Evidence only; the
// planner judges it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/service.hpp"

namespace tlsa_update {

enum class ProbeOutcome {
  served,       // a chain was presented
  not_offered,  // the address answers TLS, but has no certificate of this key type
  unreachable,  // no connection, or the dialogue broke off
  no_tls,       // the dialogue works, but STARTTLS is not offered or refused
};

// One handshake: one address, restricted to one kind of key.
struct Presented {
  std::string address;                // "192.0.2.9", "2001:db8::9"
  KeyType key_type = KeyType::other;  // of the leaf when served; else rsa or ecdsa, what was asked for
  ProbeOutcome outcome = ProbeOutcome::unreachable;
  std::string detail;                 // for people: what went wrong
  Chain chain;                        // when served
  std::optional<TlsaRecord> matched;  // of the RRset passed to the probe: by which OpenSSL accepts the chain
  bool is_closed = false;  // unreachable, as this very machine refused the connection: nobody listens
  bool operator==(const Presented&) const = default;
};

// All handshakes with one service.
struct ServiceEvidence {
  Service service;
  std::vector<Presented> presented;        // one per address and key type
  bool addresses_known = false;            // A and AAAA were both answered (or --address given)
  bool has_records = false;                // an RRset was passed to the probe: no `matched` is a verdict
  std::optional<Name> source_domain = {};  // whose MX or SRV led here: a second name for certificates
  bool operator==(const ServiceEvidence&) const = default;

  // Every address answered every handshake one way or the other, and served at least one chain.
  [[nodiscard]] bool complete() const;

  // It is known of every address what it serves, or that nobody listens there; so also of a host that has no
  // address.
  [[nodiscard]] bool is_witnessed() const;

  [[nodiscard]] bool is_of_nothing() const;  // witnessed, and no address serves anything

  // Addresses at which a handshake showed no chain and another did. Behind an address may be several
  // machines, and such a handshake is no look at any of them (DESIGN, W10). Each once, in the order of
  // `presented`.
  [[nodiscard]] std::vector<std::string> half_seen() const;
};

}  // namespace tlsa_update
