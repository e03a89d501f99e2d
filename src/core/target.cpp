// NAME, from the command line to targets. Every error is `usage`: it says which part is wrong and which form
// was expected.
#include <algorithm>
#include <array>

#include "owner_labels.hpp"
#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/core/service.hpp"
#include "well_known_services.hpp"

namespace tlsa_update {
namespace {

constexpr const char* forms =
    "write HOST:PORT (mail.example.com:25), an owner name (_25._tcp.mail.example.com), mx:DOMAIN or "
    "srv:_SERVICE._PROTO.DOMAIN";

std::string quoted(std::string_view text) { return '"' + printable(text, 80) + '"'; }

tl::unexpected<Error> bad_name(std::string what, std::string advice = {}) {
  return fail(ErrorCode::usage, std::move(what), {}, std::move(advice));
}

// The same trouble in the words of the command line.
tl::unexpected<Error> as_usage(Error error) {
  error.code = ErrorCode::usage;
  return tl::unexpected(std::move(error));
}

std::string_view last_label(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host.substr(host.rfind('.') + 1);  // npos + 1 is 0
}

enum class Underscores { refused, allowed };

bool is_ldh(std::string_view label, Underscores underscores) {
  const auto fits = [&](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
           (c == '_' && underscores == Underscores::allowed);
  };
  return std::all_of(label.begin(), label.end(), fits) && !label.starts_with('-') && !label.ends_with('-');
}

// The first label that no host name has. Escapes need no thought: a backslash is such a character itself.
std::optional<std::string_view> bad_label(std::string_view host, Underscores underscores) {
  for (std::size_t start = 0; start <= host.size();) {
    const std::size_t end = std::min(host.find('.', start), host.size());
    const auto label = host.substr(start, end - start);
    if (!is_ldh(label, underscores)) return label;
    start = end + 1;
  }
  return std::nullopt;
}

// A domain name that administrators give, in U-labels or A-labels. RFC 6698 section 3: the labels of a TLSA
// base domain are letters, digits and hyphens; other domains (SRV owners, say) may have underscores.
Result<Name> parse_domain(std::string_view text, Underscores underscores) {
  const auto ascii = to_ascii(text);
  if (!ascii) return as_usage(ascii.error());
  if (ascii->empty() || *ascii == ".") return bad_name("the host name is missing", forms);
  if (is_all_digits(last_label(*ascii))) {
    return bad_name(
        quoted(text) + " is an IP address or ends in a number, and is no host name",
        "TLSA records belong to host names (RFC 6698 section 3): give the name that clients connect to");
  }
  if (ascii->find('*') != std::string::npos) {
    return bad_name(
        "a host cannot be a wildcard: an asterisk counts only as the first label of an owner name, so no "
        "client would ever find _PORT._PROTO.*.DOMAIN (RFC 4592 section 2.1.1)",
        "name each host, or give *._tcp.HOST for every port of one host");
  }
  if (const auto label = bad_label(*ascii, underscores)) {
    return bad_name("label " + quoted(*label) + " of host " + quoted(text) +
                        " has other characters than letters, digits and inner hyphens (RFC 6698 section 3)",
                    forms);
  }
  auto name = Name::parse(*ascii);
  if (!name) return as_usage(name.error());
  return name;
}

Result<std::uint16_t> parse_port(std::string_view text, Protocol protocol, ServiceLookup port_of_service) {
  if (text.empty()) return bad_name("a port is missing", forms);
  if (is_all_digits(text)) {
    if (const auto number = port_number(text)) return *number;
    if (text[0] == '0' && text.size() > 1) {
      return bad_name("port " + quoted(text) + " has a leading zero", "RFC 6698 section 3 wants none");
    }
    return bad_name("port " + quoted(text) + " is not between 1 and 65535");
  }
  const std::string name = lowered(text);
  if (const auto known = well_known_port(name)) return *known;
  if (port_of_service != nullptr && name.find('\0') == std::string::npos) {
    if (const auto known = port_of_service(name, protocol); known && *known != 0) return *known;
  }
  return bad_name(quoted(text) + " is neither a port from 1 to 65535 nor a known service name",
                  "write the number, or a name like smtp, submission or https");
}

// PORT[,PORT...], each once, in the order given.
Result<std::vector<std::uint16_t>> parse_ports(std::string_view text, Protocol protocol,
                                               ServiceLookup lookup) {
  std::vector<std::uint16_t> ports;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const auto port = parse_port(text.substr(start, end - start), protocol, lookup);
    if (!port) return tl::unexpected(port.error());
    if (std::find(ports.begin(), ports.end(), *port) == ports.end()) ports.push_back(*port);
    start = end + 1;
  }
  return ports;
}

tl::unexpected<Error> more_colons(std::string_view text) {
  return bad_name(quoted(text) +
                      " has more than one colon: an IPv6 address is no host name, and several ports are "
                      "written with commas",
                  forms);
}

// HOST:PORT[,PORT...][/PROTO]
Result<std::vector<Target>> parse_service(std::string_view text, ServiceLookup lookup) {
  const std::size_t colon = text.find(':');
  if (text.find("://") != std::string_view::npos) return bad_name(quoted(text) + " is a URL", forms);
  if (text.starts_with('[') || colon != text.rfind(':')) return more_colons(text);
  if (colon == std::string_view::npos) {
    const auto host = parse_domain(text, Underscores::refused);  // says "an IP address" where it is one
    if (!host) return tl::unexpected(host.error());
    return bad_name(
        "the host " + quoted(text) + " has no port, and TLSA records belong to one port of a host", forms);
  }
  const std::string_view after = text.substr(colon + 1);
  const std::size_t slash = std::min(after.find('/'), after.size());
  auto protocol = std::optional(Protocol::tcp);
  if (slash < after.size()) {
    protocol = protocol_of(lowered(after.substr(slash + 1)));
    if (!protocol) {
      return bad_name(quoted(after.substr(slash + 1)) + " is no transport protocol that TLSA knows",
                      "/tcp, /udp, /sctp or /dccp comes once, after the last port");
    }
  }
  const auto host = parse_domain(text.substr(0, colon), Underscores::refused);
  if (!host) return tl::unexpected(host.error());
  const auto ports = parse_ports(after.substr(0, slash), *protocol, lookup);
  if (!ports) return tl::unexpected(ports.error());
  std::vector<Target> targets;
  for (const auto port : *ports) {
    const Service service{*host, port, *protocol};
    if (const auto owner = service.owner(); !owner) return as_usage(owner.error());
    targets.emplace_back(service);
  }
  return targets;
}

// mx:DOMAIN[:PORT], "mx:" already taken.
Result<std::vector<Target>> parse_mx(std::string_view text, ServiceLookup lookup) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  if (text.find(':', colon + 1) != std::string_view::npos) return more_colons(text);
  const auto domain = parse_domain(text.substr(0, colon), Underscores::allowed);
  if (!domain) return tl::unexpected(domain.error());
  if (colon == text.size()) return std::vector<Target>{MxName{*domain, 25}};
  const auto port = parse_port(text.substr(colon + 1), Protocol::tcp, lookup);
  if (!port) return tl::unexpected(port.error());
  return std::vector<Target>{MxName{*domain, *port}};
}

