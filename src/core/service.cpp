#include "tlsa_update/core/service.hpp"

#include "owner_labels.hpp"

namespace tlsa_update {

std::string_view text(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
    case Protocol::dccp:
      return "dccp";
  }
  return "tcp";
}

std::optional<Protocol> protocol_of(std::string_view word) {
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::dccp}) {
    if (text(protocol) == word) return protocol;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> port_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 5 || digits[0] == '0') return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

Result<Name> Service::owner() const {
  const auto protocol_name = host.child("_" + std::string(text(protocol)));
  if (!protocol_name) return protocol_name;
  return protocol_name->child("_" + std::to_string(port));
}

std::optional<Service> service_of(const Name& owner) {
  const auto port_label = owner.first_label();
  const Name below_port = owner.parent();
  const auto protocol_label = below_port.first_label();
  const Name host = below_port.parent();
  if (!port_label.starts_with('_') || !protocol_label.starts_with('_')) return std::nullopt;
  const auto port = port_number(port_label.substr(1));
  const auto protocol = protocol_of(protocol_label.substr(1));
  if (!port || !protocol || host.is_root() || host.is_wildcard()) return std::nullopt;
  return Service{host, *port, *protocol};
}

}  // namespace tlsa_update
