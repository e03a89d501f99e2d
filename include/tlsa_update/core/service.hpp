// NAME on the command line: which TLSA owners are meant. Parsing only; mx: and srv: are expanded by
// whoever can ask a resolver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tlsa_update/core/error.hpp"
#include "tlsa_update/core/name.hpp"

namespace tlsa_update {

enum class Protocol { tcp, udp, sctp, dccp };
[[nodiscard]] std::string_view text(Protocol protocol);  // "tcp"

// Where RFC 7672 holds: mail servers to one another, with no usage but 2 and 3.
inline constexpr std::uint16_t smtp_port = 25;

// One service of one host; its TLSA owner is _PORT._PROTO.HOST (RFC 6698 section 3).
struct Service {
  Name host;  // the TLSA base domain
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;

  auto operator<=>(const Service&) const = default;

  // Error bad_data: the owner name would be over 255 octets.
  [[nodiscard]] Result<Name> owner() const;
};

// The service a TLSA owner name stands for, when it has the form of RFC 6698 section 3 with a concrete
// port; nothing for wildcards ("*._tcp.host") and other names.
[[nodiscard]] std::optional<Service> service_of(const Name& owner);

// An owner name as it stands: "_25._tcp.mail.example.com", "*._tcp.host.example.com".
struct OwnerName {
  Name owner;
  auto operator<=>(const OwnerName&) const = default;
};

// mx:DOMAIN[:PORT] - every MX host (RFC 7672 section 2.2).
struct MxName {
  Name domain;
  std::uint16_t port = 25;
  auto operator<=>(const MxName&) const = default;
};

// srv:_service._proto.DOMAIN - every SRV target and port (RFC 7673 section 3.3).
struct SrvName {
  Name owner;
  Protocol protocol = Protocol::tcp;
  auto operator<=>(const SrvName&) const = default;
};

using Target = std::variant<Service, OwnerName, MxName, SrvName>;

// HOST:PORT[,PORT...][/PROTO], an owner name, mx:DOMAIN[:PORT], srv:OWNER. U-labels are converted. A port is
// 1..65535 in decimal or a service name (well-known ones without /etc/services; others through
// `port_of_service`, which the caller binds to getservbyname). A host must be LDH labels (RFC 6698
// section 3, underscore refused) and not an IP literal. Several ports give several targets, each once. Error
// usage: says which part is wrong and what form was expected.
using ServiceLookup = std::optional<std::uint16_t> (*)(std::string_view service, Protocol protocol);
[[nodiscard]] Result<std::vector<Target>> parse_target(std::string_view text,
                                                       ServiceLookup port_of_service = nullptr);

// The name of a host by itself, in U-labels or A-labels. Error usage, as parse_target().
[[nodiscard]] Result<Name> parse_host(std::string_view text);

}  // namespace tlsa_update