// srv:_SERVICE._PROTO.DOMAIN, "srv:" already taken (RFC 2782; RFC 7673 section 3.3).
Result<std::vector<Target>> parse_srv(std::string_view text) {
  static constexpr const char* form =
      "write srv:_SERVICE._PROTO.DOMAIN, for example "
      "srv:_xmpp-server._tcp.example.com";
  if (text.find(':') != std::string_view::npos)
    return bad_name("an SRV name has no port: its records do", form);
  const std::size_t first = std::min(text.find('.'), text.size());
  const std::size_t second = std::min(text.find('.', first + 1), text.size());
  const auto service = text.substr(0, first);
  if (service.size() < 2 || service[0] != '_')
    return bad_name(quoted(service) + " is no SRV service label", form);
  const std::string proto = lowered(text.substr(first, second - first));
  const auto protocol = proto.starts_with("._") ? protocol_of(proto.substr(2)) : std::nullopt;
  if (!protocol) return bad_name("the second label is none of _tcp, _udp, _sctp and _dccp", form);
  if (second == text.size()) return bad_name("the domain is missing", form);
  const auto domain = parse_domain(text.substr(second + 1), Underscores::allowed);
  if (!domain) return tl::unexpected(domain.error());
  const auto whole = parse_domain(text, Underscores::allowed);
  if (!whole) return tl::unexpected(whole.error());
  return std::vector<Target>{SrvName{*whole, *protocol}};
}

