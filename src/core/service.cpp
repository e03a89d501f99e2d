#include "tlsa_update/core/service.hpp"

#include <algorithm>
#include <array>

#include "owner_labels.hpp"

namespace tlsa_update {

namespace {

// In the order of Protocol.
constexpr std::array<std::string_view, 4> protocols{"tcp", "udp", "sctp", "dccp"};

}  // namespace

std::string_view text(Protocol protocol) { return protocols.at(static_cast<std::size_t>(protocol)); }

std::optional<Protocol> protocol_of(std::string_view word) {
  const auto place = std::ranges::find(protocols, word);
  if (place == protocols.end()) return std::nullopt;
  return static_cast<Protocol>(place - protocols.begin());
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