// What stands before the host of an owner name: only mistakes that are surely mistakes are refused, since
// an owner may also be the target of a CNAME and look like anything.
Result<void> check_owner_labels(const Name& owner) {
  const auto first = owner.first_label();
  const Name below = owner.parent();
  const auto second = below.first_label();
  const bool has_protocol = second.starts_with('_') && protocol_of(second.substr(1));
  if (has_protocol && first != "*" && !port_number(first.substr(1))) {
    return bad_name(quoted(first) +
                        " is no port label: a TLSA owner begins with the port number, 1 to 65535 without "
                        "leading zeros (RFC 6698 section 3)",
                    "write _25._tcp.HOST or *._tcp.HOST; an SRV name is written srv:_SERVICE._PROTO.DOMAIN");
  }
  if (below.is_root() || (has_protocol && below.parent().is_root())) {
    return bad_name("the host name is missing", forms);
  }
  if (!has_protocol && !second.starts_with('_') && first != "*" && is_all_digits(first.substr(1))) {
    return bad_name(quoted(first) + " is a port label, and no protocol label such as _tcp follows it",
                    "write _25._tcp.HOST (RFC 6698 section 3)");
  }
  for (Name rest = below; !rest.is_root(); rest = rest.parent()) {
    if (!rest.is_wildcard()) continue;
    return bad_name(
        "an asterisk counts only as the first label of an owner name: no client would ever find this "
        "record (RFC 4592 section 2.1.1)",
        "name each host, or give *._tcp.HOST for every port of one host");
  }
  return {};
}

// _25._tcp.mail.example.com, *._tcp.host.example.com
Result<std::vector<Target>> parse_owner(std::string_view text) {
  if (text.find(':') != std::string_view::npos || text.find('/') != std::string_view::npos) {
    if (text.starts_with('*')) return parse_service(text, nullptr);  // *.example.com:443: says why not
    return bad_name("an owner name takes no port or protocol behind it: it begins with them", forms);
  }
  const auto ascii = to_ascii(text);
  if (!ascii) return as_usage(ascii.error());
  auto owner = Name::parse(*ascii);
  if (!owner) return as_usage(owner.error());
  if (const auto checked = check_owner_labels(*owner); !checked) return tl::unexpected(checked.error());
  return std::vector<Target>{OwnerName{std::move(*owner)}};
}

Result<std::vector<Target>> parse_any(std::string_view text, ServiceLookup lookup) {
  if (text.empty()) return bad_name("the name is empty", forms);
  if (lowered(text.substr(0, 3)) == "mx:") return parse_mx(text.substr(3), lookup);
  if (lowered(text.substr(0, 4)) == "srv:") return parse_srv(text.substr(4));
  if (text[0] == '_' || text[0] == '*') return parse_owner(text);
  return parse_service(text, lookup);
}

}  // namespace

Result<std::vector<Target>> parse_target(std::string_view text, ServiceLookup port_of_service) {
  auto targets = parse_any(text, port_of_service);
  if (!targets) targets.error().where = quoted(text);
  return targets;
}

// Not every host of an MX or SRV record keeps to letters, digits and hyphens.
Result<Name> parse_host(std::string_view text) {
  auto host = parse_domain(text, Underscores::allowed);
  if (!host) host.error().advice = "write the name of one host, such as backup.example.net";
  return host;
}

}  // namespace tlsa_update
